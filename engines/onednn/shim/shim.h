/* oneDNN as this engine uses it: creation functions of the 3.x C API's shape, on the 2.x headers too, and descriptors that
 * belong to a store. The rest of the engine does not know which major version it is built with. */
#ifndef OB_ONEDNN_SHIM_H
#define OB_ONEDNN_SHIM_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include "base/arena.h"
#include "base/array.h"

/* Memory descriptors are read-only; they belong to a store, or to the primitive descriptor that was asked for them. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t dn_md_t;
#else
typedef const dnnl_memory_desc_t *dn_md_t;
#endif

enum { DN_MAX_RANK = DNNL_MAX_NDIMS };

/* ---------------------------------------------------------------- what is given back together */

typedef struct dn_owned {
  void (*release)(void *object);
  void *object;
} dn_owned_t;
typedef struct dn_store {
  ob_arena_t arena;
  OB_ARRAY(dn_owned_t) owned; /* released last to first */
  OB_ARRAY(dn_md_t) kept;     /* descriptors in the arena (oneDNN 2) */
} dn_store_t;
void dn_store_init(dn_store_t *store, const ob_allocator_t *allocator);
void dn_store_free(dn_store_t *store);
/* Takes over `object`: on failure it is released at once. */
OB_MUST_CHECK ob_status_t dn_store_own(dn_store_t *store, void *object, void (*release)(void *));
OB_MUST_CHECK ob_status_t dn_store_own_pd(dn_store_t *store, dnnl_primitive_desc_t pd);
OB_MUST_CHECK ob_status_t dn_store_own_primitive(dn_store_t *store, dnnl_primitive_t primitive);

/* OB_OK, OB_OUT_OF_MEMORY, or OB_ENGINE_ERROR with words. */
OB_MUST_CHECK ob_status_t dn_check(dnnl_status_t status, const char *what);

/* ---------------------------------------------------------------- memory descriptors */

/* A descriptor's numbers. `layout` is over the descriptor's own dims. */
typedef struct dn_shape {
  int32_t rank;
  int64_t dims[DN_MAX_RANK], padded[DN_MAX_RANK], strides[DN_MAX_RANK]; /* strides of whole blocks, in elements */
  int32_t block_count;
  int32_t block_dim[DN_MAX_RANK];
  int64_t block_size[DN_MAX_RANK];
  int64_t offset;
} dn_shape_t;

OB_MUST_CHECK ob_status_t dn_md_any(dn_store_t *store, int32_t rank, const int64_t *dims, dn_md_t *md);
/* NULL strides: dense, row-major. */
OB_MUST_CHECK ob_status_t dn_md_strided(dn_store_t *store, int32_t rank, const int64_t *dims, const int64_t *strides, dn_md_t *md);
/* Of a blocking layout over `dims`; *md is NULL when this version of the library cannot say it. */
OB_MUST_CHECK ob_status_t dn_md_layout(dn_store_t *store, const ob_layout_t *layout, const int64_t *dims, dn_md_t *md);
/* The part of `parent` that begins at `offsets`. *md is NULL when it cannot be described (offset inside a block). */
OB_MUST_CHECK ob_status_t dn_md_part(dn_store_t *store, dn_md_t parent, const int64_t *dims, const int64_t *offsets, dn_md_t *md);
/* A copy that lives with the store. */
OB_MUST_CHECK ob_status_t dn_md_keep(dn_store_t *store, dn_md_t md, dn_md_t *copy);
/* False when the descriptor is more than a plain blocking one (compensation, Winograd). */
bool dn_md_shape(dn_md_t md, dn_shape_t *shape);
/* Dims of any descriptor. */
void dn_md_dims(dn_md_t md, int32_t *rank, int64_t *dims);
bool dn_md_equal(dn_md_t a, dn_md_t b);
size_t dn_md_bytes(dn_md_t md);

/* ---------------------------------------------------------------- attributes */

typedef enum dn_post_kind { DN_POST_ELTWISE, DN_POST_SUM, DN_POST_BINARY, DN_POST_DEPTHWISE } dn_post_kind_t;
typedef struct dn_post {
  dn_post_kind_t kind;
  dnnl_alg_kind_t algorithm; /* eltwise, binary */
  float alpha, beta;         /* eltwise */
  dn_md_t md;                /* binary: of the operand */
  int64_t stride;            /* depthwise 3x3 with padding 1 */
  bool bias;                 /* depthwise */
} dn_post_t;
/* With the scratchpad in the user's hands, always. Owner: caller, dnnl_primitive_attr_destroy(). */
dnnl_status_t dn_attr(const dn_post_t *posts, size_t count, dnnl_primitive_attr_t *attr);

/* ---------------------------------------------------------------- primitive descriptors (forward inference, float32) */

typedef struct dn_window {
  dnnl_dims_t kernel, strides, dilates /* 0: dense */, pad_begin, pad_end;
} dn_window_t;

/* A convolution or deconvolution; bias NULL: none. */
typedef struct dn_conv_desc {
  bool transposed;
  dnnl_alg_kind_t algorithm;
  dn_md_t src, weights, bias, dst;
  dn_window_t window;
} dn_conv_desc_t;
dnnl_status_t dn_conv(dnnl_engine_t engine, const dn_conv_desc_t *desc, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_matmul(dnnl_engine_t engine, dn_md_t src, dn_md_t weights, dn_md_t bias, dn_md_t dst,
                        const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_pool(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t src, dn_md_t dst, const dn_window_t *window,
                      const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_eltwise(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, float alpha, float beta, dn_md_t md,
                         const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_binary(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t a, dn_md_t b, dn_md_t dst,
                        const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_softmax(dnnl_engine_t engine, bool log, dn_md_t md, int axis, const_dnnl_primitive_attr_t attr,
                         dnnl_primitive_desc_t *pd);
/* Statistics are inputs; scale and shift are given apart. */
dnnl_status_t dn_batch_norm(dnnl_engine_t engine, dn_md_t md, float epsilon, const_dnnl_primitive_attr_t attr,
                            dnnl_primitive_desc_t *pd);
dnnl_status_t dn_layer_norm(dnnl_engine_t engine, dn_md_t md, dn_md_t stat, float epsilon, bool shift,
                            const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_lrn(dnnl_engine_t engine, dn_md_t md, int64_t size, float alpha, float beta, float k,
                     const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_resample(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t src, dn_md_t dst,
                          const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
dnnl_status_t dn_reorder(dnnl_engine_t engine, dn_md_t src, dn_md_t dst, const_dnnl_primitive_attr_t attr,
                         dnnl_primitive_desc_t *pd);

/* A recurrent layer; NULL descriptors: absent. */
typedef struct dn_rnn_desc {
  enum { DN_LSTM, DN_GRU, DN_LBR_GRU } cell;
  dnnl_rnn_direction_t direction;
  dn_md_t src, src_state, src_cell, weights, recurrence, bias, dst, dst_state, dst_cell;
} dn_rnn_desc_t;
dnnl_status_t dn_rnn(dnnl_engine_t engine, const dn_rnn_desc_t *desc, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);

/* The name of the implementation, "jit:avx512_core" say. Lives as long as the descriptor. */
const char *dn_impl(const_dnnl_primitive_desc_t pd);
/* One of the slow ones, "ref:any" and "simple:any". */
bool dn_impl_is_slow(const_dnnl_primitive_desc_t pd);
/* The descriptor of an argument, e.g. dnnl_query_weights_md with index 0; owned by `pd`. */
dn_md_t dn_query(const_dnnl_primitive_desc_t pd, dnnl_query_t what, int index);

#endif
