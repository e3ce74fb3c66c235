/* Walks a record through the versions of its operator, and what steps need for that. */
#include "import/onnx/upgrade.h"

#include <string.h>

#include "base/dtype.h"
#include "import/onnx/contrib/contrib.h"

/* ------------------------------------------------------------ the table */

typedef struct row {
  const char *domain, *op;
  int32_t since;
  ob_upgrade_step_t *step;
} row_t;

static const row_t rows[] = {
#define OB_UPGRADE(op, since, step) OB_UPGRADE_IN("", op, since, step)
#define OB_UPGRADE_IN(domain, op, since, step) {domain, #op, since, ob_upgrade_##step},
#include "import/onnx/upgrades.def"
#undef OB_UPGRADE_IN
#undef OB_UPGRADE
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static int compare(const row_t *row, const ob_record_t *record) {
  int order = strcmp(row->domain, record->domain);
  return order ? order : strcmp(row->op, record->op);
}

static bool is_row_of(size_t at, const ob_record_t *record) { return at < ROW_COUNT && compare(&rows[at], record) == 0; }

/* First row of the record's operator, or ROW_COUNT. */
static size_t find_rows(const ob_record_t *record) {
  size_t low = 0, high = ROW_COUNT;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare(&rows[middle], record) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return is_row_of(low, record) ? low : ROW_COUNT;
}

/* The row whose version a model of operator set `opset` means; ROW_COUNT: the operator came later. */
static size_t find_row(const ob_record_t *record, int64_t opset) {
  size_t at = find_rows(record), found = ROW_COUNT;
  for (; is_row_of(at, record) && rows[at].since <= opset; at++) found = at;
  return found;
}

ob_status_t ob_upgrade_same(ob_upgrade_t *up) {
  size_t at = find_row(up->record, up->record->version);
  up->record->version = rows[at + 1].since; /* the last row of an operator is never "same" */
  return OB_OK;
}

ob_status_t ob_upgrade_newest(ob_upgrade_t *up) {
  up->record->version = 0;
  return OB_OK;
}

ob_status_t ob_upgrade_too_old(ob_upgrade_t *up) {
  return ob_fail(OB_UNSUPPORTED, "%s of operator set %lld is not supported: export the model with a newer opset", up->record->op,
                 (long long)up->record->opset);
}

ob_status_t ob_record_upgrade(ob_importer_t *importer, ob_scope_t *scope, ob_record_t *record) {
  ob_upgrade_t up = {importer, scope, record};
  if (record->opset == 0) return OB_OK;
  const ob_contrib_row_t *contrib = ob_contrib_find(record);
  if (contrib) return ob_contrib_run(contrib, importer, scope, record);
  size_t row = find_row(record, record->opset);
  if (row == ROW_COUNT && find_rows(record) != ROW_COUNT)
    return ob_fail(OB_INVALID_MODEL, "%s does not exist in operator set %lld, only from %d on", record->op,
                   (long long)record->opset, rows[find_rows(record)].since);
  if (row == ROW_COUNT) return OB_OK; /* ob_record_emit() says that there is no such operator */
  record->version = rows[row].since;
  while (record->version != 0 && !record->made) {
    int64_t before = record->version;
    row = find_row(record, record->version);
    const char *op = record->op;
    OB_TRY(rows[row].step(&up));
    /* steps that only change parts leave going on to here */
    if (record->version == before && record->op == op && !record->made) OB_TRY(ob_upgrade_same(&up));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ attributes */

const ob_attribute_t *ob_upgrade_find(const ob_upgrade_t *up, const char *name) {
  for (size_t i = 0; i < up->record->attribute_count; i++)
    if (strcmp(up->record->attributes[i].name, name) == 0) return &up->record->attributes[i];
  return NULL;
}

void ob_upgrade_drop(ob_upgrade_t *up, const char *name) {
  ob_record_t *record = up->record;
  size_t kept = 0;
  for (size_t i = 0; i < record->attribute_count; i++)
    if (strcmp(record->attributes[i].name, name) != 0) record->attributes[kept++] = record->attributes[i];
  record->attribute_count = kept;
}

static ob_status_t fail_kind(const char *name, const char *expected) {
  return ob_fail(OB_INVALID_MODEL, "attribute '%s' is not %s", name, expected);
}

ob_status_t ob_upgrade_int(const ob_upgrade_t *up, const char *name, int64_t fallback, int64_t *value) {
  const ob_attribute_t *attribute = ob_upgrade_find(up, name);
  *value = fallback;
  if (!attribute) return OB_OK;
  return attribute->kind == OB_ATTRIBUTE_INT && ob_expr_is_const(attribute->ints[0], value) ? OB_OK : fail_kind(name, "an integer");
}

ob_status_t ob_upgrade_float(const ob_upgrade_t *up, const char *name, float fallback, float *value) {
  const ob_attribute_t *attribute = ob_upgrade_find(up, name);
  *value = fallback;
  if (!attribute) return OB_OK;
  if (attribute->kind != OB_ATTRIBUTE_FLOAT) return fail_kind(name, "a float");
  *value = attribute->floats[0];
  return OB_OK;
}

ob_status_t ob_upgrade_string(const ob_upgrade_t *up, const char *name, const char *fallback, const char **value) {
  const ob_attribute_t *attribute = ob_upgrade_find(up, name);
  *value = fallback;
  if (!attribute) return OB_OK;
  if (attribute->kind != OB_ATTRIBUTE_STRING) return fail_kind(name, "a string");
  *value = attribute->strings[0].data;
  return OB_OK;
}

ob_status_t ob_upgrade_set(ob_upgrade_t *up, ob_attribute_t attribute) {
  ob_record_t *record = up->record;
  ob_attribute_t *all;
  ob_upgrade_drop(up, attribute.name);
  OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, record->attribute_count + 1, &all));
  if (record->attribute_count > 0) memcpy(all, record->attributes, record->attribute_count * sizeof *all);
  all[record->attribute_count++] = attribute;
  record->attributes = all;
  return OB_OK;
}

static ob_status_t make_int(ob_upgrade_t *up, const char *name, int64_t value, ob_attribute_t *attribute) {
  const ob_expr_t **ints;
  OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, 1, &ints));
  OB_TRY(ob_expr_const(up->importer->module->exprs, value, &ints[0]));
  *attribute = (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_INT, .count = 1, .ints = ints};
  return OB_OK;
}

