/* FeatureVectorizer: rows of several inputs side by side. */
#include "op/ml/ml.h"

static ob_status_t infer(ob_infer_t *infer) {
  size_t count;
  const ob_dim_t *sizes = ob_infer_ints(infer, "inputdimensions", &count);
  ob_dim_t columns = ob_dim(infer, 0), features, rows = ob_ml_rows(infer, &features);
  int64_t size;
  if (count != infer->node->input_count)
    return ob_infer_fail(infer, "attribute 'inputdimensions' has %zu elements, expected one for each of %zu inputs", count,
                         infer->node->input_count);
  for (size_t i = 0; i < count; i++) {
    ob_shape_t shape = ob_infer_shape(infer, i);
    if (ob_dim_is_const(sizes[i], &size) && size < 0)
      ob_infer_fail(infer, "element %zu of 'inputdimensions' is %lld", i, (long long)size);
    if (shape.rank == 0 || shape.rank > 2) ob_infer_fail(infer, "input %zu has rank %d, expected 1 or 2", i, shape.rank);
    if (shape.rank == 2) rows = ob_dim_require_equal(infer, rows, shape.dims[0], "rows of the inputs");
    if (shape.rank == 1) rows = ob_dim_require_equal(infer, rows, ob_dim(infer, 1), "rows of the inputs");
    columns = ob_dim_add(infer, columns, sizes[i]);
  }
  return ob_ml_set_rows(infer, 0, OB_UNDEFINED, rows, columns);
}

const ob_op_t ob_op_ml_FeatureVectorizer = {
    .name = "FeatureVectorizer",
    .domain = "ai.onnx.ml",
    .since = 1,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_FEATURES)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MAYBE("inputdimensions", INTS)),
    .variadic_inputs = true,
    .infer = infer,
    .doc = "rows of several inputs side by side",
};
