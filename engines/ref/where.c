/* Where: X where the condition is true, Y elsewhere, with broadcasting; of any type. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *operands[3] = {call->inputs[0], call->inputs[1], call->inputs[2]};
  ob_tensor_t *y = call->outputs[0];
  ob_ref_walk_t walk;
  size_t at = 0;
  OB_TRY(ob_ref_walk_begin(&walk, y->rank, y->dims, operands, 3));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (size_t i = 0; i < walk.row; i++, at++) {
      bool condition = ((const uint8_t *)operands[0]->data)[walk.offsets[0] + (int64_t)i * walk.steps[0]] != 0;
      size_t which = condition ? 1 : 2;
      ob_ref_copy(y->dtype, y->data, at, operands[which]->data, (size_t)(walk.offsets[which] + (int64_t)i * walk.steps[which]), 1);
    }
  return OB_OK;
}

const ob_kernel_t ob_ref_Where = {.op = "Where", .domain = "", .run = run};
