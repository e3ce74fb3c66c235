/* Scan: a body run over slices of its inputs along an axis, with states carried on and stacked outputs. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "op/op.h"
#include "runtime/frame.h"

/* A scan in progress. */
typedef struct scan {
  ob_frame_t *frame, *inner;
  const ob_step_t *step;
  ob_step_state_t *state;
  uint32_t at, states, slices, stacks; /* the step's index; how many of each */
  int64_t length;
} scan_t;

/* Element `index` of an INTS attribute of constants; 0 when it is left out. */
static ob_status_t list_element(const scan_t *scan, const char *name, uint32_t index, int64_t *value) {
  const ob_expr_t *const *ints;
  size_t count;
  *value = 0;
  OB_TRY(ob_node_ints(scan->step->node, name, &ints, &count));
  if (index < count && !ob_expr_is_const(ints[index], value))
    return ob_fail(OB_INVALID_MODEL, "node '%s': %s is not a constant", ob_quote(scan->step->name), name);
  return OB_OK;
}

static ob_status_t list_axis(const scan_t *scan, const char *name, uint32_t index, int32_t rank, int32_t *axis) {
  int64_t value;
  OB_TRY(list_element(scan, name, index, &value));
  if (value < -rank || value >= rank)
    return ob_fail(OB_INVALID_MODEL, "node '%s': %s is %lld for rank %d", ob_quote(scan->step->name), name, (long long)value,
                   rank);
  *axis = (int32_t)(value < 0 ? value + rank : value);
  return OB_OK;
}

/* A tensor cut along an axis: `outer` times `length` times `inner` bytes. */
typedef struct cut {
  size_t outer, length, inner;
} cut_t;

static ob_status_t cut_tensor(const scan_t *scan, const ob_tensor_t *tensor, int32_t axis, cut_t *cut) {
  size_t inner;
  unsigned bits = ob_dtype_bits(tensor->dtype);
  if (tensor->kind != OB_TENSOR || tensor->dtype == OB_STRING || bits < 8)
    return ob_fail(OB_UNSUPPORTED, "node '%s': Scan over %s", ob_quote(scan->step->name), ob_dtype_name(tensor->dtype));
  if (!ob_dims_count(axis, tensor->dims, &cut->outer) ||
      !ob_dims_count(tensor->rank - axis - 1, tensor->dims + axis + 1, &inner) ||
      !ob_mul_size(inner, bits / 8, &cut->inner))
    return ob_fail_memory();
  cut->length = (size_t)tensor->dims[axis];
  return OB_OK;
}

/* Input `index` at `position` along its axis becomes the body's slice. */
static ob_status_t set_slice(const scan_t *scan, uint32_t index, int64_t position) {
  const ob_tensor_t *tensor = scan->frame->tensors[scan->step->input_at + scan->states + index];
  ob_holder_t *holder = &scan->state->carried[scan->states + index];
  int64_t dims[OB_MAX_RANK], backwards;
  int32_t axis, rank = 0;
  cut_t cut;
  OB_TRY(list_axis(scan, "scan_input_axes", index, tensor->rank, &axis));
  OB_TRY(list_element(scan, "scan_input_directions", index, &backwards));
  OB_TRY(cut_tensor(scan, tensor, axis, &cut));
  if (backwards) position = scan->length - 1 - position;
  for (int32_t i = 0; i < tensor->rank; i++)
    if (i != axis) dims[rank++] = tensor->dims[i];
  OB_TRY(ob_holder_shape(scan->frame->context, holder, tensor->dtype, rank, dims));
  for (size_t o = 0; o < cut.outer && cut.inner > 0; o++)
    memcpy((char *)holder->tensor.data + o * cut.inner,
           (const char *)tensor->data + (o * cut.length + (size_t)position) * cut.inner, cut.inner);
  return ob_frame_set_input(scan->inner, scan->states + index, &holder->tensor);
}

static ob_status_t find_length(scan_t *scan) {
  for (uint32_t i = 0; i < scan->slices; i++) {
    const ob_tensor_t *tensor = scan->frame->tensors[scan->step->input_at + scan->states + i];
    int32_t axis;
    if (tensor->rank < 1) return ob_fail(OB_INVALID_ARGUMENT, "node '%s': a scan input has rank 0", ob_quote(scan->step->name));
    OB_TRY(list_axis(scan, "scan_input_axes", i, tensor->rank, &axis));
    if (i > 0 && tensor->dims[axis] != scan->length)
      return ob_fail(OB_INVALID_ARGUMENT, "node '%s': scan inputs have lengths %lld and %lld", ob_quote(scan->step->name),
                     (long long)scan->length, (long long)tensor->dims[axis]);
    scan->length = tensor->dims[axis];
  }
  return OB_OK;
}

