/* Pow: Z = X ^ Y with broadcasting, in the type of X. Integer powers wrap around; a real exponent of an integer base is
 * computed in double and cut towards zero. */
#include <math.h>

#include "ref/support/map.h"

static double real(double a, double b) { return pow(a, b); }

static int64_t integer_power(int64_t base, int64_t exponent) {
  uint64_t power = 1, square = (uint64_t)base;
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) power *= square;
    square *= square;
  }
  return (int64_t)power;
}

static ob_status_t integer_base(const ob_kernel_call_t *call) {
  const ob_tensor_t *operands[2] = {call->inputs[0], call->inputs[1]};
  ob_tensor_t *z = call->outputs[0];
  ob_ref_walk_t walk;
  size_t at = 0;
  OB_TRY(ob_ref_walk_begin(&walk, z->rank, z->dims, operands, 2));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (size_t i = 0; i < walk.row; i++, at++) {
      size_t a = (size_t)(walk.offsets[0] + (int64_t)i * walk.steps[0]), b = (size_t)(walk.offsets[1] + (int64_t)i * walk.steps[1]);
      int64_t base = ob_ref_get_int(operands[0]->dtype, operands[0]->data, a);
      if (ob_ref_is_real(operands[1]->dtype))
        ob_ref_set(z->dtype, z->data, at, pow((double)base, ob_ref_get(operands[1]->dtype, operands[1]->data, b)));
      else
        ob_ref_set_int(z->dtype, z->data, at, integer_power(base, ob_ref_get_int(operands[1]->dtype, operands[1]->data, b)));
    }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  if (!ob_ref_is_real(call->inputs[0]->dtype)) return integer_base(call);
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = real});
}

const ob_kernel_t ob_ref_Pow = {.op = "Pow", .domain = "", .run = run};
