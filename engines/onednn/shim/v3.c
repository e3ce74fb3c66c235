/* The shim over oneDNN 3.x, where memory descriptors are objects that are asked for what they hold. */
#include <string.h>

#include "onednn/shim/shim.h"

static void release_md(void *object) { dnnl_memory_desc_destroy(object); }

static ob_status_t own(dn_store_t *store, dnnl_memory_desc_t desc, dn_md_t *md) {
  *md = desc;
  return dn_store_own(store, desc, release_md);
}

ob_status_t dn_md_keep(dn_store_t *store, dn_md_t md, dn_md_t *copy) {
  dnnl_memory_desc_t desc;
  OB_TRY(dn_check(dnnl_memory_desc_clone(&desc, md), "memory descriptor"));
  return own(store, desc, copy);
}

ob_status_t dn_md_any(dn_store_t *store, int32_t rank, const int64_t *dims, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  OB_TRY(dn_check(dnnl_memory_desc_create_with_tag(&desc, rank, dims, dnnl_f32, dnnl_format_tag_any), "memory descriptor"));
  return own(store, desc, md);
}

static void dense(int32_t rank, const int64_t *dims, const uint8_t *order, int64_t *strides) {
  int64_t stride = 1;
  for (int32_t o = rank; o-- > 0;) {
    int32_t d = order ? order[o] : o;
    strides[d] = stride;
    stride *= dims[d] > 0 ? dims[d] : 1;
  }
}

ob_status_t dn_md_strided(dn_store_t *store, int32_t rank, const int64_t *dims, const int64_t *strides, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  int64_t own_strides[DN_MAX_RANK];
  if (!strides) dense(rank, dims, NULL, own_strides);
  OB_TRY(dn_check(dnnl_memory_desc_create_with_strides(&desc, rank, dims, dnnl_f32, strides ? strides : own_strides), "memory descriptor"));
  return own(store, desc, md);
}

/* True when `shape` is `layout` over its dims: whole blocks, one behind the other. */
static bool is_layout(const dn_shape_t *shape, const ob_layout_t *layout) {
  int64_t inner[DN_MAX_RANK], stride = 1;
  if (shape->block_count != layout->block_count) return false;
  for (int32_t d = 0; d < layout->rank; d++) inner[d] = 1;
  for (int32_t b = 0; b < layout->block_count; b++) {
    if (shape->block_size[b] != layout->block_size[b] || shape->block_dim[b] != layout->block_dim[b]) return false;
    inner[layout->block_dim[b]] *= layout->block_size[b];
    stride *= layout->block_size[b];
  }
  for (int32_t o = layout->rank; o-- > 0;) {
    int32_t d = layout->order[o];
    int64_t blocks = (shape->dims[d] + inner[d] - 1) / inner[d];
    if (shape->strides[d] != stride || shape->padded[d] != blocks * inner[d]) return false;
    stride *= blocks;
  }
  return true;
}

/* Version 3 makes blocked descriptors by tag only: all are tried. Their dims are chosen so that no two strides are equal. */
static dnnl_format_tag_t find_tag(const ob_layout_t *layout) {
  int64_t dims[DN_MAX_RANK];
  for (int32_t d = 0; d < layout->rank; d++) dims[d] = 64 * (d + 2);
  for (int tag = dnnl_format_tag_any + 1; tag < dnnl_format_tag_last; tag++) {
    dnnl_memory_desc_t desc;
    dn_shape_t shape;
    if (dnnl_memory_desc_create_with_tag(&desc, layout->rank, dims, dnnl_f32, (dnnl_format_tag_t)tag) != dnnl_success) continue;
    bool same = dn_md_shape(desc, &shape) && is_layout(&shape, layout);
    dnnl_memory_desc_destroy(desc);
    if (same) return (dnnl_format_tag_t)tag;
  }
  return dnnl_format_tag_undef;
}

/* The same few layouts are asked for again and again: each thread remembers some. */
static dnnl_format_tag_t tag_of(const ob_layout_t *layout) {
  enum { KEPT = 16 };
  static _Thread_local struct {
    ob_layout_t layout;
    dnnl_format_tag_t tag;
  } kept[KEPT];
  static _Thread_local unsigned next;
  for (int i = 0; i < KEPT; i++)
    if (kept[i].layout.rank > 0 && memcmp(&kept[i].layout, layout, sizeof *layout) == 0) return kept[i].tag;
  unsigned at = next++ % KEPT;
  kept[at].layout = *layout;
  kept[at].tag = find_tag(layout);
  return kept[at].tag;
}