ob_status_t ob_upgrade_set_int(ob_upgrade_t *up, const char *name, int64_t value) {
  ob_attribute_t attribute;
  OB_TRY(make_int(up, name, value, &attribute));
  return ob_upgrade_set(up, attribute);
}

ob_status_t ob_upgrade_set_float(ob_upgrade_t *up, const char *name, float value) {
  float *copy;
  OB_TRY(ob_arena_copy(&up->importer->scratch, &value, sizeof value, (void **)&copy));
  return ob_upgrade_set(up, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_FLOAT, .count = 1, .floats = copy});
}

ob_status_t ob_upgrade_set_string(ob_upgrade_t *up, const char *name, const char *value) {
  ob_string_t string = {value, strlen(value)}, *copy;
  OB_TRY(ob_arena_copy(&up->importer->scratch, &string, sizeof string, (void **)&copy));
  return ob_upgrade_set(up, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_STRING, .count = 1, .strings = copy});
}

/* ------------------------------------------------------------ inputs and constants */

ob_value_t *ob_upgrade_input(const ob_upgrade_t *up, size_t index) {
  return index < up->record->input_count ? up->record->inputs[index] : NULL;
}

ob_status_t ob_upgrade_set_input(ob_upgrade_t *up, size_t index, ob_value_t *value) {
  ob_record_t *record = up->record;
  if (index >= record->input_count) {
    ob_value_t **all;
    OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, index + 1, &all));
    if (record->input_count > 0) memcpy(all, record->inputs, record->input_count * sizeof *all);
    record->inputs = all;
    record->input_count = index + 1;
  }
  record->inputs[index] = value;
  return OB_OK;
}

