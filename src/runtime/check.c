/* Arguments of a call: kinds, types, shapes, strides and buffers are checked, and copied where an engine could not use them. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "base/str.h"
#include "runtime/bind.h"
#include "runtime/frame.h"

static const ob_value_t *input_value(const ob_context_t *context, uint32_t index) {
  return context->frame->program->input_values[index];
}

static void print_found(const ob_tensor_t *tensor, ob_str_t *text) {
  static const char *const kinds[] = {"tensor", "sequence", "optional", "map"};
  if (tensor->kind != OB_TENSOR) {
    ob_str_append(text, (unsigned)tensor->kind < 4 ? kinds[tensor->kind] : "something unknown");
    return;
  }
  ob_str_printf(text, "%s[", ob_dtype_name(tensor->dtype));
  for (int32_t i = 0; i < tensor->rank && i < OB_MAX_RANK && tensor->dims; i++)
    ob_str_printf(text, "%s%lld", i > 0 ? ", " : "", (long long)tensor->dims[i]);
  ob_str_append(text, "]");
}

/* "input 'x' must be float32[batch, 3], found float64[1, 3]: why". */
static ob_status_t fail_input(const ob_context_t *context, uint32_t index, const ob_tensor_t *tensor, const char *why) {
  const ob_value_t *value = input_value(context, index);
  ob_str_t expected, found;
  ob_str_init(&expected, context->allocator);
  ob_str_init(&found, context->allocator);
  ob_type_print(context->model->module->exprs, &value->type, &expected);
  print_found(tensor, &found);
  ob_status_t status = ob_fail(OB_INVALID_ARGUMENT, "input '%s' must be %s, found %s%s%s", ob_quote(value->name),
                               expected.text ? ob_quote(expected.text) : "?", found.text ? found.text : "?", *why ? ": " : "", why);
  ob_str_free(&expected);
  ob_str_free(&found);
  return status;
}

/* ---------------------------------------------------------------- tensors */

static uintptr_t natural_alignment(ob_dtype_t dtype) {
  unsigned bits = ob_dtype_bits(dtype);
  if (dtype == OB_STRING) return _Alignof(ob_string_t);
  if (dtype == OB_COMPLEX64) return 4;
  if (dtype == OB_COMPLEX128) return 8;
  return bits < 8 ? 1 : bits / 8;
}

static bool is_aligned(const ob_tensor_t *tensor) {
  return ((uintptr_t)tensor->data & (natural_alignment(tensor->dtype) - 1)) == 0;
}

static bool is_contiguous(const ob_tensor_t *tensor) {
  int64_t expected = 1;
  for (int32_t i = tensor->rank - 1; tensor->strides && i >= 0; i--) {
    if (tensor->dims[i] != 1 && tensor->strides[i] != expected) return false;
    expected *= tensor->dims[i];
  }
  return true;
}

/* Elements from the first to the last one, holes included; false when a stride is negative or the number overflows. */
static bool strided_extent(const ob_tensor_t *tensor, size_t *extent) {
  int64_t last = 0, step;
  for (int32_t i = 0; i < tensor->rank; i++) {
    if (tensor->strides[i] < 0 && tensor->dims[i] > 1) return false;
    if (!ob_mul_i64(tensor->dims[i] - 1, tensor->strides[i], &step) || !ob_add_i64(last, step, &last)) return false;
  }
  *extent = (size_t)last + 1;
  return last < INT64_MAX / 64;
}

typedef struct gather {
  const ob_tensor_t *from;
  size_t size; /* of an element */
  char *to;
} gather_t;

static void gather_dim(gather_t *gather, int32_t dim, const char *from) {
  const ob_tensor_t *tensor = gather->from;
  if (dim == tensor->rank) {
    memcpy(gather->to, from, gather->size);
    gather->to += gather->size;
    return;
  }
  for (int64_t i = 0; i < tensor->dims[dim]; i++)
    gather_dim(gather, dim + 1, from + (ptrdiff_t)(i * tensor->strides[dim]) * (ptrdiff_t)gather->size);
}

/* A contiguous, aligned copy in the context's own memory. */
static ob_status_t stage(ob_context_t *context, uint32_t index, const ob_tensor_t *given, bool contiguous, ob_tensor_t *view) {
  ob_block_t *block = &context->staging[index];
  size_t most;
  if (view->bytes > block->size && context->frame->segments[0].slots &&
      ob_value_largest_bytes(context->model, input_value(context, index), &most) == OB_OK && most > view->bytes)
    OB_TRY(ob_block_reserve(context, block, most)); /* for all shapes: none of them allocates later */
  OB_TRY(ob_block_reserve(context, block, view->bytes));
  gather_t gather = {.from = given, .size = ob_dtype_bytes(given->dtype, 1), .to = block->data};
  if (contiguous) memcpy(block->data, given->data, view->bytes);
  else gather_dim(&gather, 0, given->data);
  view->data = block->data;
  view->strides = NULL;
  return OB_OK;
}