ob_status_t dn_md_layout(dn_store_t *store, const ob_layout_t *layout, const int64_t *dims, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  *md = NULL;
  if (layout->block_count == 0) {
    int64_t strides[DN_MAX_RANK];
    dense(layout->rank, dims, layout->order, strides);
    return dn_md_strided(store, layout->rank, dims, strides, md);
  }
  dnnl_format_tag_t tag = tag_of(layout);
  if (tag == dnnl_format_tag_undef) return OB_OK;
  OB_TRY(dn_check(dnnl_memory_desc_create_with_tag(&desc, layout->rank, dims, dnnl_f32, tag), "memory descriptor"));
  return own(store, desc, md);
}

ob_status_t dn_md_part(dn_store_t *store, dn_md_t parent, const int64_t *dims, const int64_t *offsets, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  *md = NULL;
  if (dnnl_memory_desc_create_submemory(&desc, parent, dims, offsets) != dnnl_success) return OB_OK;
  return own(store, desc, md);
}

static const int64_t *numbers(dn_md_t md, dnnl_query_t what) {
  const dnnl_dims_t *found = NULL;
  return dnnl_memory_desc_query(md, what, &found) == dnnl_success && found ? *found : NULL;
}

static int32_t rank_of(dn_md_t md) {
  int32_t rank = 0;
  return dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &rank) == dnnl_success ? rank : 0;
}

bool dn_md_shape(dn_md_t md, dn_shape_t *shape) {
  dnnl_format_kind_t kind;
  dnnl_data_type_t type;
  int32_t blocks = 0;
  if (dnnl_memory_desc_query(md, dnnl_query_format_kind, &kind) != dnnl_success || kind != dnnl_blocked) return false;
  if (dnnl_memory_desc_query(md, dnnl_query_data_type, &type) != dnnl_success || type != dnnl_f32) return false;
  const int64_t *dims = numbers(md, dnnl_query_dims), *padded = numbers(md, dnnl_query_padded_dims);
  const int64_t *offsets = numbers(md, dnnl_query_padded_offsets), *strides = numbers(md, dnnl_query_strides);
  if (!dims || !padded || !offsets || !strides) return false;
  *shape = (dn_shape_t){.rank = rank_of(md)};
  if (dnnl_memory_desc_query(md, dnnl_query_submemory_offset_s64, &shape->offset) != dnnl_success) return false;
  for (int32_t d = 0; d < shape->rank; d++) {
    if (offsets[d] != 0) return false;
    shape->dims[d] = dims[d];
    shape->padded[d] = padded[d];
    shape->strides[d] = strides[d];
  }
  if (dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32, &blocks) != dnnl_success) return false;
  const int64_t *sizes = numbers(md, dnnl_query_inner_blks), *inner = numbers(md, dnnl_query_inner_idxs);
  if (blocks > 0 && (!sizes || !inner)) return false;
  shape->block_count = blocks;
  for (int32_t b = 0; b < blocks; b++) {
    shape->block_dim[b] = (int32_t)inner[b];
    shape->block_size[b] = sizes[b];
  }
  return true;
}

void dn_md_dims(dn_md_t md, int32_t *rank, int64_t *dims) {
  const int64_t *found = numbers(md, dnnl_query_dims);
  *rank = found ? rank_of(md) : 0;
  if (found) memcpy(dims, found, (size_t)*rank * sizeof *dims);
}

bool dn_md_equal(dn_md_t a, dn_md_t b) { return a == b || dnnl_memory_desc_equal(a, b) == 1; }
size_t dn_md_bytes(dn_md_t md) { return dnnl_memory_desc_get_size(md); }

static dnnl_status_t append(dnnl_post_ops_t ops, const dn_post_t *post) {
  switch (post->kind) {
    case DN_POST_ELTWISE: return dnnl_post_ops_append_eltwise(ops, post->algorithm, post->alpha, post->beta);
    case DN_POST_SUM: return dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef);
    case DN_POST_BINARY: return dnnl_post_ops_append_binary(ops, post->algorithm, post->md);
    default:
      return dnnl_post_ops_append_dw(ops, dnnl_f32, post->bias ? dnnl_f32 : dnnl_data_type_undef, dnnl_f32, 3, post->stride, 1);
  }
}

dnnl_status_t dn_attr(const dn_post_t *posts, size_t count, dnnl_primitive_attr_t *attr) {
  dnnl_post_ops_t ops = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(attr);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && count > 0) status = dnnl_post_ops_create(&ops);
  for (size_t i = 0; status == dnnl_success && i < count; i++) status = append(ops, &posts[i]);
  if (status == dnnl_success && ops) status = dnnl_primitive_attr_set_post_ops(*attr, ops);
  dnnl_post_ops_destroy(ops);
  if (status != dnnl_success) dnnl_primitive_attr_destroy(*attr);
  return status;
}