static ob_status_t iterate(const scan_t *scan, int64_t position) {
  ob_frame_t *inner = scan->inner;
  OB_TRY(ob_context_check(scan->frame->context));
  for (uint32_t i = 0; i < scan->states; i++) {
    const ob_tensor_t *initial = scan->frame->tensors[scan->step->input_at + i];
    OB_TRY(ob_frame_set_input(inner, i, position == 0 ? initial : &scan->state->carried[i].tensor));
  }
  for (uint32_t i = 0; i < scan->slices; i++) OB_TRY(set_slice(scan, i, position));
  OB_TRY(ob_frame_capture(scan->frame, scan->at, 0));
  for (uint32_t o = 0; o < inner->program->output_count; o++) inner->wanted[o].data = NULL;
  OB_TRY(ob_frame_run(inner));
  for (uint32_t i = 0; i < scan->states; i++) OB_TRY(ob_frame_take(inner, i, &scan->state->carried[i]));
  for (uint32_t k = scan->states; k < scan->states + scan->stacks; k++)
    OB_TRY(ob_holder_append(scan->frame->context, &scan->state->outputs[k], position, ob_frame_output(inner, k)));
  return OB_OK;
}

/* The stack along axis 0 becomes what the model asked for: another axis, or the other direction. */
static ob_status_t arrange(const scan_t *scan, uint32_t k, ob_holder_t *room, const ob_tensor_t **result) {
  ob_holder_t *stack = &scan->state->outputs[scan->states + k];
  int64_t backwards, dims[OB_MAX_RANK];
  int32_t axis;
  cut_t cut;
  *result = &stack->tensor;
  OB_TRY(list_axis(scan, "scan_output_axes", k, stack->tensor.rank, &axis));
  OB_TRY(list_element(scan, "scan_output_directions", k, &backwards));
  if (axis == 0 && !backwards) return OB_OK;
  for (int32_t i = 0; i < stack->tensor.rank; i++)
    dims[i] = i < axis ? stack->dims[i + 1] : i == axis ? stack->dims[0] : stack->dims[i];
  OB_TRY(ob_holder_shape(scan->frame->context, room, stack->tensor.dtype, stack->tensor.rank, dims));
  OB_TRY(cut_tensor(scan, &room->tensor, axis, &cut));
  for (size_t p = 0; p < cut.length && cut.inner > 0; p++)
    for (size_t o = 0; o < cut.outer; o++) {
      size_t to = backwards ? cut.length - 1 - p : p;
      memcpy((char *)room->tensor.data + (o * cut.length + to) * cut.inner,
             (const char *)stack->tensor.data + (p * cut.outer + o) * cut.inner, cut.inner);
    }
  *result = &room->tensor;
  return OB_OK;
}

static ob_status_t deliver(const scan_t *scan) {
  const ob_program_t *program = scan->inner->program;
  for (uint32_t i = 0; i < scan->states; i++) {
    ob_holder_t *holder = &scan->state->carried[i];
    if (scan->length == 0)
      OB_TRY(ob_holder_copy(scan->frame->context, holder, scan->frame->tensors[scan->step->input_at + i]));
    OB_TRY(ob_frame_deliver(scan->frame, scan->at, i, &holder->tensor));
  }
  for (uint32_t k = 0; k < scan->stacks; k++) {
    const ob_tensor_t *result;
    ob_holder_t *stack = &scan->state->outputs[scan->states + k];
    const ob_value_t *element = program->values[program->outputs[scan->states + k]];
    ob_holder_t *room = &scan->state->carried[scan->states + scan->slices + k];
    if (scan->length == 0) OB_TRY(ob_holder_empty(scan->frame->context, stack, &element->type));
    OB_TRY(arrange(scan, k, room, &result));
    OB_TRY(ob_frame_deliver(scan->frame, scan->at, scan->states + k, result));
  }
  return OB_OK;
}

ob_status_t ob_run_scan(ob_frame_t *frame, uint32_t s) {
  const ob_step_t *step = &frame->program->steps[s];
  int64_t slices;
  OB_TRY(ob_node_int(step->node, "num_scan_inputs", 0, &slices));
  if (slices < 1 || slices > step->input_count)
    return ob_fail(OB_INVALID_MODEL, "node '%s': num_scan_inputs is %lld of %u inputs", ob_quote(step->name),
                   (long long)slices, step->input_count);
  uint32_t states = step->input_count - (uint32_t)slices;
  scan_t scan = {.frame = frame,
                 .inner = frame->states[s].frames[0],
                 .step = step,
                 .state = &frame->states[s],
                 .at = s,
                 .states = states,
                 .slices = (uint32_t)slices,
                 .stacks = step->output_count - states};
  if (step->output_count < states || scan.inner->program->output_count != step->output_count)
    return ob_fail(OB_INVALID_MODEL, "node '%s': its body has %u outputs, expected %u", ob_quote(step->name),
                   scan.inner->program->output_count, step->output_count);
  OB_TRY(find_length(&scan));
  for (int64_t i = 0; i < scan.length; i++) {
    ob_status_t status = iterate(&scan, i);
    if (status != OB_OK) return ob_fail_within(status, "node '%s', iteration %lld: ", ob_quote(step->name), (long long)i);
  }
  return deliver(&scan);
}
