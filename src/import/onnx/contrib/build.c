/* What expansions of contrib operators are written with. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/dtype.h"
#include "import/onnx/contrib/contrib.h"

static void keep(ob_contrib_t *c, ob_status_t status) {
  if (c->status == OB_OK) c->status = status;
}

void ob_contrib_fail(ob_contrib_t *c, ob_status_t status, const char *format, ...) {
  char text[512];
  va_list arguments;
  if (c->status != OB_OK) return;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  c->status = ob_fail(status, "%s", text);
}

/* ------------------------------------------------------------ the node that is replaced */

ob_value_t *ob_contrib_input(const ob_contrib_t *c, size_t index) { return ob_upgrade_input(&c->up, index); }

ob_value_t *ob_contrib_need(ob_contrib_t *c, size_t index) {
  ob_value_t *value = ob_contrib_input(c, index);
  if (!value) ob_contrib_fail(c, OB_INVALID_MODEL, "input %zu is missing", index);
  return value;
}

bool ob_contrib_wants(const ob_contrib_t *c, size_t index) {
  return index < c->up.record->output_count && c->up.record->outputs[index];
}

/* Lets the value bear the name that the model has for it, where a node made it just now and the name is free. */
static ob_status_t rename_value(ob_contrib_t *c, ob_value_t *value, const char *wanted, bool *renamed) {
  ob_graph_t *graph = c->up.scope->graph;
  const char *name;
  *renamed = false;
  OB_TRY(ob_scope_full_name(c->up.importer, c->up.scope, wanted, &name));
  if (ob_map_get(&graph->value_names, name)) return OB_OK;
  OB_TRY(ob_arena_strdup(&graph->module->arena, name, &value->name));
  *renamed = true;
  return ob_map_set(&graph->value_names, value->name, value);
}

/* One of the node's own values: it keeps its name. */
static bool is_given(const ob_contrib_t *c, const ob_value_t *value) {
  const ob_record_t *record = c->up.record;
  for (size_t i = 0; i < record->input_count; i++)
    if (record->inputs[i] == value) return true;
  for (size_t i = 0; i < record->output_count; i++)
    if (record->results[i] == value) return true;
  return false;
}

void ob_contrib_give(ob_contrib_t *c, size_t index, ob_value_t *value) {
  bool renamed = false;
  if (c->status != OB_OK || !ob_contrib_wants(c, index)) return;
  if (is_given(c, value) || !value->producer) value = OB_MAKE(c, "Identity", value);
  if (value) keep(c, rename_value(c, value, c->up.record->outputs[index], &renamed));
  c->up.record->results[index] = value;
}

int64_t ob_contrib_int(ob_contrib_t *c, const char *name, int64_t fallback) {
  int64_t value = fallback;
  if (c->status == OB_OK) keep(c, ob_upgrade_int(&c->up, name, fallback, &value));
  return value;
}

float ob_contrib_float(ob_contrib_t *c, const char *name, float fallback) {
  float value = fallback;
  if (c->status == OB_OK) keep(c, ob_upgrade_float(&c->up, name, fallback, &value));
  return value;
}

const char *ob_contrib_string(ob_contrib_t *c, const char *name, const char *fallback) {
  const char *value = fallback;
  if (c->status == OB_OK) keep(c, ob_upgrade_string(&c->up, name, fallback, &value));
  return value;
}

bool ob_contrib_states(const ob_contrib_t *c, const char *name) { return ob_upgrade_find(&c->up, name) != NULL; }

void ob_contrib_only(ob_contrib_t *c, const char *name, int64_t only) {
  int64_t value = ob_contrib_int(c, name, only);
  if (value != only)
    ob_contrib_fail(c, OB_UNSUPPORTED, "attribute '%s' is %lld, only %lld is supported", name, (long long)value, (long long)only);
}

void ob_contrib_refuse(ob_contrib_t *c, size_t index, const char *name) {
  if (ob_contrib_input(c, index)) ob_contrib_fail(c, OB_UNSUPPORTED, "input %zu ('%s') is not supported", index, name);
}

/* ------------------------------------------------------------ shapes */

int32_t ob_contrib_rank(ob_contrib_t *c, const ob_value_t *value) {
  if (c->status != OB_OK || !value) return 0;
  if (value->type.kind == OB_TENSOR && value->type.rank >= 0) return value->type.rank;
  ob_contrib_fail(c, OB_UNSUPPORTED, "the rank of '%s' must be known", ob_quote(value->name));
  return 0;
}

int64_t ob_contrib_size(ob_contrib_t *c, const ob_value_t *value, int32_t axis, const char *what) {
  int64_t size = 1;
  int32_t rank = ob_contrib_rank(c, value);
  if (c->status != OB_OK || !value) return 1;
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank)
    ob_contrib_fail(c, OB_INVALID_MODEL, "'%s' has rank %d: too few axes for %s", ob_quote(value->name), (int)rank, what);
  else if (!ob_expr_is_const(value->type.dims[axis], &size))
    ob_contrib_fail(c, OB_UNSUPPORTED, "%s must be a number in the model", what);
  return size;
}

