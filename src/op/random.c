/* Random numbers: shape and type from attributes, or from an input. */
#include "op/random.h"

ob_status_t ob_infer_random(ob_infer_t *infer) {
  size_t count;
  const ob_dim_t *sizes = ob_infer_ints(infer, "shape", &count);
  ob_shape_t shape = ob_shape_of_rank(0);
  for (size_t i = 0; i < count; i++) ob_shape_append(infer, &shape, sizes[i]);
  return ob_infer_set(infer, 0, ob_infer_dtype_attribute(infer, "dtype", OB_FLOAT32), &shape);
}

ob_status_t ob_infer_random_like(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  return ob_infer_set(infer, 0, ob_infer_dtype_attribute(infer, "dtype", ob_infer_dtype(infer, 0)), &shape);
}
