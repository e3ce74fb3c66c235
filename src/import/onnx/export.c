/* A graph as a ModelProto, for engines whose libraries read ONNX. */
#include <stdio.h>
#include <string.h>

#include "base/dtype.h"
#include "base/str.h"
#include "import/onnx/export.h"

/* ------------------------------------------------------------ names */

/* Names must be unique in a graph and all graphs inside of it; what a body captures bears the name that it has outside. */
static ob_status_t unique_name(ob_exporter_t *exporter, ob_map_t *taken, const char *name, const char **unique) {
  *unique = name;
  for (size_t n = 2; ob_map_get(taken, *unique); n++) {
    if (n == 5 && taken->count > n) n = taken->count;
    OB_TRY(ob_arena_printf(&exporter->arena, unique, "%s.%zu", name, n));
  }
  return ob_map_set(taken, *unique, exporter);
}

ob_status_t ob_export_unique_name(ob_exporter_t *exporter, const char *name, const char **unique) {
  return unique_name(exporter, &exporter->taken, name, unique);
}

static ob_status_t name_nodes(ob_exporter_t *exporter, ob_exported_graph_t *out) {
  const ob_graph_t *graph = out->graph;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const char *name = graph->nodes.items[i]->name;
    OB_TRY(unique_name(exporter, &exporter->taken_by_nodes, name[0] ? name : graph->nodes.items[i]->op->name, &out->node_names[i]));
  }
  return OB_OK;
}

static ob_status_t name_values(ob_exporter_t *exporter, ob_exported_graph_t *out) {
  const ob_graph_t *graph = out->graph;
  for (size_t i = 0; i < graph->values.count; i++)
    if (!out->names[i]) OB_TRY(unique_name(exporter, &exporter->taken, graph->values.items[i]->name, &out->names[i]));
  return OB_OK;
}

static ob_status_t plan_body(ob_exporter_t *exporter, const ob_exported_graph_t *outer, const ob_body_t *body, uint32_t depth,
                             ob_exported_graph_t **out);

static ob_status_t plan_graph(ob_exporter_t *exporter, uint32_t depth, ob_exported_graph_t *out) {
  const ob_graph_t *graph = out->graph;
  ob_exported_graph_t **next = &out->bodies;
  if (depth > 64) return ob_fail(OB_UNSUPPORTED, "graphs are nested too deep to be written as ONNX");
  OB_TRY(name_values(exporter, out));
  OB_TRY(name_nodes(exporter, out));
  for (size_t i = 0; i < graph->nodes.count; i++)
    for (size_t b = 0; b < graph->nodes.items[i]->body_count; b++) {
      OB_TRY(plan_body(exporter, out, &graph->nodes.items[i]->bodies[b], depth + 1, next));
      next = &(*next)->next;
    }
  return OB_OK;
}

static ob_status_t new_graph(ob_exporter_t *exporter, const ob_graph_t *graph, ob_exported_graph_t **out) {
  OB_TRY(OB_ARENA_NEW(&exporter->arena, out));
  (*out)->graph = graph;
  OB_TRY(OB_ARENA_ARRAY(&exporter->arena, graph->values.count, &(*out)->names));
  return OB_ARENA_ARRAY(&exporter->arena, graph->nodes.count, &(*out)->node_names);
}

static ob_status_t plan_body(ob_exporter_t *exporter, const ob_exported_graph_t *outer, const ob_body_t *body, uint32_t depth,
                             ob_exported_graph_t **out) {
  OB_TRY(new_graph(exporter, body->graph, out));
  (*out)->formal = body->graph->inputs.count - body->capture_count;
  for (size_t i = 0; i < body->capture_count; i++)
    (*out)->names[body->graph->inputs.items[(*out)->formal + i]->id] = outer->names[body->captures[i]->id];
  return plan_graph(exporter, depth, *out);
}

/* ------------------------------------------------------------ types */