static const dnnl_prop_kind_t PROP = dnnl_forward_inference;

dnnl_status_t dn_conv(dnnl_engine_t engine, const dn_conv_desc_t *d, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  const dn_window_t *w = &d->window;
  return (d->transposed ? dnnl_deconvolution_forward_primitive_desc_create : dnnl_convolution_forward_primitive_desc_create)(
      pd, engine, PROP, d->algorithm, d->src, d->weights, d->bias, d->dst, w->strides, w->dilates, w->pad_begin, w->pad_end, attr);
}

dnnl_status_t dn_matmul(dnnl_engine_t engine, dn_md_t src, dn_md_t weights, dn_md_t bias, dn_md_t dst,
                        const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_matmul_primitive_desc_create(pd, engine, src, weights, bias, dst, attr);
}

dnnl_status_t dn_pool(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t src, dn_md_t dst, const dn_window_t *w,
                      const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_pooling_forward_primitive_desc_create(pd, engine, PROP, algorithm, src, dst, w->strides, w->kernel, w->dilates,
                                                    w->pad_begin, w->pad_end, attr);
}

dnnl_status_t dn_eltwise(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, float alpha, float beta, dn_md_t md,
                         const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_eltwise_forward_primitive_desc_create(pd, engine, PROP, algorithm, md, md, alpha, beta, attr);
}

dnnl_status_t dn_binary(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t a, dn_md_t b, dn_md_t dst,
                        const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_binary_primitive_desc_create(pd, engine, algorithm, a, b, dst, attr);
}

dnnl_status_t dn_softmax(dnnl_engine_t engine, bool log, dn_md_t md, int axis, const_dnnl_primitive_attr_t attr,
                         dnnl_primitive_desc_t *pd) {
  return dnnl_softmax_forward_primitive_desc_create(pd, engine, PROP, log ? dnnl_softmax_log : dnnl_softmax_accurate, md, md, axis, attr);
}

dnnl_status_t dn_batch_norm(dnnl_engine_t engine, dn_md_t md, float epsilon, const_dnnl_primitive_attr_t attr,
                            dnnl_primitive_desc_t *pd) {
  return dnnl_batch_normalization_forward_primitive_desc_create(pd, engine, PROP, md, md, epsilon,
                                                                dnnl_use_global_stats | dnnl_use_scale | dnnl_use_shift, attr);
}

dnnl_status_t dn_layer_norm(dnnl_engine_t engine, dn_md_t md, dn_md_t stat, float epsilon, bool shift,
                            const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  unsigned flags = shift ? dnnl_use_scale | dnnl_use_shift : dnnl_use_scale;
  return dnnl_layer_normalization_forward_primitive_desc_create(pd, engine, PROP, md, md, stat, epsilon, flags, attr);
}

dnnl_status_t dn_lrn(dnnl_engine_t engine, dn_md_t md, int64_t size, float alpha, float beta, float k,
                     const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_lrn_forward_primitive_desc_create(pd, engine, PROP, dnnl_lrn_across_channels, md, md, size, alpha, beta, k, attr);
}

dnnl_status_t dn_resample(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t src, dn_md_t dst,
                          const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_resampling_forward_primitive_desc_create(pd, engine, PROP, algorithm, NULL, src, dst, attr);
}

dnnl_status_t dn_reorder(dnnl_engine_t engine, dn_md_t src, dn_md_t dst, const_dnnl_primitive_attr_t attr,
                         dnnl_primitive_desc_t *pd) {
  return dnnl_reorder_primitive_desc_create(pd, src, engine, dst, engine, attr);
}

dnnl_status_t dn_rnn(dnnl_engine_t engine, const dn_rnn_desc_t *d, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  if (d->cell == DN_LSTM)
    return dnnl_lstm_forward_primitive_desc_create(pd, engine, PROP, d->direction, d->src, d->src_state, d->src_cell, d->weights,
                                                   d->recurrence, NULL, NULL, d->bias, d->dst, d->dst_state, d->dst_cell,
                                                   dnnl_rnn_flags_undef, attr);
  return (d->cell == DN_GRU ? dnnl_gru_forward_primitive_desc_create : dnnl_lbr_gru_forward_primitive_desc_create)(
      pd, engine, PROP, d->direction, d->src, d->src_state, d->weights, d->recurrence, d->bias, d->dst, d->dst_state,
      dnnl_rnn_flags_undef, attr);
}