/* A constant of `count` elements, zeroed, as a value of the graph. */
static ob_status_t make_constant(ob_upgrade_t *up, const char *what, ob_dtype_t dtype, int32_t rank, int64_t count, void **data,
                                 const ob_constant_t **constant) {
  const char *name;
  OB_TRY(ob_arena_printf(&up->importer->scratch, &name, "%s/%s", up->record->name, what));
  return ob_constant_allocate(up->importer->module, name, dtype, rank, &count, data, constant);
}

ob_status_t ob_upgrade_constant(ob_upgrade_t *up, const char *what, const int64_t *values, size_t count, bool scalar,
                                ob_value_t **value) {
  const ob_constant_t *constant;
  void *data;
  OB_TRY(make_constant(up, what, OB_INT64, scalar ? 0 : 1, (int64_t)count, &data, &constant));
  if (count > 0) memcpy(data, values, count * sizeof *values);
  return ob_value_from_constant(up->scope->graph, constant, value);
}

ob_status_t ob_upgrade_float_constant(ob_upgrade_t *up, const char *what, ob_dtype_t dtype, double number, ob_value_t **value) {
  const ob_constant_t *constant;
  void *data;
  float single = (float)number;
  uint16_t half = dtype == OB_FLOAT16 ? ob_f32_to_f16(single) : ob_f32_to_bf16(single);
  if (dtype != OB_FLOAT64 && dtype != OB_FLOAT16 && dtype != OB_BFLOAT16) dtype = OB_FLOAT32;
  OB_TRY(make_constant(up, what, dtype, 0, 1, &data, &constant));
  if (dtype == OB_FLOAT64)
    memcpy(data, &number, sizeof number);
  else if (dtype == OB_FLOAT32)
    memcpy(data, &single, sizeof single);
  else
    memcpy(data, &half, sizeof half);
  return ob_value_from_constant(up->scope->graph, constant, value);
}

ob_status_t ob_upgrade_ints_to_input(ob_upgrade_t *up, const char *attribute, size_t index) {
  const ob_attribute_t *found = ob_upgrade_find(up, attribute);
  int64_t *values;
  ob_value_t *value;
  if (!found) return OB_OK;
  if (found->kind != OB_ATTRIBUTE_INTS) return fail_kind(attribute, "a list of integers");
  OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, found->count, &values));
  for (size_t i = 0; i < found->count; i++)
    if (!ob_expr_is_const(found->ints[i], &values[i])) return fail_kind(attribute, "a list of constants");
  OB_TRY(ob_upgrade_constant(up, attribute, values, found->count, false, &value));
  OB_TRY(ob_upgrade_set_input(up, index, value));
  ob_upgrade_drop(up, attribute);
  return OB_OK;
}

/* ------------------------------------------------------------ nodes */

static ob_status_t emit(ob_upgrade_t *up, const ob_upgrade_node_t *node, const char *output, ob_value_t **result) {
  ob_attribute_t attribute;
  ob_value_t *inputs[6];
  ob_record_t record = {.domain = "", .op = node->op, .opset = ONNX_OPSET, .output_count = 1};
  OB_TRY(ob_arena_printf(&up->importer->scratch, &record.name, "%s/%s", up->record->name, node->op));
  memcpy(inputs, node->inputs, sizeof inputs);
  record.inputs = inputs;
  record.input_count = node->input_count;
  record.outputs = &output;
  record.results = result;
  if (node->attribute) {
    OB_TRY(make_int(up, node->attribute, node->number, &attribute));
    record.attributes = &attribute;
    record.attribute_count = 1;
  }
  *result = NULL;
  return ob_record_emit(up->importer, up->scope, &record);
}

ob_status_t ob_upgrade_emit(ob_upgrade_t *up, const ob_upgrade_node_t *node, ob_value_t **result) {
  const char *first = up->record->output_count > 0 && up->record->outputs[0] ? up->record->outputs[0] : up->record->op, *output;
  OB_TRY(ob_arena_printf(&up->importer->scratch, &output, "%s/%s", first, node->op));
  return emit(up, node, output, result);
}

ob_status_t ob_upgrade_finish(ob_upgrade_t *up, const ob_upgrade_node_t *node) {
  ob_record_t *record = up->record;
  record->made = true;
  if (record->output_count == 0 || !record->outputs[0]) return OB_OK;
  return emit(up, node, record->outputs[0], &record->results[0]);
}