ob_value_t *ob_contrib_dim(ob_contrib_t *c, ob_value_t *value, int64_t axis) {
  if (axis < 0) axis += ob_contrib_rank(c, value);
  ob_contrib_with_int(c, "start", axis);
  ob_contrib_with_int(c, "end", axis + 1);
  return OB_MAKE(c, "Shape", value);
}

/* ------------------------------------------------------------ constants */

ob_value_t *ob_contrib_number(ob_contrib_t *c, const ob_value_t *like, double number) {
  ob_value_t *value = NULL;
  if (c->status == OB_OK) keep(c, ob_upgrade_float_constant(&c->up, "number", like->type.dtype, number, &value));
  return value;
}

ob_value_t *ob_contrib_list(ob_contrib_t *c, const int64_t *values, size_t count) {
  ob_value_t *value = NULL;
  if (c->status == OB_OK) keep(c, ob_upgrade_constant(&c->up, "list", values, count, false, &value));
  return value;
}

ob_value_t *ob_contrib_scalar(ob_contrib_t *c, int64_t number) {
  ob_value_t *value = NULL;
  if (c->status == OB_OK) keep(c, ob_upgrade_constant(&c->up, "scalar", &number, 1, true, &value));
  return value;
}

static ob_status_t fill(ob_contrib_t *c, const char *what, ob_dtype_t dtype, int32_t rank, const int64_t *dims, uint8_t byte,
                        ob_value_t **value) {
  const ob_constant_t *constant;
  const char *name;
  void *data;
  OB_TRY(ob_arena_printf(&c->up.importer->scratch, &name, "%s/%s", c->up.record->name, what));
  OB_TRY(ob_constant_allocate(c->up.importer->module, name, dtype, rank, dims, &data, &constant));
  if (constant->bytes > 0) memset(data, byte, constant->bytes);
  return ob_value_from_constant(c->up.scope->graph, constant, value);
}

ob_value_t *ob_contrib_fill(ob_contrib_t *c, const char *what, ob_dtype_t dtype, int32_t rank, const int64_t *dims, uint8_t byte) {
  ob_value_t *value = NULL;
  if (c->status == OB_OK) keep(c, fill(c, what, dtype, rank, dims, byte, &value));
  return value;
}

/* ------------------------------------------------------------ attributes of the next node */

static void pend(ob_contrib_t *c, ob_attribute_t attribute) {
  if (c->status != OB_OK) return;
  if (c->pending_count == CONTRIB_MAX_ATTRIBUTES) ob_contrib_fail(c, OB_INTERNAL, "too many attributes");
  if (c->status == OB_OK) c->pending[c->pending_count++] = attribute;
}

static ob_status_t make_ints(ob_contrib_t *c, const int64_t *values, size_t count, const ob_expr_t ***ints) {
  OB_TRY(OB_ARENA_ARRAY(&c->up.importer->scratch, count, ints));
  for (size_t i = 0; i < count; i++) OB_TRY(ob_expr_const(c->up.importer->module->exprs, values[i], &(*ints)[i]));
  return OB_OK;
}

void ob_contrib_with_int(ob_contrib_t *c, const char *name, int64_t value) {
  const ob_expr_t **ints = NULL;
  if (c->status == OB_OK) keep(c, make_ints(c, &value, 1, &ints));
  pend(c, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_INT, .count = 1, .ints = ints});
}

void ob_contrib_with_ints(ob_contrib_t *c, const char *name, const int64_t *values, size_t count) {
  const ob_expr_t **ints = NULL;
  if (c->status == OB_OK) keep(c, make_ints(c, values, count, &ints));
  pend(c, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_INTS, .count = count, .ints = ints});
}

void ob_contrib_with_float(ob_contrib_t *c, const char *name, float value) {
  float *copy = NULL;
  if (c->status == OB_OK) keep(c, ob_arena_copy(&c->up.importer->scratch, &value, sizeof value, (void **)&copy));
  pend(c, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_FLOAT, .count = 1, .floats = copy});
}

void ob_contrib_with_string(ob_contrib_t *c, const char *name, const char *value) {
  ob_string_t string = {value, strlen(value)}, *copy = NULL;
  if (c->status == OB_OK) keep(c, ob_arena_copy(&c->up.importer->scratch, &string, sizeof string, (void **)&copy));
  pend(c, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_STRING, .count = 1, .strings = copy});
}

void ob_contrib_with_own(ob_contrib_t *c, const char *names) {
  const ob_record_t *record = c->up.record;
  for (size_t i = 0; i < record->attribute_count; i++) {
    const char *name = record->attributes[i].name, *at = strstr(names, name);
    size_t size = strlen(name);
    for (; at; at = strstr(at + size, name))
      if ((at == names || at[-1] == ' ') && (at[size] == ' ' || at[size] == 0)) break;
    if (at) pend(c, record->attributes[i]);
  }
}

/* ------------------------------------------------------------ nodes */

