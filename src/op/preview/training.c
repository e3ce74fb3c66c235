/* Shared by the optimisers: see training.h. */
#include "op/preview/training.h"

#include <outboard/outboard.h>

static ob_status_t infer_one(ob_infer_t *infer, size_t count, size_t in, size_t out, size_t i) {
  ob_shape_t shape = ob_infer_shape(infer, 2 + i);
  ob_dtype_t dtype = ob_infer_dtype(infer, 2 + i);
  for (size_t list = 1; list < in; list++) {
    size_t index = 2 + list * count + i;
    ob_shape_t other = ob_infer_shape(infer, index);
    if (ob_infer_dtype(infer, index) != dtype)
      return ob_infer_fail(infer, "input %zu is %s, expected %s as input %zu", index, ob_dtype_name(ob_infer_dtype(infer, index)),
                           ob_dtype_name(dtype), 2 + i);
    ob_infer_require_same_shape(infer, &shape, &other, "an optimised tensor and its state");
  }
  for (size_t list = 0; list < out; list++)
    if (list * count + i < infer->node->output_count) OB_TRY(ob_infer_set(infer, list * count + i, dtype, &shape));
  return infer->status;
}

ob_status_t ob_infer_optimizer(ob_infer_t *infer, size_t in, size_t out) {
  size_t given = infer->node->input_count - 2, count = given / in;
  for (size_t i = 0; i < 2; i++) {
    ob_shape_t shape = ob_infer_shape(infer, i);
    if (shape.rank > 0) ob_dim_require_equal(infer, ob_shape_count(infer, &shape, 0, shape.rank), ob_dim(infer, 1), "learning rate and count");
  }
  if (given % in != 0) return ob_infer_fail(infer, "%zu tensors, expected %zu lists of equal length", given, in);
  if (infer->node->output_count > out * count)
    return ob_infer_fail(infer, "%zu outputs, expected %zu", infer->node->output_count, out * count);
  for (size_t i = 0; i < count; i++) OB_TRY(infer_one(infer, count, in, out, i));
  return infer->status;
}