/* `numbers`: the dims where they are known, in place of the type's; NULL otherwise. */
static void put_dims(ob_exporter_t *exporter, const ob_type_t *type, const int64_t *numbers) {
  ob_wire_writer_t *w = &exporter->writer;
  ob_wire_nested_t shape = ob_wire_begin(w, 2);
  for (int32_t i = 0; i < type->rank; i++) {
    int64_t number = numbers ? numbers[i] : 0;
    ob_wire_nested_t dim = ob_wire_begin(w, 1);
    if (numbers || ob_expr_is_const(type->dims[i], &number)) {
      ob_wire_put_int(w, 1, number);
    } else {
      ob_str_t text;
      ob_str_init(&text, w->allocator);
      ob_expr_print(exporter->exprs, type->dims[i], &text);
      if (text.status != OB_OK && w->status == OB_OK) w->status = text.status;
      ob_wire_put_bytes(w, 2, text.text, text.size);
      ob_str_free(&text);
    }
    ob_wire_end(w, dim);
  }
  ob_wire_end(w, shape);
}

/* The content of a TypeProto. */
static void put_type(ob_exporter_t *exporter, const ob_type_t *type, const int64_t *numbers) {
  static const uint32_t fields[] = {[OB_TENSOR] = 1, [OB_SEQUENCE] = 4, [OB_OPTIONAL] = 9, [OB_MAP] = 5};
  ob_wire_writer_t *w = &exporter->writer;
  ob_wire_nested_t one = ob_wire_begin(w, fields[type->kind]);
  if (type->kind == OB_TENSOR || type->kind == OB_MAP) ob_wire_put_int(w, 1, type->dtype);
  if (type->kind == OB_TENSOR) {
    if (type->rank >= 0) put_dims(exporter, type, numbers);
  } else if (type->element) {
    ob_wire_nested_t element = ob_wire_begin(w, type->kind == OB_MAP ? 2 : 1);
    put_type(exporter, type->element, NULL);
    ob_wire_end(w, element);
  }
  ob_wire_end(w, one);
}

/* Shapes of the main graph may be those of a binding. */
static void put_value_info(ob_exporter_t *exporter, uint32_t field, const ob_exported_graph_t *out, const ob_value_t *value) {
  ob_wire_writer_t *w = &exporter->writer;
  const ob_binding_t *binding = out->binding;
  const char *name = out->names[value->id];
  const ob_type_t *type = &value->type;
  const int64_t *numbers = binding && type->rank >= 0 && binding->ranks[value->id] == type->rank ? binding->dims[value->id] : NULL;
  ob_wire_nested_t info = ob_wire_begin(w, field);
  ob_wire_put_text(w, 1, name);
  /* no element type: nothing is known, and an empty type would be wrong */
  if (type->kind != OB_TENSOR || type->dtype != OB_UNDEFINED) {
    ob_wire_nested_t proto = ob_wire_begin(w, 2);
    put_type(exporter, type, numbers);
    ob_wire_end(w, proto);
  }
  ob_wire_end(w, info);
}

/* ------------------------------------------------------------ tensors */

/* Four 6-bit floats go into three bytes. */
static void put_float6(ob_wire_writer_t *w, const ob_constant_t *constant) {
  const uint8_t *from = constant->data;
  size_t count = constant->bytes, bytes = count / 4 * 3 + (count % 4 * 6 + 7) / 8;
  ob_wire_put_head(w, 9, bytes);
  for (size_t i = 0; i < bytes; i++) {
    size_t bit = i * 8, at = bit / 6;
    unsigned word = (unsigned)from[at] & 0x3f;
    if (at + 1 < count) word |= ((unsigned)from[at + 1] & 0x3f) << 6;
    if (at + 2 < count) word |= ((unsigned)from[at + 2] & 0x3f) << 12;
    ob_wire_put_byte(w, (uint8_t)(word >> bit % 6));
  }
}

static void put_payload(ob_wire_writer_t *w, const ob_constant_t *constant) {
  if (constant->dtype == OB_STRING) {
    const ob_string_t *strings = constant->data;
    for (size_t i = 0; i < constant->bytes / sizeof *strings; i++) ob_wire_put_bytes(w, 6, strings[i].data, strings[i].size);
  } else if (constant->dtype == OB_FLOAT6E2M3 || constant->dtype == OB_FLOAT6E3M2) {
    put_float6(w, constant);
  } else {
    ob_wire_put_bytes(w, 9, constant->data, constant->bytes);
  }
}

