/* What the kernels of engines/cpu share: the inner loops in use, splitting work over threads, shapes folded to outer, axis and inner. */
#ifndef OB_CPU_CPU_H
#define OB_CPU_CPU_H

#include "cpu/simd/isa.h"
#include "kit/kit.h"

/* The inner loops for this machine: the best that the CPU has, or less when OUTBOARD_CPU_ISA (portable, avx2, avx512) says so. */
const ob_isa_t *ob_cpu_isa(void);
/* For tests: use the loops called `name`; false when this machine or build lacks them. NULL: choose again. */
bool ob_cpu_isa_use(const char *name);
extern const ob_kit_engine_t ob_cpu_engine;
/* The kernel of the node's operator, or NULL. */
const ob_kernel_t *ob_cpu_kernel(const ob_node_view_t *node);

/* Runs body(arg, piece, begin, end) over [0, count) in at most `threads` pieces of at least `grain`; piece numbers are below
 * `threads`, so that each can have scratch of its own. */
typedef void (*ob_cpu_body_t)(void *arg, size_t piece, size_t begin, size_t end);
void ob_cpu_split(const ob_host_t *host, uint32_t threads, size_t count, size_t grain, ob_cpu_body_t body, void *arg);

/* Elements that are worth a thread of their own when each costs about a nanosecond's tenth. */
#define OB_CPU_GRAIN 16384
/* Rows of `size` elements that are worth a thread. */
static inline size_t ob_cpu_row_grain(size_t size) { return size >= OB_CPU_GRAIN ? 1 : OB_CPU_GRAIN / (size + 1) + 1; }

/* A shape seen around axes [first, last): outer x axis x inner. */
typedef struct ob_cpu_around {
  size_t outer, axis, inner;
} ob_cpu_around_t;
ob_cpu_around_t ob_cpu_around(const ob_tensor_t *tensor, int64_t first, int64_t last);
/* A possibly negative axis of a tensor of this rank; checked by shape inference before. */
static inline int64_t ob_cpu_axis(int64_t axis, int32_t rank) { return axis < 0 ? axis + rank : axis; }

static inline size_t ob_cpu_size(ob_dtype_t dtype) { return ob_dtype_bits(dtype) / 8; }
/* Element `i` of an int32 or int64 tensor. */
static inline int64_t ob_cpu_index(const ob_tensor_t *tensor, size_t i) {
  return tensor->dtype == OB_INT32 ? ((const int32_t *)tensor->data)[i] : ((const int64_t *)tensor->data)[i];
}
static inline bool ob_cpu_has(const ob_node_view_t *node, size_t input) { return input < node->input_count && node->inputs[input]; }

/* For `supports`: writes "OP: words" and returns false. */
bool ob_cpu_refuse(const ob_node_view_t *node, char *reason, size_t size, const char *format, ...) OB_PRINTF(4, 5);
/* True when inputs and outputs with element types are of `types`; the reason names the one that is not. */
bool ob_cpu_takes(const ob_node_view_t *node, uint64_t types, char *reason, size_t size);
/* All of whole bytes: what data movement takes. */
bool ob_cpu_takes_bytes(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);
bool ob_cpu_takes_f32(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);

#endif
