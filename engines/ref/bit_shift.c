/* BitShift: shifts bits left or right; right shifts of signed types keep the sign; shifts by the type's width or more, or by a
 * negative number, shift everything out. */
#include <string.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

static int64_t shift(int64_t x, int64_t by, unsigned bits, bool left, bool is_unsigned64) {
  bool all = by < 0 || by >= (int64_t)bits;
  if (left) return all ? 0 : (int64_t)((uint64_t)x << by);
  if (all) return !is_unsigned64 && x < 0 ? -1 : 0;
  return is_unsigned64 ? (int64_t)((uint64_t)x >> by) : x >> by;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *operands[2] = {call->inputs[0], call->inputs[1]};
  ob_tensor_t *y = call->outputs[0];
  bool left = strcmp(ob_kernel_string(call, "direction", "LEFT"), "LEFT") == 0, wide = y->dtype == OB_UINT64;
  ob_ref_walk_t walk;
  size_t at = 0;
  OB_TRY(ob_ref_walk_begin(&walk, y->rank, y->dims, operands, 2));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (size_t i = 0; i < walk.row; i++, at++) {
      int64_t x = ob_ref_get_int(operands[0]->dtype, operands[0]->data, (size_t)(walk.offsets[0] + (int64_t)i * walk.steps[0]));
      int64_t by = ob_ref_get_int(operands[1]->dtype, operands[1]->data, (size_t)(walk.offsets[1] + (int64_t)i * walk.steps[1]));
      ob_ref_set_int(y->dtype, y->data, at, shift(x, by, ob_dtype_bits(y->dtype), left, wide));
    }
  return OB_OK;
}

const ob_kernel_t ob_ref_BitShift = {.op = "BitShift", .domain = "", .run = run};