static ob_status_t put_tensor(ob_exporter_t *exporter, uint32_t field, const char *name, const ob_constant_t *constant) {
  ob_wire_writer_t *w = &exporter->writer;
  if (constant->bytes > 0 && !constant->data)
    return ob_fail(OB_UNSUPPORTED, "constant '%s' is kept only in an engine's packed form", ob_quote(constant->name));
  ob_wire_nested_t tensor = ob_wire_begin(w, field);
  for (int32_t i = 0; i < constant->rank; i++) ob_wire_put_int(w, 1, constant->dims[i]);
  ob_wire_put_int(w, 2, constant->dtype);
  if (name) ob_wire_put_text(w, 8, name);
  put_payload(w, constant);
  ob_wire_end(w, tensor);
  return OB_OK;
}

/* A value that is nothing but content: numbers can be written, expressions cannot. `numbers`: what they come to, or NULL. */
static ob_status_t put_content(ob_exporter_t *exporter, const char *name, const ob_value_t *value, const int64_t *numbers) {
  ob_wire_writer_t *w = &exporter->writer;
  ob_wire_nested_t tensor = ob_wire_begin(w, 5);
  uint32_t field = value->type.dtype == OB_INT64 ? 7 : 5;
  if (value->type.rank == 1) ob_wire_put_int(w, 1, (int64_t)value->content_count);
  ob_wire_put_int(w, 2, value->type.dtype);
  for (size_t i = 0; i < value->content_count; i++) {
    int64_t number = numbers ? numbers[i] : 0;
    if (!numbers && !ob_expr_is_const(value->content[i], &number))
      return ob_fail(OB_UNSUPPORTED, "value '%s' depends on symbols, which ONNX cannot say", ob_quote(value->name));
    ob_wire_put_int(w, field, number);
  }
  ob_wire_put_text(w, 8, name);
  ob_wire_end(w, tensor);
  return OB_OK;
}

/* ------------------------------------------------------------ nodes */

static ob_status_t put_ints(ob_wire_writer_t *w, uint32_t field, const ob_attribute_t *attribute, const int64_t *numbers) {
  for (size_t i = 0; i < attribute->count; i++) {
    int64_t number = numbers ? numbers[i] : 0;
    if (!numbers && !ob_expr_is_const(attribute->ints[i], &number))
      return ob_fail(OB_UNSUPPORTED, "attribute '%s' depends on symbols, which ONNX cannot say", ob_quote(attribute->name));
    ob_wire_put_int(w, field, number);
  }
  return OB_OK;
}

static ob_status_t put_attribute_value(ob_exporter_t *exporter, const ob_attribute_t *attribute, const int64_t *numbers) {
  ob_wire_writer_t *w = &exporter->writer;
  switch (attribute->kind) {
    case OB_ATTRIBUTE_INT:
      ob_wire_put_int(w, 20, ONNX_INT);
      return put_ints(w, 3, attribute, numbers);
    case OB_ATTRIBUTE_INTS:
      ob_wire_put_int(w, 20, ONNX_INTS);
      return put_ints(w, 8, attribute, numbers);
    case OB_ATTRIBUTE_FLOAT:
    case OB_ATTRIBUTE_FLOATS:
      ob_wire_put_int(w, 20, attribute->kind == OB_ATTRIBUTE_FLOAT ? ONNX_FLOAT : ONNX_FLOATS);
      for (size_t i = 0; i < attribute->count; i++)
        ob_wire_put_float(w, attribute->kind == OB_ATTRIBUTE_FLOAT ? 2 : 7, attribute->floats[i]);
      return OB_OK;
    case OB_ATTRIBUTE_STRING:
    case OB_ATTRIBUTE_STRINGS:
      ob_wire_put_int(w, 20, attribute->kind == OB_ATTRIBUTE_STRING ? ONNX_STRING : ONNX_STRINGS);
      for (size_t i = 0; i < attribute->count; i++)
        ob_wire_put_bytes(w, attribute->kind == OB_ATTRIBUTE_STRING ? 4 : 9, attribute->strings[i].data,
                          attribute->strings[i].size);
      return OB_OK;
    case OB_ATTRIBUTE_TENSOR:
      ob_wire_put_int(w, 20, ONNX_TENSOR);
      return put_tensor(exporter, 5, NULL, attribute->tensor);
  }
  return ob_fail(OB_INTERNAL, "attribute '%s' has no kind", ob_quote(attribute->name));
}

