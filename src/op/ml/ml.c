/* Shared by the operators of ai.onnx.ml: see ml.h. */
#include "op/ml/ml.h"

size_t ob_ml_count(const ob_infer_t *infer, const char *name) {
  const ob_attribute_t *stated = ob_node_stated(infer->node, name);
  return stated ? stated->count : 0;
}

ob_dtype_t ob_ml_labels(ob_infer_t *infer, const char *strings, const char *integers, size_t *count) {
  size_t texts = ob_ml_count(infer, strings), numbers = ob_ml_count(infer, integers);
  *count = texts ? texts : numbers;
  if ((texts == 0) == (numbers == 0)) {
    ob_infer_fail(infer, "%s of the attributes '%s' and '%s' has elements, expected just one", texts ? "each" : "none", strings,
                  integers);
    return OB_UNDEFINED;
  }
  return texts ? OB_STRING : OB_INT64;
}

ob_dim_t ob_ml_rows(ob_infer_t *infer, ob_dim_t *features) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  *features = NULL;
  if (shape.rank == 0 || shape.rank > 2) ob_infer_fail(infer, "input 0 ('X') has rank %d, expected 1 or 2", shape.rank);
  if (shape.rank < 1 || shape.rank > 2) return NULL;
  *features = shape.dims[shape.rank - 1];
  return shape.rank == 2 ? shape.dims[0] : ob_dim(infer, 1);
}

void ob_ml_check_transform(ob_infer_t *infer) {
  static const char *const words[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT", NULL};
  ob_infer_word(infer, "post_transform", "NONE", words);
}

ob_status_t ob_ml_set_rows(ob_infer_t *infer, size_t index, ob_dtype_t dtype, ob_dim_t rows, ob_dim_t columns) {
  if (index >= infer->node->output_count) return infer->status;
  ob_shape_t shape = ob_shape_of(2, (const ob_dim_t[]){rows, columns});
  return ob_infer_set(infer, index, dtype, &shape);
}

void ob_ml_check_parallel(ob_infer_t *infer, const char *const *names) {
  const ob_attribute_t *first = NULL;
  for (; *names; names++) {
    const ob_attribute_t *one = ob_node_stated(infer->node, *names);
    if (!one) continue;
    if (!first) first = one;
    if (one->count != first->count)
      ob_infer_fail(infer, "attribute '%s' has %zu elements, expected %zu as '%s'", one->name, one->count, first->count, first->name);
  }
}
