/* Inference: what an operator reads of its node, inputs and attributes, and how it says what an output is. */
#include "op/infer_util.h"

#include <string.h>

#include <outboard/outboard.h>

#include "base/checked.h"

/* ---------------------------------------------------------------- inputs */

const ob_value_t *ob_infer_input(const ob_infer_t *infer, size_t index) {
  return index < infer->node->input_count ? infer->node->inputs[index] : NULL;
}

bool ob_infer_has(const ob_infer_t *infer, size_t index) { return ob_infer_input(infer, index) != NULL; }

ob_dtype_t ob_infer_dtype(const ob_infer_t *infer, size_t index) {
  const ob_value_t *value = ob_infer_input(infer, index);
  return value && value->type.kind == OB_TENSOR ? value->type.dtype : OB_UNDEFINED;
}

ob_shape_t ob_infer_shape(const ob_infer_t *infer, size_t index) {
  const ob_value_t *value = ob_infer_input(infer, index);
  if (!value || value->type.kind != OB_TENSOR || value->type.rank < 0) return ob_shape_unknown();
  return ob_shape_of(value->type.rank, value->type.dims);
}

static const char *input_name(const ob_infer_t *infer, size_t index) {
  const ob_op_t *op = infer->node->op;
  if (op->input_count == 0) return "input";
  return op->inputs[index < op->input_count ? index : op->input_count - 1].name;
}

ob_shape_t ob_infer_shape_of_rank(ob_infer_t *infer, size_t index, int32_t rank) {
  ob_shape_t shape = ob_infer_shape(infer, index);
  if (!ob_infer_has(infer, index) || shape.rank == rank) return shape;
  if (shape.rank >= 0)
    ob_infer_fail(infer, "input %zu ('%s') has rank %d, expected %d", index, input_name(infer, index), shape.rank, rank);
  return ob_shape_of_rank(rank);
}

ob_shape_t ob_infer_shape_at_least(ob_infer_t *infer, size_t index, int32_t rank) {
  ob_shape_t shape = ob_infer_shape(infer, index);
  if (shape.rank >= 0 && shape.rank < rank) {
    ob_infer_fail(infer, "input %zu ('%s') has rank %d, expected %d or more", index, input_name(infer, index), shape.rank, rank);
    return ob_shape_unknown();
  }
  return shape;
}

bool ob_infer_shape_input(ob_infer_t *infer, size_t index, ob_shape_t *shape) {
  ob_content_t content;
  *shape = ob_shape_unknown();
  ob_infer_shape_of_rank(infer, index, 1);
  if (!ob_infer_content(infer, index, &content)) {
    int64_t length = ob_infer_length(infer, index);
    if (length >= 0 && length <= OB_MAX_RANK) *shape = ob_shape_of_rank((int32_t)length);
    return false;
  }
  shape->rank = 0;
  for (size_t i = 0; i < content.count; i++) {
    int64_t size;
    if (ob_dim_is_const(content.items[i], &size) && size < 0)
      ob_infer_fail(infer, "element %zu of '%s' is %lld, expected a size", i, input_name(infer, index), (long long)size);
    ob_shape_append(infer, shape, content.items[i]);
  }
  return infer->status == OB_OK;
}

bool ob_infer_content(ob_infer_t *infer, size_t index, ob_content_t *content) {
  const ob_value_t *value = ob_infer_input(infer, index);
  if (!value || !value->content || value->type.rank > 1) return false;
  *content = (ob_content_t){.items = value->content, .count = value->content_count, .scalar = value->type.rank == 0};
  return true;
}

bool ob_infer_numbers(ob_infer_t *infer, size_t index, int64_t numbers[OB_MAX_RANK], size_t *count) {
  ob_content_t content;
  if (!ob_infer_content(infer, index, &content) || content.count > OB_MAX_RANK) return false;
  for (size_t i = 0; i < content.count; i++)
    if (!ob_dim_is_const(content.items[i], &numbers[i])) return false;
  *count = content.count;
  return true;
}

ob_dim_t ob_infer_scalar(ob_infer_t *infer, size_t index) {
  ob_content_t content;
  if (!ob_infer_content(infer, index, &content)) return NULL;
  if (content.count == 1) return content.items[0];
  ob_infer_fail(infer, "input %zu ('%s') has %zu elements, expected 1", index, input_name(infer, index), content.count);
  return NULL;
}

int64_t ob_infer_length(const ob_infer_t *infer, size_t index) {
  ob_shape_t shape = ob_infer_shape(infer, index);
  int64_t length;
  return shape.rank == 1 && ob_dim_is_const(shape.dims[0], &length) ? length : -1;
}

bool ob_infer_floats(const ob_infer_t *infer, size_t index, const float **floats, size_t *count) {
  const ob_value_t *value = ob_infer_input(infer, index);
  const ob_constant_t *constant = value ? value->constant : NULL;
  if (!constant || !constant->data || constant->dtype != OB_FLOAT32 || constant->rank > 1) return false;
  *floats = constant->data;
  *count = constant->bytes / sizeof(float);
  return true;
}