/* The attribute of an Optional is a type in ONNX and its text here; the type of the output has it too. */
static bool is_optional_type(const ob_node_t *node, const ob_attribute_t *attribute) {
  return strcmp(node->op->name, "Optional") == 0 && strcmp(attribute->name, "type") == 0;
}

static void put_optional_type(ob_exporter_t *exporter, const ob_node_t *node) {
  ob_wire_writer_t *w = &exporter->writer;
  const ob_value_t *output = node->output_count > 0 ? node->outputs[0] : NULL;
  if (!output || output->type.kind != OB_OPTIONAL || !output->type.element) return;
  ob_wire_nested_t attribute = ob_wire_begin(w, 5);
  ob_wire_put_text(w, 1, "type");
  ob_wire_put_int(w, 20, ONNX_TYPE_PROTO);
  ob_wire_nested_t type = ob_wire_begin(w, 14);
  put_type(exporter, output->type.element, NULL);
  ob_wire_end(w, type);
  ob_wire_end(w, attribute);
}

static ob_status_t put_attribute(ob_exporter_t *exporter, const ob_attribute_t *attribute, const int64_t *numbers) {
  ob_wire_writer_t *w = &exporter->writer;
  ob_wire_nested_t nested = ob_wire_begin(w, 5);
  ob_wire_put_text(w, 1, attribute->name);
  OB_TRY(put_attribute_value(exporter, attribute, numbers));
  ob_wire_end(w, nested);
  return OB_OK;
}

static ob_status_t put_graph(ob_exporter_t *exporter, uint32_t field, const ob_exported_graph_t *out);

/* `*body` is the plan of the next body in the order of nodes. */
static ob_status_t put_node(ob_exporter_t *exporter, const ob_exported_graph_t *out, const ob_node_t *node,
                            const ob_exported_graph_t **body) {
  ob_wire_writer_t *w = &exporter->writer;
  if (node->op == &ob_op_region)
    return ob_fail(OB_UNSUPPORTED, "node '%s' calls a region, which ONNX cannot say", ob_quote(node->name));
  ob_wire_nested_t nested = ob_wire_begin(w, 1);
  for (size_t i = 0; i < node->input_count; i++) ob_wire_put_text(w, 1, node->inputs[i] ? out->names[node->inputs[i]->id] : "");
  for (size_t i = 0; i < node->output_count; i++) ob_wire_put_text(w, 2, node->outputs[i] ? out->names[node->outputs[i]->id] : "");
  ob_wire_put_text(w, 3, out->node_names[node->id]);
  ob_wire_put_text(w, 4, node->op->name);
  if (node->op->domain[0]) ob_wire_put_text(w, 7, node->op->domain);
  for (size_t i = 0; i < node->attribute_count; i++) {
    ob_status_t status = OB_OK;
    if (is_optional_type(node, &node->attributes[i]))
      put_optional_type(exporter, node);
    else
      status = put_attribute(exporter, &node->attributes[i], out->binding ? out->binding->attribute_ints[node->id][i] : NULL);
    if (status != OB_OK) return ob_fail_within(status, "node '%s': ", ob_quote(node->name));
  }
  for (size_t b = 0; b < node->body_count; b++, *body = (*body)->next) {
    ob_wire_nested_t attribute = ob_wire_begin(w, 5);
    ob_wire_put_text(w, 1, node->bodies[b].attribute);
    ob_wire_put_int(w, 20, ONNX_GRAPH);
    OB_TRY(put_graph(exporter, 6, *body));
    ob_wire_end(w, attribute);
  }
  ob_wire_end(w, nested);
  return OB_OK;
}

