/* AttributeProto: into the form of the graph, references to a function's attributes resolved. */
#include <string.h>

#include "import/onnx/importer.h"

typedef struct reader {
  ob_importer_t *importer;
  const char *node; /* for messages */
  onnx_attribute_t proto;
  ob_stated_t *out;
} reader_t;

static ob_status_t fail(const reader_t *reader, ob_status_t status, const char *words) {
  return ob_fail(status, "node '%s', attribute '%s': %s", ob_quote(reader->node), ob_quote(reader->out->attribute.name), words);
}

static ob_status_t set_int(reader_t *reader, ob_attribute_t *to) {
  const ob_expr_t **ints;
  OB_TRY(OB_ARENA_ARRAY(&reader->importer->scratch, 1, &ints));
  to->kind = OB_ATTRIBUTE_INT;
  to->count = 1;
  to->ints = ints;
  return ob_expr_const(reader->importer->module->exprs, reader->proto.i.value, &ints[0]);
}

static ob_status_t set_ints(reader_t *reader, ob_attribute_t *to) {
  const ob_expr_t **ints;
  int64_t value;
  size_t n = 0;
  OB_TRY(OB_ARENA_ARRAY(&reader->importer->scratch, reader->proto.ints.count, &ints));
  to->kind = OB_ATTRIBUTE_INTS;
  to->ints = ints;
  while (ob_wire_next_int(&reader->proto.ints, &value)) OB_TRY(ob_expr_const(reader->importer->module->exprs, value, &ints[n++]));
  to->count = n;
  return OB_OK;
}

static ob_status_t set_float(reader_t *reader, ob_attribute_t *to) {
  float *value;
  OB_TRY(OB_ARENA_ARRAY(&reader->importer->scratch, 1, &value));
  *value = reader->proto.f.value;
  *to = (ob_attribute_t){.name = to->name, .kind = OB_ATTRIBUTE_FLOAT, .count = 1, .floats = value};
  return OB_OK;
}

static ob_status_t set_floats(reader_t *reader, ob_attribute_t *to) {
  float *values;
  uint64_t bits;
  size_t n = 0;
  OB_TRY(OB_ARENA_ARRAY(&reader->importer->scratch, reader->proto.floats.count, &values));
  while (ob_wire_next_fixed(&reader->proto.floats, 4, &bits)) {
    uint32_t word = (uint32_t)bits;
    memcpy(&values[n++], &word, sizeof word);
  }
  *to = (ob_attribute_t){.name = to->name, .kind = OB_ATTRIBUTE_FLOATS, .count = n, .floats = values};
  return OB_OK;
}

/* Strings of attributes end in NUL too, so they are copied. They may hold any bytes. */
static ob_status_t copy_string(reader_t *reader, ob_wire_span_t span, ob_string_t *string) {
  string->size = span.size;
  return ob_arena_strndup(&reader->importer->scratch, (const char *)span.data, span.size, &string->data);
}

static ob_status_t set_strings(reader_t *reader, ob_attribute_t *to, bool one) {
  ob_string_t *strings;
  ob_wire_span_t span;
  size_t count = one ? 1 : reader->proto.strings.count, n = 0;
  OB_TRY(OB_ARENA_ARRAY(&reader->importer->scratch, count, &strings));
  if (one) OB_TRY(copy_string(reader, reader->proto.s, &strings[0]));
  while (!one && ob_wire_next_span(&reader->proto.strings, &span)) OB_TRY(copy_string(reader, span, &strings[n++]));
  *to = (ob_attribute_t){
      .name = to->name, .kind = one ? OB_ATTRIBUTE_STRING : OB_ATTRIBUTE_STRINGS, .count = count, .strings = strings};
  return OB_OK;
}

static ob_status_t set_tensor(reader_t *reader, ob_attribute_t *to, bool sparse) {
  const char *name;
  ob_wire_span_t bytes = sparse ? reader->proto.sparse_tensor : reader->proto.t;
  OB_TRY(ob_arena_printf(&reader->importer->scratch, &name, "%s/%s", reader->node, to->name));
  if (!bytes.present) return fail(reader, OB_INVALID_MODEL, "the tensor is missing");
  to->kind = OB_ATTRIBUTE_TENSOR;
  to->count = 1;
  return sparse ? ob_import_sparse(reader->importer, bytes, name, &to->tensor)
                : ob_import_tensor(reader->importer, bytes, name, &to->tensor);
}

/* A type, of the Optional operator, becomes its text: "seq(float32[?])". */
static ob_status_t set_type(reader_t *reader, ob_attribute_t *to) {
  ob_type_t type;
  ob_str_t text;
  ob_string_t *string;
  OB_TRY(ob_import_type(reader->importer, reader->proto.tp, reader->node, ONNX_DIMS_UNKNOWN, &type));
  OB_TRY(OB_ARENA_ARRAY(&reader->importer->scratch, 1, &string));
  ob_str_init(&text, reader->importer->allocator);
  ob_type_print(reader->importer->module->exprs, &type, &text);
  ob_status_t status = text.status;
  string->size = text.size;
  if (status == OB_OK) status = ob_arena_strndup(&reader->importer->scratch, text.text, text.size, &string->data);
  ob_str_free(&text);
  *to = (ob_attribute_t){.name = to->name, .kind = OB_ATTRIBUTE_STRING, .count = 1, .strings = string};
  return status;
}

