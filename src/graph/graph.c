/* Graphs: making values and nodes, attributes, uses. */
#include "graph/graph.h"

#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"

ob_status_t ob_graph_create(ob_module_t *module, const char *name, ob_graph_t **graph) {
  ob_graph_t *g;
  *graph = NULL;
  OB_TRY(OB_ARENA_NEW(&module->arena, &g));
  OB_TRY(ob_arena_strdup(&module->arena, name ? name : "", &g->name));
  g->module = module;
  g->index = (uint32_t)module->graphs.count;
  ob_map_init(&g->value_names, module->allocator);
  OB_TRY(ob_array_push(module->allocator, &module->graphs, g));
  *graph = g;
  return OB_OK;
}

/* ---------------------------------------------------------------- values */

/* `name`, or `name.2`, `name.3`, ... when it is taken; after a few tries with numbers that are likely to be free. */
static ob_status_t unique_value_name(ob_graph_t *graph, const char *name, const char **unique) {
  ob_arena_t *arena = &graph->module->arena;
  OB_TRY(ob_arena_strdup(arena, name && *name ? name : "value", unique));
  const char *base = *unique;
  for (size_t n = 2; ob_map_get(&graph->value_names, *unique); n = n == 9 && graph->values.count > n ? graph->values.count : n + 1)
    OB_TRY(ob_arena_printf(arena, unique, "%s.%zu", base, n));
  return OB_OK;
}

ob_status_t ob_value_create(ob_graph_t *graph, const char *name, ob_value_t **value) {
  ob_value_t *v;
  *value = NULL;
  OB_TRY(OB_ARENA_NEW(&graph->module->arena, &v));
  OB_TRY(unique_value_name(graph, name, &v->name));
  v->type.rank = -1;
  v->id = (uint32_t)graph->values.count;
  OB_TRY(ob_map_set(&graph->value_names, v->name, v));
  OB_TRY(ob_array_push(graph->module->allocator, &graph->values, v));
  *value = v;
  return OB_OK;
}

ob_status_t ob_graph_add_input(ob_graph_t *graph, ob_value_t *value) {
  return ob_array_push(graph->module->allocator, &graph->inputs, value);
}

ob_status_t ob_graph_add_output(ob_graph_t *graph, ob_value_t *value) {
  return ob_array_push(graph->module->allocator, &graph->outputs, value);
}

/* One element of a small integer constant. */
static int64_t element(const ob_constant_t *constant, size_t i) {
  const void *data = constant->data;
  switch (constant->dtype) {
    case OB_INT64:
    case OB_UINT64: {
      int64_t x;
      memcpy(&x, (const char *)data + 8 * i, 8);
      return x;
    }
    case OB_INT32: {
      int32_t x;
      memcpy(&x, (const char *)data + 4 * i, 4);
      return x;
    }
    default: return ((const uint8_t *)data)[i] != 0; /* bool */
  }
}

static bool has_content(const ob_constant_t *constant, size_t *count) {
  if (constant->rank > 1 || !constant->data || !ob_dims_count(constant->rank, constant->dims, count)) return false;
  if (constant->dtype != OB_INT64 && constant->dtype != OB_INT32 && constant->dtype != OB_BOOL) return false;
  return *count <= OB_MAX_CONTENT;
}

ob_status_t ob_value_from_constant(ob_graph_t *graph, const ob_constant_t *constant, ob_value_t **value) {
  return ob_value_from_constant_named(graph, constant, constant->name, value);
}

ob_status_t ob_value_from_constant_named(ob_graph_t *graph, const ob_constant_t *constant, const char *name, ob_value_t **value) {
  ob_module_t *module = graph->module;
  const ob_expr_t *dims[OB_MAX_RANK];
  size_t count;
  OB_TRY(ob_value_create(graph, name, value));
  (*value)->constant = constant;
  for (int32_t i = 0; i < constant->rank; i++) OB_TRY(ob_expr_const(module->exprs, constant->dims[i], &dims[i]));
  OB_TRY(ob_type_tensor(module, constant->dtype, constant->rank, dims, &(*value)->type));
  if (!has_content(constant, &count)) return OB_OK;
  const ob_expr_t **content;
  OB_TRY(OB_ARENA_ARRAY(&module->arena, count, &content));
  for (size_t i = 0; i < count; i++) OB_TRY(ob_expr_const(module->exprs, element(constant, i), &content[i]));
  (*value)->content = content;
  (*value)->content_count = count;
  return OB_OK;
}

ob_status_t ob_value_from_content(ob_graph_t *graph, const char *name, ob_dtype_t dtype, bool scalar,
                                  const ob_expr_t *const *content, size_t count, ob_value_t **value) {
  ob_module_t *module = graph->module;
  const ob_expr_t *dim;
  OB_TRY(ob_value_create(graph, name, value));
  OB_TRY(ob_expr_const(module->exprs, (int64_t)count, &dim));
  OB_TRY(ob_type_tensor(module, dtype, scalar ? 0 : 1, &dim, &(*value)->type));
  OB_TRY(ob_arena_copy(&module->arena, content, count * sizeof *content, (void **)(uintptr_t)&(*value)->content));
  (*value)->content_count = count;
  return OB_OK;
}

/* ---------------------------------------------------------------- nodes */

