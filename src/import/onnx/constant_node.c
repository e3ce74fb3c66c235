/* Constant nodes: every form of their value becomes a constant of the module. */
#include <string.h>

#include "import/onnx/importer.h"

static ob_status_t from_ints(ob_importer_t *importer, const char *name, const ob_attribute_t *from, int32_t rank,
                             const ob_constant_t **constant) {
  int64_t dim = (int64_t)from->count, *data;
  OB_TRY(ob_constant_allocate(importer->module, name, OB_INT64, rank, &dim, (void **)&data, constant));
  for (size_t i = 0; i < from->count; i++)
    if (!ob_expr_is_const(from->ints[i], &data[i])) return ob_fail(OB_INVALID_MODEL, "its value is not a number");
  return OB_OK;
}

static ob_status_t from_floats(ob_importer_t *importer, const char *name, const ob_attribute_t *from, int32_t rank,
                               const ob_constant_t **constant) {
  int64_t dim = (int64_t)from->count;
  void *data;
  OB_TRY(ob_constant_allocate(importer->module, name, OB_FLOAT32, rank, &dim, &data, constant));
  if (from->count > 0) memcpy(data, from->floats, from->count * sizeof *from->floats);
  return OB_OK;
}

/* The strings themselves move to the module's arena: attributes are read into memory that goes away. */
static ob_status_t from_strings(ob_importer_t *importer, const char *name, const ob_attribute_t *from, int32_t rank,
                                const ob_constant_t **constant) {
  int64_t dim = (int64_t)from->count;
  ob_string_t *data;
  OB_TRY(ob_constant_allocate(importer->module, name, OB_STRING, rank, &dim, (void **)&data, constant));
  for (size_t i = 0; i < from->count; i++) {
    OB_TRY(ob_arena_strndup(&importer->module->arena, from->strings[i].data, from->strings[i].size, &data[i].data));
    data[i].size = from->strings[i].size;
  }
  return OB_OK;
}

typedef ob_status_t make_t(ob_importer_t *importer, const char *name, const ob_attribute_t *from, int32_t rank,
                           const ob_constant_t **constant);
static const struct form {
  const char *attribute;
  ob_attribute_kind_t kind;
  int32_t rank;
  make_t *make; /* NULL: it is a tensor already */
} forms[] = {
    {"value", OB_ATTRIBUTE_TENSOR, 0, NULL},
    {"sparse_value", OB_ATTRIBUTE_TENSOR, 0, NULL},
    {"value_int", OB_ATTRIBUTE_INT, 0, from_ints},
    {"value_ints", OB_ATTRIBUTE_INTS, 1, from_ints},
    {"value_float", OB_ATTRIBUTE_FLOAT, 0, from_floats},
    {"value_floats", OB_ATTRIBUTE_FLOATS, 1, from_floats},
    {"value_string", OB_ATTRIBUTE_STRING, 0, from_strings},
    {"value_strings", OB_ATTRIBUTE_STRINGS, 1, from_strings},
};

static const struct form *find_form(const ob_attribute_t *attribute) {
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    if (strcmp(forms[i].attribute, attribute->name) == 0 && forms[i].kind == attribute->kind) return &forms[i];
  return NULL;
}

ob_status_t ob_import_constant(ob_importer_t *importer, ob_graph_t *graph, ob_record_t *record) {
  const ob_constant_t *constant;
  if (record->input_count != 0 || record->output_count != 1 || record->attribute_count != 1 || record->body_count != 0)
    return ob_fail(OB_INVALID_MODEL, "a Constant has no inputs, one output and one attribute; this has %zu, %zu and %zu",
                   record->input_count, record->output_count, record->attribute_count + record->body_count);
  const ob_attribute_t *attribute = &record->attributes[0];
  const struct form *form = find_form(attribute);
  if (!form) return ob_fail(OB_INVALID_MODEL, "attribute '%s' is not a value of a Constant", ob_quote(attribute->name));
  if (form->make)
    OB_TRY(form->make(importer, record->outputs[0], attribute, form->rank, &constant));
  else
    constant = attribute->tensor;
  record->made = true;
  return ob_value_from_constant(graph, constant, &record->results[0]);
}