bool ob_constant_int(const ob_constant_t *constant, size_t index, int64_t *value) {
  if (!constant || !constant->data) return false;
  const char *at = (const char *)constant->data + ob_dtype_bytes(constant->dtype, index);
  switch (constant->dtype) {
#define READ(dtype, type)                 \
  case dtype: {                           \
    type element;                         \
    memcpy(&element, at, sizeof element); \
    *value = (int64_t)element;            \
    return true;                          \
  }
    READ(OB_INT8, int8_t)
    READ(OB_UINT8, uint8_t)
    READ(OB_BOOL, uint8_t)
    READ(OB_INT16, int16_t)
    READ(OB_UINT16, uint16_t)
    READ(OB_INT32, int32_t)
    READ(OB_UINT32, uint32_t)
    READ(OB_INT64, int64_t)
#undef READ
    default:
      return false;
  }
}

/* ---------------------------------------------------------------- attributes */

bool ob_infer_stated(const ob_infer_t *infer, const char *name) { return ob_node_stated(infer->node, name) != NULL; }

int64_t ob_infer_int(ob_infer_t *infer, const char *name, int64_t fallback) {
  int64_t value = fallback;
  if (infer->status != OB_OK) return fallback;
  infer->status = ob_node_int(infer->node, name, fallback, &value);
  return infer->status == OB_OK ? value : fallback;
}

int64_t ob_infer_int_within(ob_infer_t *infer, const char *name, int64_t fallback, int64_t low, int64_t high) {
  int64_t value = ob_infer_int(infer, name, fallback);
  if (value >= low && value <= high) return value;
  if (high == INT64_MAX)
    ob_infer_fail(infer, "attribute '%s' is %lld, expected %lld or more", name, (long long)value, (long long)low);
  else
    ob_infer_fail(infer, "attribute '%s' is %lld, expected %lld to %lld", name, (long long)value, (long long)low, (long long)high);
  return low;
}

const ob_dim_t *ob_infer_ints(ob_infer_t *infer, const char *name, size_t *count) {
  const ob_dim_t *ints = NULL;
  *count = 0;
  if (infer->status == OB_OK) infer->status = ob_node_ints(infer->node, name, &ints, count);
  if (infer->status == OB_OK) return ints;
  *count = 0;
  return NULL;
}

void ob_infer_ints_of(ob_infer_t *infer, const char *name, size_t count, ob_dim_t fallback, ob_dim_t *values) {
  size_t stated;
  const ob_dim_t *ints = ob_infer_ints(infer, name, &stated);
  if (stated != 0 && stated != count) {
    ob_infer_fail(infer, "attribute '%s' has %zu elements, expected %zu", name, stated, count);
    stated = 0;
  }
  for (size_t i = 0; i < count; i++) values[i] = stated ? ints[i] : fallback;
}

ob_dtype_t ob_infer_dtype_attribute(ob_infer_t *infer, const char *name, ob_dtype_t fallback) {
  int64_t dtype = ob_infer_int(infer, name, fallback);
  if (dtype == (int64_t)fallback || ob_dtype_is_valid(dtype)) return (ob_dtype_t)dtype;
  ob_infer_fail(infer, "attribute '%s' is %lld, which is no element type", name, (long long)dtype);
  return OB_UNDEFINED;
}

const char *ob_infer_word(ob_infer_t *infer, const char *name, const char *fallback, const char *const *words) {
  const char *word = ob_node_string(infer->node, name, fallback);
  for (size_t i = 0; words[i]; i++)
    if (strcmp(words[i], word) == 0) return words[i];
  ob_infer_fail(infer, "attribute '%s' is '%s', expected '%s' or the like", name, ob_quote(word), words[0]);
  return words[0];
}

int32_t ob_infer_axis_of(ob_infer_t *infer, const char *name, int64_t axis, int32_t rank, bool end) {
  if (rank < 0) return -1;
  int64_t high = (int64_t)rank - (end ? 0 : 1);
  if (axis >= -(int64_t)rank && axis <= high) return (int32_t)(axis < 0 ? axis + rank : axis);
  ob_infer_fail(infer, "'%s' is %lld, expected %d to %lld for a tensor of rank %d", name, (long long)axis, -rank, (long long)high,
                rank);
  return 0;
}

int32_t ob_infer_axis(ob_infer_t *infer, const char *name, int64_t fallback, int32_t rank) {
  return ob_infer_axis_of(infer, name, ob_infer_int(infer, name, fallback), rank, false);
}

