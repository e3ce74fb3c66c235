/* The shape of a matrix product as numpy.matmul has it. */
#include "op/matmul.h"

ob_shape_t ob_matmul_shape(ob_infer_t *infer, const ob_shape_t *a, const ob_shape_t *b) {
  if (a->rank < 0 || b->rank < 0) return ob_shape_unknown();
  if (a->rank == 0 || b->rank == 0) {
    ob_infer_fail(infer, "a factor has rank 0, expected 1 or more");
    return ob_shape_unknown();
  }
  ob_dim_require_equal(infer, a->dims[a->rank - 1], b->dims[b->rank == 1 ? 0 : b->rank - 2], "the inner sizes of the factors");
  ob_shape_t batch_a = ob_shape_of(a->rank > 2 ? a->rank - 2 : 0, a->dims);
  ob_shape_t batch_b = ob_shape_of(b->rank > 2 ? b->rank - 2 : 0, b->dims);
  ob_shape_t shape = ob_shape_broadcast(infer, &batch_a, &batch_b);
  if (a->rank > 1) ob_shape_append(infer, &shape, a->dims[a->rank - 2]);
  if (b->rank > 1) ob_shape_append(infer, &shape, b->dims[b->rank - 1]);
  return shape;
}

ob_status_t ob_infer_matmul(ob_infer_t *infer) {
  ob_shape_t a = ob_infer_shape(infer, 0), b = ob_infer_shape(infer, 1);
  ob_shape_t shape = ob_matmul_shape(infer, &a, &b);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}
