/* MaxUnpool: puts pooled elements back where they came from. */
#include "op/window.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3), indices = ob_infer_shape(infer, 1), asked, shape = x;
  ob_infer_require_same_shape(infer, &x, &indices, "sizes of X and I");
  if (ob_infer_has(infer, 2)) {
    ob_infer_shape_input(infer, 2, &asked);
    if (x.rank >= 0 && asked.rank >= 0 && asked.rank != x.rank)
      return ob_infer_fail(infer, "output_shape has %d elements, expected %d", asked.rank, x.rank);
    if (asked.rank < 0 && x.rank >= 0) asked = ob_shape_of_rank(x.rank);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &asked);
  }
  if (x.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
  ob_window_t window;
  ob_window_read(infer, (size_t)x.rank - 2, NULL, &window);
  for (size_t i = 0; i < window.axes; i++) {
    ob_dim_t size = ob_dim_mul(infer, ob_dim_plus(infer, x.dims[i + 2], -1), window.strides[i]);
    size = ob_dim_add(infer, size, window.kernel[i]);
    shape.dims[i + 2] = ob_dim_sub(infer, size, ob_dim_add(infer, window.pads[i], window.pads[i + window.axes]));
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_MaxUnpool = {
    .name = "MaxUnpool",
    .domain = "",
    .since = 22,
    OB_INPUTS(2, OB_PARAM("X", '1', OB_TYPES_FLOATS), OB_PARAM("I", '2', OB_TYPES_INT64),
              OB_OPTIONAL_PARAM("output_shape", '2', OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("output", '1', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MUST("kernel_shape", INTS), OB_MAYBE("pads", INTS), OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "puts pooled elements back where they came from",
};
