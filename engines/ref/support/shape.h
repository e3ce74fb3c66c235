/* Shapes: axes, strides, and walking over tensors that broadcast against each other. */
#ifndef OB_REF_SUPPORT_SHAPE_H
#define OB_REF_SUPPORT_SHAPE_H

#include "kit/kit.h"

/* A negative axis counts from the back. Fails with OB_OUT_OF_RANGE unless 0 <= axis < rank comes out. */
OB_MUST_CHECK ob_status_t ob_ref_axis(int64_t axis, int32_t rank, int32_t *normal);
/* Product of dims [begin, end). */
size_t ob_ref_product(const int64_t *dims, int32_t begin, int32_t end);
/* Row-major strides in elements. */
void ob_ref_strides(int32_t rank, const int64_t *dims, int64_t *strides);
/* Moves a multi-index on; false after the last. `index` starts at zeros. A shape with an empty dim has no index: check first. */
bool ob_ref_next(int32_t rank, const int64_t *dims, int64_t *index);

/* Axes that an operator works on: from input `input` (int64 tensor) if it is there and not empty, else from the attribute
 * `attribute`, else none. Normalised, in the order given; OB_OUT_OF_RANGE for bad or repeated ones. */
OB_MUST_CHECK ob_status_t ob_ref_axes(const ob_kernel_call_t *call, size_t input, const char *attribute, int32_t rank,
                                      int32_t axes[OB_MAX_RANK], int32_t *count);

/* Walks over a shape row by row (a row: the last dim), with an offset into each of `count` tensors that broadcast to it. */
enum { OB_REF_WALK_MAX = 8 };
typedef struct ob_ref_walk {
  int32_t rank; /* without the last dim */
  int64_t dims[OB_MAX_RANK], index[OB_MAX_RANK];
  size_t count, row; /* tensors; elements of a row */
  int64_t strides[OB_REF_WALK_MAX][OB_MAX_RANK];
  int64_t steps[OB_REF_WALK_MAX];   /* along the row: 0 or 1 */
  int64_t offsets[OB_REF_WALK_MAX]; /* of the row's first element */
  bool done;
} ob_ref_walk_t;
/* Fails with OB_INVALID_ARGUMENT when a tensor does not broadcast to `dims`. */
OB_MUST_CHECK ob_status_t ob_ref_walk_begin(ob_ref_walk_t *walk, int32_t rank, const int64_t *dims, const ob_tensor_t *const *tensors,
                                            size_t count);
void ob_ref_walk_next(ob_ref_walk_t *walk);

/* The input, or a failure that names it: for operators whose optional inputs come in groups. */
OB_MUST_CHECK ob_status_t ob_ref_same_shape(const ob_tensor_t *a, const ob_tensor_t *b, const char *what);
static inline const ob_tensor_t *ob_ref_input(const ob_kernel_call_t *call, size_t index) {
  return index < call->node->input_count ? call->inputs[index] : NULL;
}
static inline ob_tensor_t *ob_ref_output(const ob_kernel_call_t *call, size_t index) {
  return index < call->node->output_count ? call->outputs[index] : NULL;
}
static inline const ob_tensor_t *ob_ref_setup_input(const ob_kernel_setup_t *setup, size_t index) {
  return index < setup->node->input_count ? setup->inputs[index] : NULL;
}
/* Adds room for `count` elements of `size` bytes to setup->scratch_bytes, 64-byte aligned; *offset is where it begins. */
OB_MUST_CHECK ob_status_t ob_ref_reserve(ob_kernel_setup_t *setup, size_t count, size_t size, size_t *offset);

#endif