static ob_status_t set_graph(reader_t *reader) {
  if (!reader->proto.g.present) return fail(reader, OB_INVALID_MODEL, "the graph is missing");
  reader->out->graph = reader->proto.g;
  return OB_OK;
}

/* Models of IR version 1 say no type: it is what is there. */
static int64_t type_of(const onnx_attribute_t *proto) {
  if (proto->type.value != 0) return proto->type.value;
  if (proto->f.present) return ONNX_FLOAT;
  if (proto->i.present) return ONNX_INT;
  if (proto->s.present) return ONNX_STRING;
  if (proto->t.present) return ONNX_TENSOR;
  if (proto->g.present) return ONNX_GRAPH;
  if (proto->floats.count) return ONNX_FLOATS;
  if (proto->strings.count) return ONNX_STRINGS;
  return ONNX_INTS; /* an empty list may be any: operators with optional lists nearly all have lists of integers */
}

static ob_status_t read_value(reader_t *reader) {
  ob_attribute_t *to = &reader->out->attribute;
  switch (type_of(&reader->proto)) {
    case ONNX_FLOAT:
      return set_float(reader, to);
    case ONNX_INT:
      return set_int(reader, to);
    case ONNX_STRING:
      return set_strings(reader, to, true);
    case ONNX_TENSOR:
      return set_tensor(reader, to, false);
    case ONNX_GRAPH:
      return set_graph(reader);
    case ONNX_FLOATS:
      return set_floats(reader, to);
    case ONNX_INTS:
      return set_ints(reader, to);
    case ONNX_STRINGS:
      return set_strings(reader, to, false);
    case ONNX_SPARSE_TENSOR:
      return set_tensor(reader, to, true);
    case ONNX_TYPE_PROTO:
      return set_type(reader, to);
    default:
      return fail(reader, OB_UNSUPPORTED, "lists of tensors, graphs or types are not supported");
  }
}

const ob_stated_t *ob_stated_find(const ob_stated_list_t *list, const char *name) {
  for (size_t i = 0; list && i < list->count; i++)
    if (strcmp(list->items[i].attribute.name, name) == 0) return &list->items[i];
  return NULL;
}

/* An attribute that stands for one of the function around. *known false: the caller left it out, so it is left out here. */
static ob_status_t resolve(reader_t *reader, const ob_scope_t *scope, bool *known) {
  const char *name, *own = reader->out->attribute.name;
  OB_TRY(ob_import_text(reader->importer, reader->proto.ref_name, &name));
  if (!scope || !scope->arguments)
    return fail(reader, OB_INVALID_MODEL, "refers to an attribute of a function, outside of any function");
  const ob_stated_t *argument = ob_stated_find(scope->arguments, name);
  if (argument && argument->graph.present)
    return fail(reader, OB_UNSUPPORTED, "refers to a graph that the caller of the function gives");
  *known = argument != NULL;
  if (argument) *reader->out = *argument;
  reader->out->attribute.name = own;
  return OB_OK;
}

static ob_status_t read_attribute(ob_importer_t *importer, const ob_scope_t *scope, ob_wire_span_t bytes, const char *node,
                                  ob_stated_list_t *list) {
  ob_stated_t out = {0};
  reader_t reader = {.importer = importer, .node = node, .out = &out};
  bool known = true;
  OB_TRY(onnx_attribute_read(bytes, &reader.proto));
  OB_TRY(ob_import_text(importer, reader.proto.name, &out.attribute.name));
  if (out.attribute.name[0] == 0) return ob_fail(OB_INVALID_MODEL, "node '%s' has an attribute without a name", ob_quote(node));
  if (ob_stated_find(list, out.attribute.name)) return fail(&reader, OB_INVALID_MODEL, "given twice");
  if (reader.proto.ref_name.size > 0)
    OB_TRY(resolve(&reader, scope, &known));
  else
    OB_TRY(read_value(&reader));
  if (known) list->items[list->count++] = out;
  return OB_OK;
}

ob_status_t ob_import_attributes(ob_importer_t *importer, const ob_scope_t *scope, ob_wire_list_t entries, const char *node,
                                 ob_stated_list_t *list) {
  ob_wire_span_t bytes;
  *list = (ob_stated_list_t){0};
  /* No operator has many; the bound keeps a million empty ones from being looked at more than once. */
  if (entries.count > ONNX_MAX_ATTRIBUTES)
    return ob_fail(OB_INVALID_MODEL, "node '%s' has %zu attributes", ob_quote(node), entries.count);
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, entries.count, &list->items));
  while (ob_wire_next_span(&entries, &bytes)) OB_TRY(read_attribute(importer, scope, bytes, node, list));
  return OB_OK;
}