ob_status_t ob_node_create(ob_graph_t *graph, const struct ob_op *op, const char *name, size_t input_count, size_t output_count,
                           ob_node_t **node) {
  ob_arena_t *arena = &graph->module->arena;
  ob_node_t *n;
  *node = NULL;
  OB_TRY(OB_ARENA_NEW(arena, &n));
  OB_TRY(ob_arena_strdup(arena, name ? name : "", &n->name));
  OB_TRY(OB_ARENA_ARRAY(arena, input_count, &n->inputs));
  OB_TRY(OB_ARENA_ARRAY(arena, output_count, &n->outputs));
  n->op = op;
  n->graph = graph;
  n->id = (uint32_t)graph->nodes.count;
  n->input_count = input_count;
  n->output_count = output_count;
  OB_TRY(ob_array_push(graph->module->allocator, &graph->nodes, n));
  *node = n;
  return OB_OK;
}

void ob_node_set_output(ob_node_t *node, size_t index, ob_value_t *value) {
  node->outputs[index] = value;
  value->producer = node;
  value->output = (uint32_t)index;
}

const ob_attribute_t *ob_node_stated(const ob_node_t *node, const char *name) {
  for (size_t i = 0; i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, name) == 0) return &node->attributes[i];
  return NULL;
}

void ob_node_remove_attribute(ob_node_t *node, const char *name) {
  const ob_attribute_t *found = ob_node_stated(node, name);
  if (!found) return;
  size_t at = (size_t)(found - node->attributes);
  memmove(node->attributes + at, node->attributes + at + 1, (node->attribute_count - at - 1) * sizeof *found);
  node->attribute_count--;
}

static ob_status_t copy_strings(ob_arena_t *arena, const ob_attribute_t *from, ob_attribute_t *to) {
  ob_string_t *strings;
  OB_TRY(OB_ARENA_ARRAY(arena, from->count, &strings));
  for (size_t i = 0; i < from->count; i++) {
    strings[i].size = from->strings[i].size;
    OB_TRY(ob_arena_strndup(arena, from->strings[i].data, from->strings[i].size, &strings[i].data));
  }
  to->strings = strings;
  return OB_OK;
}

static ob_status_t copy_attribute(ob_arena_t *arena, const ob_attribute_t *from, ob_attribute_t *to) {
  *to = *from;
  OB_TRY(ob_arena_strdup(arena, from->name, &to->name));
  if (from->ints) OB_TRY(ob_arena_copy(arena, from->ints, from->count * sizeof *from->ints, (void **)(uintptr_t)&to->ints));
  if (from->floats) OB_TRY(ob_arena_copy(arena, from->floats, from->count * sizeof *from->floats, (void **)(uintptr_t)&to->floats));
  return from->strings ? copy_strings(arena, from, to) : OB_OK;
}

ob_status_t ob_node_set_attribute(ob_node_t *node, const ob_attribute_t *attribute) {
  ob_arena_t *arena = &node->graph->module->arena;
  ob_attribute_t copy, *all;
  OB_TRY(copy_attribute(arena, attribute, &copy));
  ob_attribute_t *old = (ob_attribute_t *)(uintptr_t)ob_node_stated(node, attribute->name);
  if (old) {
    *old = copy;
    return OB_OK;
  }
  OB_TRY(OB_ARENA_ARRAY(arena, node->attribute_count + 1, &all));
  if (node->attribute_count > 0) memcpy(all, node->attributes, node->attribute_count * sizeof *all);
  all[node->attribute_count++] = copy;
  node->attributes = all;
  return OB_OK;
}

ob_status_t ob_node_set_ints(ob_node_t *node, const char *name, const int64_t *values, size_t count) {
  const ob_expr_t **exprs;
  OB_TRY(OB_ARENA_ARRAY(&node->graph->module->arena, count, &exprs));
  for (size_t i = 0; i < count; i++) OB_TRY(ob_expr_const(node->graph->module->exprs, values[i], &exprs[i]));
  return ob_node_set_attribute(node, &(ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_INTS, .count = count, .ints = exprs});
}

ob_status_t ob_node_set_int(ob_node_t *node, const char *name, int64_t value) {
  const ob_expr_t *expr;
  OB_TRY(ob_expr_const(node->graph->module->exprs, value, &expr));
  return ob_node_set_attribute(node, &(ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_INT, .count = 1, .ints = &expr});
}

ob_status_t ob_node_set_float(ob_node_t *node, const char *name, float value) {
  return ob_node_set_attribute(node, &(ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_FLOAT, .count = 1, .floats = &value});
}

ob_status_t ob_node_set_string(ob_node_t *node, const char *name, const char *value) {
  ob_string_t string = {value, strlen(value)};
  return ob_node_set_attribute(node, &(ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_STRING, .count = 1, .strings = &string});
}

/* ---------------------------------------------------------------- uses */

void ob_graph_replace_uses(ob_graph_t *graph, ob_value_t *from, ob_value_t *to) {
  for (size_t i = 0; i < graph->nodes.count; i++) {
    ob_node_t *node = graph->nodes.items[i];
    for (size_t k = 0; k < node->input_count; k++)
      if (node->inputs[k] == from) node->inputs[k] = to;
    for (size_t b = 0; b < node->body_count; b++)
      for (size_t k = 0; k < node->bodies[b].capture_count; k++)
        if (node->bodies[b].captures[k] == from) node->bodies[b].captures[k] = to;
  }
  for (size_t i = 0; i < graph->outputs.count; i++)
    if (graph->outputs.items[i] == from) graph->outputs.items[i] = to;
}

void ob_graph_count_uses(const ob_graph_t *graph, uint32_t *counts) {
  memset(counts, 0, graph->values.count * sizeof *counts);
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t k = 0; k < node->input_count; k++)
      if (node->inputs[k]) counts[node->inputs[k]->id]++;
    for (size_t b = 0; b < node->body_count; b++)
      for (size_t k = 0; k < node->bodies[b].capture_count; k++) counts[node->bodies[b].captures[k]->id]++;
  }
  for (size_t i = 0; i < graph->outputs.count; i++) counts[graph->outputs.items[i]->id]++;
}
