/* StringConcat: Z = X followed by Y, with broadcasting. */
#include <string.h>

#include "ref/support/text.h"

static ob_status_t join(const ob_kernel_call_t *call, const ob_string_t *a, const ob_string_t *b, ob_string_t *out) {
  char *text;
  OB_TRY(ob_kernel_memory(call, a->size + b->size + 1, (void **)&text));
  if (a->size > 0) memcpy(text, a->data, a->size);
  if (b->size > 0) memcpy(text + a->size, b->data, b->size);
  *out = (ob_string_t){text, a->size + b->size};
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *operands[2] = {call->inputs[0], call->inputs[1]};
  ob_tensor_t *z = call->outputs[0];
  const ob_string_t *a = operands[0]->data, *b = operands[1]->data;
  ob_string_t *out = z->data;
  ob_ref_walk_t walk;
  OB_TRY(ob_ref_walk_begin(&walk, z->rank, z->dims, operands, 2));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (int64_t i = 0; i < (int64_t)walk.row; i++)
      OB_TRY(join(call, &a[walk.offsets[0] + i * walk.steps[0]], &b[walk.offsets[1] + i * walk.steps[1]], out++));
  return OB_OK;
}

const ob_kernel_t ob_ref_StringConcat = {.op = "StringConcat", .domain = "", .run = run};