void ob_infer_axes_mark(ob_infer_t *infer, const char *name, const int64_t *axes, size_t count, int32_t rank,
                        bool marked[OB_MAX_RANK]) {
  for (int32_t i = 0; i < OB_MAX_RANK; i++) marked[i] = false;
  for (size_t i = 0; i < count && infer->status == OB_OK; i++) {
    int32_t axis = ob_infer_axis_of(infer, name, axes[i], rank, false);
    if (infer->status != OB_OK || axis < 0) return;
    if (marked[axis]) ob_infer_fail(infer, "'%s' names axis %d twice", name, axis);
    marked[axis] = true;
  }
}

/* ---------------------------------------------------------------- shapes */

ob_shape_t ob_shape_unknown(void) { return (ob_shape_t){.rank = -1}; }

ob_shape_t ob_shape_of_rank(int32_t rank) { return (ob_shape_t){.rank = rank}; }

ob_shape_t ob_shape_of(int32_t rank, const ob_dim_t *dims) {
  ob_shape_t shape = {.rank = rank};
  for (int32_t i = 0; i < rank; i++) shape.dims[i] = dims[i];
  return shape;
}

void ob_shape_append(ob_infer_t *infer, ob_shape_t *shape, ob_dim_t dim) {
  if (shape->rank < 0) return;
  if (shape->rank == OB_MAX_RANK) {
    ob_infer_fail(infer, "the output's rank would be more than %d", OB_MAX_RANK);
    return;
  }
  shape->dims[shape->rank++] = dim;
}

ob_shape_t ob_shape_broadcast(ob_infer_t *infer, const ob_shape_t *a, const ob_shape_t *b) {
  if (a->rank < 0 || b->rank < 0) return ob_shape_unknown();
  const ob_shape_t *longer = a->rank >= b->rank ? a : b, *shorter = longer == a ? b : a;
  ob_shape_t shape = *longer;
  int32_t offset = longer->rank - shorter->rank;
  for (int32_t i = 0; i < shorter->rank; i++) {
    shape.dims[offset + i] = ob_dim_broadcast(infer, longer->dims[offset + i], shorter->dims[i]);
    if (infer->status != OB_OK) {
      infer->status = ob_fail_within(infer->status, "broadcasting axis %d: ", offset + i);
      return ob_shape_unknown();
    }
  }
  return shape;
}

ob_dim_t ob_shape_count(ob_infer_t *infer, const ob_shape_t *shape, int32_t begin, int32_t end) {
  if (shape->rank < 0) return NULL;
  ob_dim_t count = ob_dim(infer, 1);
  for (int32_t i = begin; i < end; i++) count = ob_dim_mul(infer, count, shape->dims[i]);
  return count;
}

/* ---------------------------------------------------------------- outputs */

ob_status_t ob_infer_set(ob_infer_t *infer, size_t output, ob_dtype_t dtype, const ob_shape_t *shape) {
  if (output < infer->node->output_count)
    infer->outputs[output] = (ob_infer_output_t){.set = true, .dtype = dtype, .shape = *shape};
  return infer->status;
}

ob_status_t ob_infer_set_type(ob_infer_t *infer, size_t output, const ob_type_t *type) {
  if (output >= infer->node->output_count) return infer->status;
  if (type->kind == OB_TENSOR) {
    ob_shape_t shape = type->rank < 0 ? ob_shape_unknown() : ob_shape_of(type->rank, type->dims);
    return ob_infer_set(infer, output, type->dtype, &shape);
  }
  infer->outputs[output] = (ob_infer_output_t){.set = true, .type = type};
  return infer->status;
}

ob_status_t ob_infer_set_like(ob_infer_t *infer, size_t output, size_t input) {
  const ob_value_t *value = ob_infer_input(infer, input);
  return value ? ob_infer_set_type(infer, output, &value->type) : infer->status;
}

ob_dim_t *ob_infer_room(ob_infer_t *infer, size_t count) {
  void *room = NULL;
  if (infer->status != OB_OK || count > OB_MAX_CONTENT) return NULL;
  infer->status = ob_arena_alloc_array(&infer->scratch, count, sizeof(ob_dim_t), &room);
  return infer->status == OB_OK ? room : NULL;
}

void ob_infer_set_content(ob_infer_t *infer, size_t output, const ob_dim_t *items, size_t count) {
  if (output >= infer->node->output_count || !items || count > OB_MAX_CONTENT) return;
  for (size_t i = 0; i < count; i++)
    if (!items[i]) return;
  infer->outputs[output].content = items;
  infer->outputs[output].content_count = count;
}

void ob_infer_pass_content(ob_infer_t *infer) {
  ob_content_t content;
  if (ob_infer_content(infer, 0, &content)) ob_infer_set_content(infer, 0, content.items, content.count);
}

ob_infer_attempt_t ob_infer_try(ob_infer_t *infer) {
  ob_infer_attempt_t attempt = {infer->status};
  return attempt;
}

void ob_infer_tried(ob_infer_t *infer, ob_infer_attempt_t attempt) {
  if (attempt.before == OB_OK && infer->status == OB_INVALID_MODEL) infer->status = OB_OK;
}