static ob_status_t check_shape(const ob_context_t *context, uint32_t index, const ob_tensor_t *given, size_t *count) {
  const ob_type_t *type = &input_value(context, index)->type;
  if (given->dtype != type->dtype) return fail_input(context, index, given, "the element type differs");
  if (given->rank < 0 || given->rank > OB_MAX_RANK || (given->rank > 0 && !given->dims))
    return fail_input(context, index, &(ob_tensor_t){.dtype = given->dtype}, "it has no valid rank and dims");
  if (type->rank >= 0 && given->rank != type->rank) return fail_input(context, index, given, "the rank differs");
  if (!ob_dims_count(given->rank, given->dims, count)) return fail_input(context, index, given, "a dim is negative or the size overflows");
  return OB_OK;
}

static ob_status_t check_tensor(ob_context_t *context, uint32_t index, const ob_tensor_t *given, ob_tensor_t *view) {
  size_t count, extent;
  OB_TRY(check_shape(context, index, given, &count));
  *view = *given;
  view->bytes = ob_dtype_bytes(given->dtype, count);
  view->strides = NULL;
  if (count == 0) return OB_OK;
  if (!given->data) return fail_input(context, index, given, "its data is NULL");
  bool contiguous = is_contiguous(given);
  size_t needed = view->bytes;
  if (!contiguous) {
    if (ob_dtype_bits(given->dtype) < 8 || !strided_extent(given, &extent))
      return fail_input(context, index, given, "these strides are not supported, pass a contiguous copy");
    needed = ob_dtype_bytes(given->dtype, extent);
  }
  if (given->bytes < needed)
    return ob_fail(OB_INVALID_ARGUMENT, "input '%s' needs a buffer of %zu bytes, its `bytes` says %zu",
                   ob_quote(input_value(context, index)->name), needed, given->bytes);
  if (contiguous && is_aligned(given)) return OB_OK;
  return stage(context, index, given, contiguous, view);
}

/* A sequence, optional or map: its shape is checked as far as a view can be; engines check the elements. */
static ob_status_t check_items(const ob_tensor_t *value, int depth) {
  if (depth > 16 || (unsigned)value->kind > OB_MAP) return OB_INVALID_ARGUMENT;
  if (value->kind != OB_TENSOR) {
    if (value->item_count > 0 && !value->items) return OB_INVALID_ARGUMENT;
    if (value->kind == OB_OPTIONAL && value->item_count > 1) return OB_INVALID_ARGUMENT;
    if (value->kind == OB_MAP && value->item_count != 2) return OB_INVALID_ARGUMENT;
    for (size_t i = 0; i < value->item_count; i++) OB_TRY(check_items(&value->items[i], depth + 1));
    return OB_OK;
  }
  size_t count;
  if (!ob_dtype_is_valid(value->dtype) || value->rank < 0 || value->rank > OB_MAX_RANK || (value->rank > 0 && !value->dims) ||
      !ob_dims_count(value->rank, value->dims, &count) || value->strides || (count > 0 && !value->data) ||
      (count > 0 && !is_aligned(value)) || value->bytes < ob_dtype_bytes(value->dtype, count))
    return OB_INVALID_ARGUMENT;
  return OB_OK;
}

ob_status_t ob_context_input(ob_context_t *context, uint32_t index, const ob_tensor_t *given, ob_tensor_t *view) {
  const ob_type_t *type = &input_value(context, index)->type;
  if (given->kind != type->kind) return fail_input(context, index, given, "the kind differs");
  if (given->kind == OB_TENSOR) return check_tensor(context, index, given, view);
  if (check_items(given, 0) != OB_OK)
    return fail_input(context, index, given, "an item is malformed, strided, misaligned or shorter than its dims say");
  *view = *given;
  return OB_OK;
}

/* ---------------------------------------------------------------- outputs */

static bool overlaps(const ob_tensor_t *output, const ob_tensor_t *inputs, uint32_t count) {
  uintptr_t begin = (uintptr_t)output->data, end = begin + output->bytes;
  for (uint32_t i = 0; i < count; i++) {
    uintptr_t other = (uintptr_t)inputs[i].data;
    if (inputs[i].kind == OB_TENSOR && other && begin < other + inputs[i].bytes && other < end) return true;
  }
  return false;
}

ob_status_t ob_context_outputs(ob_context_t *context, const ob_tensor_t *inputs, const ob_tensor_t *outputs) {
  ob_frame_t *frame = context->frame;
  const ob_program_t *program = frame->program;
  for (uint32_t o = 0; o < program->output_count; o++) {
    const ob_tensor_t *given = &outputs[o];
    const ob_value_t *value = program->values[program->outputs[o]];
    ob_tensor_t *wanted = &frame->wanted[o];
    wanted->data = NULL;
    if (!given->data || given->data == context->provided[o]) continue;
    if (!ob_type_is_plain(value->type.kind, value->type.dtype))
      return ob_fail(OB_INVALID_ARGUMENT, "output '%s' is no tensor of numbers: leave its data NULL", ob_quote(value->name));
    if (given->strides)
      return ob_fail(OB_INVALID_ARGUMENT, "output '%s' must be contiguous: leave its strides NULL", ob_quote(value->name));
    ob_tensor_t typed = {.dtype = value->type.dtype, .data = given->data};
    if (!is_aligned(&typed) || overlaps(given, inputs, program->input_count)) continue; /* copied in the end */
    wanted->data = given->data;
    wanted->bytes = given->bytes;
  }
  return OB_OK;
}
