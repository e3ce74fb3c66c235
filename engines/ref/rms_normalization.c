/* RMSNormalization: X / sqrt(mean of squares + epsilon) * scale over the axes from `axis` on. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *scale = call->inputs[1];
  ob_tensor_t *y = call->outputs[0];
  double epsilon = (double)ob_kernel_float(call, "epsilon", 1e-5f);
  int32_t axis;
  ob_ref_walk_t walk;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", -1), x->rank, &axis));
  size_t rows = ob_ref_product(x->dims, 0, axis), count = ob_ref_product(x->dims, axis, x->rank);
  for (size_t r = 0; r < rows; r++) {
    double squares = 0;
    for (size_t i = r * count; i < (r + 1) * count; i++) squares += pow(ob_ref_get(x->dtype, x->data, i), 2);
    double inverse = 1 / sqrt(squares / (double)count + epsilon);
    size_t at = r * count;
    OB_TRY(ob_ref_walk_begin(&walk, x->rank - axis, x->dims + axis, &scale, 1));
    for (; !walk.done; ob_ref_walk_next(&walk))
      for (size_t i = 0; i < walk.row; i++, at++)
        ob_ref_set(y->dtype, y->data, at,
                   ob_ref_get(x->dtype, x->data, at) * inverse *
                       ob_ref_get(scale->dtype, scale->data, (size_t)(walk.offsets[0] + (int64_t)i * walk.steps[0])));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_RMSNormalization = {.op = "RMSNormalization", .domain = "", .run = run};