/* ------------------------------------------------------------ graphs and the model */

static bool is_input(const ob_graph_t *graph, const ob_value_t *value) {
  for (size_t i = 0; i < graph->inputs.count; i++)
    if (graph->inputs.items[i] == value) return true;
  return false;
}

static ob_status_t put_initializers(ob_exporter_t *exporter, const ob_exported_graph_t *out) {
  const ob_graph_t *graph = out->graph;
  for (size_t i = 0; i < graph->values.count; i++) {
    const ob_value_t *value = graph->values.items[i];
    if (value->constant)
      OB_TRY(put_tensor(exporter, 5, out->names[i], value->constant));
    else if (out->steps && ob_export_is_symbolic(graph, value))
      continue; /* its steps make it */
    else if (!value->producer && value->content && !is_input(graph, value))
      OB_TRY(put_content(exporter, out->names[i], value, out->binding ? out->binding->contents[i] : NULL));
  }
  return OB_OK;
}

/* A node that computes with sizes. */
static void put_step(ob_exporter_t *exporter, const ob_exported_step_t *step) {
  ob_wire_writer_t *w = &exporter->writer;
  ob_wire_nested_t nested = ob_wire_begin(w, 1);
  for (size_t i = 0; i < step->input_count; i++) ob_wire_put_text(w, 1, step->inputs[i]);
  ob_wire_put_text(w, 2, step->output);
  ob_wire_put_text(w, 4, step->op);
  for (size_t i = 0; i < 2 && step->attributes[i]; i++) {
    ob_wire_nested_t attribute = ob_wire_begin(w, 5);
    ob_wire_put_text(w, 1, step->attributes[i]);
    ob_wire_put_int(w, 20, ONNX_INT);
    ob_wire_put_int(w, 3, step->values[i]);
    ob_wire_end(w, attribute);
  }
  ob_wire_end(w, nested);
}

static void put_number(ob_exporter_t *exporter, const ob_exported_step_t *step) {
  ob_wire_writer_t *w = &exporter->writer;
  ob_wire_nested_t tensor = ob_wire_begin(w, 5);
  ob_wire_put_int(w, 1, 1);
  ob_wire_put_int(w, 2, OB_INT64);
  ob_wire_put_int(w, 7, step->values[0]);
  ob_wire_put_text(w, 8, step->output);
  ob_wire_end(w, tensor);
}

static ob_status_t put_graph(ob_exporter_t *exporter, uint32_t field, const ob_exported_graph_t *out) {
  ob_wire_writer_t *w = &exporter->writer;
  const ob_graph_t *graph = out->graph;
  const ob_exported_graph_t *body = out->bodies;
  ob_wire_nested_t nested = ob_wire_begin(w, field);
  for (const ob_exported_step_t *step = out->steps; step; step = step->next)
    if (step->op) put_step(exporter, step);
  for (size_t i = 0; i < graph->nodes.count; i++) OB_TRY(put_node(exporter, out, graph->nodes.items[i], &body));
  ob_wire_put_text(w, 2, graph->name[0] ? graph->name : "graph");
  OB_TRY(put_initializers(exporter, out));
  for (const ob_exported_step_t *step = out->steps; step; step = step->next)
    if (!step->op) put_number(exporter, step);
  for (size_t i = 0; i < out->formal; i++) {
    const ob_value_t *value = graph->inputs.items[i];
    put_value_info(exporter, 11, out, value);
  }
  for (size_t i = 0; i < graph->outputs.count; i++) {
    const ob_value_t *value = graph->outputs.items[i];
    put_value_info(exporter, 12, out, value);
  }
  ob_wire_end(w, nested);
  return OB_OK;
}

