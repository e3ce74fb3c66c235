/* If, and what If, Loop and Scan share. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/bind.h"
#include "runtime/frame.h"

ob_status_t ob_frame_scalar(const ob_frame_t *frame, uint32_t s, const ob_tensor_t *tensor, const char *what,
                            int64_t *value) {
  const char *node = frame->program->steps[s].name;
  size_t count;
  if (tensor->kind != OB_TENSOR || !ob_dtype_is_integer(tensor->dtype) ||
      !ob_dims_count(tensor->rank, tensor->dims, &count) || count != 1)
    return ob_fail(OB_INVALID_ARGUMENT, "node '%s': the %s must be one integer or bool element", ob_quote(node), what);
  *value = ob_tensor_element(tensor->dtype, tensor->data, 0);
  return OB_OK;
}

void ob_frame_want(ob_frame_t *frame, uint32_t s, uint32_t index, ob_frame_t *inner, uint32_t output) {
  uint32_t value = frame->program->steps[s].outputs[index];
  ob_tensor_t *wanted = &inner->wanted[output];
  wanted->data = NULL;
  if (value == OB_NO_VALUE || frame->program->deferred[value]) return;
  wanted->data = frame->cells[value].data;
  wanted->bytes = frame->cells[value].bytes;
}

ob_status_t ob_frame_take(ob_frame_t *inner, uint32_t output, ob_holder_t *holder) {
  const ob_tensor_t *result = ob_frame_output(inner, output);
  ob_holder_t *own = &inner->outputs[output];
  if (result->kind != OB_TENSOR || result->dtype == OB_STRING || result->data != own->block.data)
    return ob_holder_copy(inner->context, holder, result);
  own->tensor = *result;
  if (result->rank > 0) memmove(own->dims, result->dims, (size_t)result->rank * sizeof *own->dims);
  own->tensor.dims = own->dims;
  ob_holder_swap(own, holder);
  return OB_OK;
}

ob_status_t ob_run_if(ob_frame_t *frame, uint32_t s) {
  const ob_step_t *step = &frame->program->steps[s];
  int64_t condition;
  OB_TRY(ob_frame_scalar(frame, s, frame->tensors[step->input_at], "condition", &condition));
  /* bodies are in the order of the operator's attributes; names decide which is which */
  uint32_t body = strcmp(step->node->bodies[0].attribute, condition ? "then_branch" : "else_branch") == 0 ? 0 : 1;
  ob_frame_t *inner = frame->states[s].frames[body];
  OB_TRY(ob_frame_capture(frame, s, body));
  for (uint32_t o = 0; o < step->output_count; o++) ob_frame_want(frame, s, o, inner, o);
  ob_status_t status = ob_frame_run(inner);
  if (status != OB_OK) return ob_fail_within(status, "node '%s': ", ob_quote(step->name));
  for (uint32_t o = 0; o < step->output_count; o++) OB_TRY(ob_frame_deliver(frame, s, o, ob_frame_output(inner, o)));
  return OB_OK;
}

/* ---------------------------------------------------------------- stacks */

/* Copies elements that do not begin on a byte. */
static void append_packed(ob_dtype_t dtype, void *to, size_t at, const void *from, size_t count) {
  for (size_t i = 0; i < count; i++) ob_subbyte_set(dtype, to, at + i, ob_subbyte_get(dtype, from, i));
}

static bool same_element(const ob_holder_t *holder, const ob_tensor_t *tensor) {
  return holder->tensor.rank == tensor->rank + 1 &&
         (tensor->rank == 0 || memcmp(holder->dims + 1, tensor->dims, (size_t)tensor->rank * sizeof *tensor->dims) == 0);
}

ob_status_t ob_holder_append(ob_context_t *context, ob_holder_t *holder, int64_t count, const ob_tensor_t *tensor) {
  size_t elements, used, bytes;
  if (tensor->kind != OB_TENSOR || tensor->dtype == OB_STRING)
    return ob_fail(OB_UNSUPPORTED, "loops stack tensors of numbers only, found %s", ob_dtype_name(tensor->dtype));
  if (tensor->rank >= OB_MAX_RANK) return ob_fail(OB_INVALID_ARGUMENT, "the stacked tensor's rank is too large");
  if (count > 0 && !same_element(holder, tensor))
    return ob_fail(OB_INVALID_ARGUMENT, "iteration %lld makes a scan output of another shape than those before", (long long)count);
  if (!ob_dims_count(tensor->rank, tensor->dims, &elements)) return ob_fail_memory();
  if (count == 0 && tensor->rank > 0) memcpy(holder->dims + 1, tensor->dims, (size_t)tensor->rank * sizeof *tensor->dims);
  holder->dims[0] = count + 1;
  used = count == 0 ? 0 : holder->tensor.bytes;
  if (!ob_tensor_bytes(tensor->dtype, tensor->rank + 1, holder->dims, &bytes)) return ob_fail_memory();
  size_t room = bytes <= holder->block.size ? bytes : bytes > SIZE_MAX / 2 ? bytes : bytes * 2;
  OB_TRY(ob_block_grow(context, &holder->block, room, used));
  if (ob_dtype_bits(tensor->dtype) < 8)
    append_packed(tensor->dtype, holder->block.data, elements * (size_t)count, tensor->data, elements);
  else if (bytes > used)
    memcpy((char *)holder->block.data + used, tensor->data, bytes - used);
  holder->tensor = (ob_tensor_t){.dtype = tensor->dtype,
                                 .rank = tensor->rank + 1,
                                 .dims = holder->dims,
                                 .data = holder->block.data,
                                 .bytes = bytes};
  holder->filled = true;
  return OB_OK;
}

ob_status_t ob_holder_empty(ob_context_t *context, ob_holder_t *holder, const ob_type_t *element) {
  int64_t dims[OB_MAX_RANK] = {0};
  int32_t rank = element->rank < 0 ? 0 : element->rank < OB_MAX_RANK ? element->rank : OB_MAX_RANK - 1;
  for (int32_t i = 0; i < rank; i++)
    if (ob_expr_eval(element->dims[i], context->symbols, &dims[i + 1]) != OB_OK || dims[i + 1] < 0) dims[i + 1] = 0;
  return ob_holder_shape(context, holder, element->dtype, rank + 1, dims);
}
