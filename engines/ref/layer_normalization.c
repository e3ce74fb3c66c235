/* LayerNormalization: (X - mean) / sqrt(variance + epsilon) * Scale + B over the axes from `axis` on; in double throughout. */
#include "ref/support/normalize.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *scale = call->inputs[1], *bias = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0], *means = ob_ref_output(call, 1), *inverses = ob_ref_output(call, 2);
  double epsilon = (double)ob_kernel_float(call, "epsilon", 1e-5f), mean, inverse;
  int32_t axis;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", -1), x->rank, &axis));
  size_t rows = ob_ref_product(x->dims, 0, axis), count = ob_ref_product(x->dims, axis, x->rank);
  const ob_tensor_t *operands[2] = {scale, bias ? bias : scale};
  ob_ref_walk_t walk;
  for (size_t r = 0; r < rows; r++) {
    ob_ref_moments(x, r * count, count, epsilon, &mean, &inverse);
    if (means) ob_ref_set(means->dtype, means->data, r, mean);
    if (inverses) ob_ref_set(inverses->dtype, inverses->data, r, inverse);
    size_t at = r * count;
    OB_TRY(ob_ref_walk_begin(&walk, x->rank - axis, x->dims + axis, operands, 2));
    for (; !walk.done; ob_ref_walk_next(&walk))
      for (size_t i = 0; i < walk.row; i++, at++) {
        double factor = ob_ref_get(scale->dtype, scale->data, (size_t)(walk.offsets[0] + (int64_t)i * walk.steps[0]));
        double offset = bias ? ob_ref_get(bias->dtype, bias->data, (size_t)(walk.offsets[1] + (int64_t)i * walk.steps[1])) : 0;
        ob_ref_set(y->dtype, y->data, at, (ob_ref_get(x->dtype, x->data, at) - mean) * inverse * factor + offset);
      }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_LayerNormalization = {.op = "LayerNormalization", .domain = "", .run = run};