/* Other domains whose operators occur, each in the version whose definition the operators follow. */
static ob_status_t find_domains(ob_exporter_t *exporter, const ob_exported_graph_t *out) {
  for (size_t i = 0; i < out->graph->nodes.count; i++) {
    const ob_op_t *op = out->graph->nodes.items[i]->op;
    size_t k = 0;
    while (k < exporter->domains.count && strcmp(exporter->domains.items[k].name, op->domain) != 0) k++;
    if (op->domain[0] == 0 || strcmp(op->domain, "ai.onnx") == 0) continue;
    if (k == exporter->domains.count)
      OB_TRY(ob_array_push(exporter->writer.allocator, &exporter->domains, ((ob_exported_domain_t){op->domain, 1})));
    if (exporter->domains.items[k].version < op->since) exporter->domains.items[k].version = op->since;
  }
  for (const ob_exported_graph_t *body = out->bodies; body; body = body->next) OB_TRY(find_domains(exporter, body));
  return OB_OK;
}

static void put_opset(ob_wire_writer_t *w, const char *domain, int64_t version) {
  ob_wire_nested_t nested = ob_wire_begin(w, 8);
  ob_wire_put_text(w, 1, domain);
  ob_wire_put_int(w, 2, version);
  ob_wire_end(w, nested);
}

static ob_status_t put_model(ob_exporter_t *exporter, const ob_exported_graph_t *main) {
  ob_wire_writer_t *w = &exporter->writer;
  w->size = w->next = 0;
  ob_wire_put_int(w, 1, ONNX_IR_VERSION);
  ob_wire_put_text(w, 2, "outboard");
  ob_wire_put_text(w, 3, OB_VERSION);
  OB_TRY(put_graph(exporter, 7, main));
  put_opset(w, "", ob_export_opset(main));
  for (size_t i = 0; i < exporter->domains.count; i++)
    put_opset(w, exporter->domains.items[i].name, exporter->domains.items[i].version);
  return w->status;
}

static ob_status_t export_graph(ob_exporter_t *exporter, const ob_graph_t *graph, const ob_binding_t *binding) {
  ob_exported_graph_t *main;
  void *block;
  OB_TRY(new_graph(exporter, graph, &main));
  main->formal = graph->inputs.count;
  main->binding = binding;
  OB_TRY(plan_graph(exporter, 0, main));
  if (!binding) OB_TRY(ob_export_spell(exporter, main));
  OB_TRY(find_domains(exporter, main));
  OB_TRY(put_model(exporter, main));
  if (exporter->writer.size > INT32_MAX)
    return ob_fail(OB_UNSUPPORTED, "the graph takes %zu bytes as ONNX; readers of protobuf stop at 2 GB", exporter->writer.size);
  OB_TRY(ob_alloc_aligned(exporter->writer.allocator, exporter->writer.size, 16, &block));
  exporter->writer.out = block;
  return put_model(exporter, main);
}

ob_status_t ob_export_onnx_bound(const ob_graph_t *graph, const ob_binding_t *binding, const ob_allocator_t *allocator, void **bytes,
                                 size_t *size) {
  ob_exporter_t exporter = {.exprs = graph->module->exprs};
  allocator = ob_allocator_or_default(allocator);
  exporter.writer.allocator = allocator;
  ob_arena_init(&exporter.arena, allocator);
  ob_map_init(&exporter.taken, allocator);
  ob_map_init(&exporter.taken_by_nodes, allocator);
  *bytes = NULL;
  *size = 0;
  ob_status_t status = export_graph(&exporter, graph, binding);
  if (status == OB_OK) {
    *bytes = exporter.writer.out;
    *size = exporter.writer.size;
  } else {
    ob_free(allocator, exporter.writer.out);
  }
  ob_array_free(allocator, &exporter.writer.sizes);
  ob_array_free(allocator, &exporter.domains);
  ob_map_free(&exporter.taken);
  ob_map_free(&exporter.taken_by_nodes);
  ob_arena_free(&exporter.arena);
  return status;
}

ob_status_t ob_export_onnx(const ob_graph_t *graph, const ob_allocator_t *allocator, void **bytes, size_t *size) {
  return ob_export_onnx_bound(graph, NULL, allocator, bytes, size);
}