static ob_status_t make_many(ob_contrib_t *c, const char *op, ob_value_t *const *inputs, size_t count, ob_value_t **outputs,
                             size_t output_count) {
  ob_importer_t *importer = c->up.importer;
  ob_record_t record = {.domain = "", .op = op, .opset = ONNX_OPSET, .input_count = count, .output_count = output_count};
  OB_TRY(ob_import_charge(importer, 1, ONNX_COST_NODE));
  /* other readers want names of nodes to differ */
  OB_TRY(ob_arena_printf(&importer->scratch, &record.name, "%s/%zu.%s", c->up.record->name, c->made++, op));
  OB_TRY(ob_arena_copy(&importer->scratch, inputs, count * sizeof *inputs, (void **)&record.inputs));
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, output_count, &record.outputs));
  for (size_t i = 0; i < output_count; i++) record.outputs[i] = record.name;
  record.results = outputs;
  record.attributes = c->pending;
  record.attribute_count = c->pending_count;
  /* the names are full already */
  ob_scope_t scope = *c->up.scope;
  scope.prefix = "";
  return ob_record_emit(importer, &scope, &record);
}

void ob_contrib_make_many(ob_contrib_t *c, const char *op, ob_value_t *const *inputs, size_t count, ob_value_t **outputs,
                          size_t output_count) {
  for (size_t i = 0; i < output_count; i++) outputs[i] = NULL;
  if (c->status == OB_OK) keep(c, make_many(c, op, inputs, count, outputs, output_count));
  c->pending_count = 0;
}

ob_value_t *ob_contrib_make(ob_contrib_t *c, const char *op, ob_value_t *const *inputs, size_t count) {
  ob_value_t *output;
  ob_contrib_make_many(c, op, inputs, count, &output, 1);
  return c->status == OB_OK ? output : NULL;
}

/* ------------------------------------------------------------ small helpers */

ob_value_t *ob_contrib_transpose(ob_contrib_t *c, ob_value_t *value, const int64_t *perm, size_t count) {
  ob_contrib_with_ints(c, "perm", perm, count);
  return OB_MAKE(c, "Transpose", value);
}

ob_value_t *ob_contrib_join(ob_contrib_t *c, ob_value_t *const *values, size_t count, int64_t axis) {
  ob_contrib_with_int(c, "axis", axis);
  return ob_contrib_make(c, "Concat", values, count);
}

void ob_contrib_split_last(ob_contrib_t *c, ob_value_t *x, const int64_t *sizes, size_t count, ob_value_t **parts) {
  ob_value_t *list = ob_contrib_list(c, sizes, count);
  ob_contrib_with_int(c, "axis", -1);
  ob_contrib_make_many(c, "Split", OB_VALUES(x, list), parts, count);
}

ob_value_t *ob_contrib_unsqueeze(ob_contrib_t *c, ob_value_t *value, int64_t axis) {
  return OB_MAKE(c, "Unsqueeze", value, OB_LIST(c, axis));
}

ob_value_t *ob_contrib_cast(ob_contrib_t *c, ob_value_t *value, ob_dtype_t dtype) {
  if (value && value->type.dtype == dtype) return value;
  ob_contrib_with_int(c, "to", (int64_t)dtype);
  return OB_MAKE(c, "Cast", value);
}

ob_value_t *ob_contrib_slice(ob_contrib_t *c, ob_value_t *value, ob_value_t *start, ob_value_t *end, int64_t axis) {
  return OB_MAKE(c, "Slice", value, start, end, OB_LIST(c, axis));
}

ob_value_t *ob_contrib_count_up(ob_contrib_t *c, ob_value_t *count) {
  return OB_MAKE(c, "Range", ob_contrib_scalar(c, 0), OB_MAKE(c, "Squeeze", count, OB_LIST(c, 0)), ob_contrib_scalar(c, 1));
}

ob_value_t *ob_contrib_add(ob_contrib_t *c, ob_value_t *value, ob_value_t *addend) {
  return addend ? OB_MAKE(c, "Add", value, addend) : value;
}

ob_value_t *ob_contrib_scale(ob_contrib_t *c, ob_value_t *value, double number) {
  if (number == 1 || c->status != OB_OK) return value;
  return OB_MAKE(c, "Mul", value, ob_contrib_number(c, value, number));
}

ob_value_t *ob_contrib_channels_first(ob_contrib_t *c, ob_value_t *value) {
  int64_t perm[OB_MAX_RANK] = {0};
  int32_t rank = ob_contrib_rank(c, value);
  for (int32_t i = 1; i < rank; i++) perm[i] = i == 1 ? rank - 1 : i - 1;
  return ob_contrib_transpose(c, value, perm, (size_t)rank);
}

ob_value_t *ob_contrib_channels_last(ob_contrib_t *c, ob_value_t *value) {
  int64_t perm[OB_MAX_RANK] = {0};
  int32_t rank = ob_contrib_rank(c, value);
  for (int32_t i = 1; i < rank; i++) perm[i] = i == rank - 1 ? 1 : i + 1;
  return ob_contrib_transpose(c, value, perm, (size_t)rank);
}
