/* Modules: life, constants, and what main does not reach. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "graph/graph.h"

ob_status_t ob_module_create(const ob_allocator_t *allocator, ob_module_t **module) {
  ob_module_t *m;
  *module = NULL;
  allocator = ob_allocator_or_default(allocator);
  OB_TRY(OB_NEW(allocator, &m));
  m->allocator = allocator;
  ob_arena_init(&m->arena, allocator);
  ob_map_init(&m->constants_by_name, allocator);
  ob_status_t status = ob_expr_pool_create(&m->arena, &m->exprs);
  if (status != OB_OK) {
    ob_module_free(m);
    return status;
  }
  *module = m;
  return OB_OK;
}

static void free_graph(const ob_allocator_t *allocator, ob_graph_t *graph) {
  ob_array_free(allocator, &graph->values);
  ob_array_free(allocator, &graph->nodes);
  ob_array_free(allocator, &graph->inputs);
  ob_array_free(allocator, &graph->outputs);
  ob_map_free(&graph->value_names);
}

void ob_graph_discard(ob_graph_t *graph) {
  ob_module_t *module = graph->module;
  if (module->graphs.count == 0 || module->graphs.items[module->graphs.count - 1] != graph) return;
  free_graph(module->allocator, graph);
  module->graphs.count--;
}

void ob_module_free(ob_module_t *module) {
  if (!module) return;
  const ob_allocator_t *allocator = module->allocator;
  for (size_t i = 0; i < module->graphs.count; i++) free_graph(allocator, module->graphs.items[i]);
  for (size_t i = 0; i < module->regions.count; i++) ob_array_free(allocator, &module->regions.items[i]->packed);
  for (size_t i = 0; i < module->mappings.count; i++) ob_mapping_close(&module->mappings.items[i]);
  for (size_t i = 0; i < module->blocks.count; i++) ob_free(allocator, module->blocks.items[i]);
  ob_array_free(allocator, &module->graphs);
  ob_array_free(allocator, &module->regions);
  ob_array_free(allocator, &module->constants);
  ob_array_free(allocator, &module->guards);
  ob_array_free(allocator, &module->mappings);
  ob_array_free(allocator, &module->blocks);
  ob_array_free(allocator, &module->metadata);
  ob_map_free(&module->constants_by_name);
  ob_arena_free(&module->arena);
  json_decref(module->document);
  ob_free(allocator, module);
}

/* `name`, or `name.2`, `name.3`, ... when it is taken; after a few tries with numbers that are likely to be free. */
static ob_status_t unique_constant_name(ob_module_t *module, const char *name, const char **unique) {
  size_t count = module->constants.count;
  OB_TRY(ob_arena_strdup(&module->arena, name && *name ? name : "constant", unique));
  const char *base = *unique;
  for (size_t n = 2; ob_map_get(&module->constants_by_name, *unique); n = n == 9 && count > n ? count : n + 1)
    OB_TRY(ob_arena_printf(&module->arena, unique, "%s.%zu", base, n));
  return OB_OK;
}

ob_status_t ob_constant_create(ob_module_t *module, const char *name, ob_dtype_t dtype, int32_t rank, const int64_t *dims,
                               const void *data, size_t bytes, const ob_constant_t **constant) {
  ob_constant_t *c;
  size_t wanted;
  *constant = NULL;
  if (rank < 0 || rank > OB_MAX_RANK) return ob_fail(OB_INVALID_MODEL, "constant '%s': rank %d", ob_quote(name), (int)rank);
  if (!ob_tensor_bytes(dtype, rank, dims, &wanted))
    return ob_fail(OB_INVALID_MODEL, "constant '%s': a dim is negative or the size overflows", ob_quote(name));
  if (wanted != bytes)
    return ob_fail(OB_INVALID_MODEL, "constant '%s': %zu bytes of data, its shape needs %zu", ob_quote(name), bytes, wanted);
  OB_TRY(OB_ARENA_NEW(&module->arena, &c));
  OB_TRY(unique_constant_name(module, name, &c->name));
  OB_TRY(ob_arena_copy(&module->arena, dims, (size_t)rank * sizeof *dims, (void **)(uintptr_t)&c->dims));
  c->dtype = dtype;
  c->rank = rank;
  c->data = data;
  c->bytes = bytes;
  c->index = (uint32_t)module->constants.count;
  OB_TRY(ob_map_set(&module->constants_by_name, c->name, c));
  OB_TRY(ob_array_push(module->allocator, &module->constants, c));
  *constant = c;
  return OB_OK;
}

ob_status_t ob_constant_allocate(ob_module_t *module, const char *name, ob_dtype_t dtype, int32_t rank, const int64_t *dims,
                                 void **data, const ob_constant_t **constant) {
  size_t bytes;
  void *block;
  *data = NULL;
  if (!ob_tensor_bytes(dtype, rank, dims, &bytes))
    return ob_fail(OB_INVALID_MODEL, "constant '%s': a dim is negative or the size overflows", ob_quote(name));
  OB_TRY(ob_array_reserve(module->allocator, &module->blocks, 1));
  OB_TRY(ob_alloc_aligned(module->allocator, bytes, 64, &block));
  memset(block, 0, bytes);
  module->blocks.items[module->blocks.count++] = block;
  *data = block;
  return ob_constant_create(module, name, dtype, rank, dims, block, bytes, constant);
}

/* ---------------------------------------------------------------- reach */

typedef struct {
  bool *graphs, *regions, *constants;
} reach_t;

static void reach_graph(const ob_graph_t *graph, reach_t *reach) {
  if (reach->graphs[graph->index]) return;
  reach->graphs[graph->index] = true;
  for (size_t i = 0; i < graph->values.count; i++)
    if (graph->values.items[i]->constant) reach->constants[graph->values.items[i]->constant->index] = true;
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    for (size_t a = 0; a < node->attribute_count; a++)
      if (node->attributes[a].tensor) reach->constants[node->attributes[a].tensor->index] = true;
    for (size_t b = 0; b < node->body_count; b++) reach_graph(node->bodies[b].graph, reach);
    if (!node->region) continue;
    reach->regions[node->region->index] = true;
    for (size_t p = 0; p < node->region->packed.count; p++)
      if (node->region->packed.items[p].constant) reach->constants[node->region->packed.items[p].constant->index] = true;
    reach_graph(node->region->body, reach);
  }
}

static ob_status_t drop_constants(ob_module_t *module, const bool *kept) {
  ob_map_t names;
  ob_map_init(&names, module->allocator);
  for (size_t i = 0; i < module->constants.count; i++) {
    if (!kept[i]) continue;
    ob_status_t status = ob_map_set(&names, module->constants.items[i]->name, module->constants.items[i]);
    if (status != OB_OK) {
      ob_map_free(&names);
      return status;
    }
  }
  ob_map_free(&module->constants_by_name);
  module->constants_by_name = names;
  size_t count = 0;
  for (size_t i = 0; i < module->constants.count; i++) {
    if (!kept[i]) continue;
    module->constants.items[i]->index = (uint32_t)count;
    module->constants.items[count++] = module->constants.items[i];
  }
  module->constants.count = count;
  return OB_OK;
}

static void drop_graphs(ob_module_t *module, const bool *kept) {
  size_t count = 0;
  for (size_t i = 0; i < module->graphs.count; i++) {
    ob_graph_t *graph = module->graphs.items[i];
    if (!kept[i]) {
      free_graph(module->allocator, graph);
      continue;
    }
    graph->index = (uint32_t)count;
    module->graphs.items[count++] = graph;
  }
  module->graphs.count = count;
}

static void drop_regions(ob_module_t *module, const bool *kept) {
  size_t count = 0;
  for (size_t i = 0; i < module->regions.count; i++) {
    ob_region_t *region = module->regions.items[i];
    if (!kept[i]) {
      ob_array_free(module->allocator, &region->packed);
      continue;
    }
    region->index = (uint32_t)count;
    module->regions.items[count++] = region;
  }
  module->regions.count = count;
}

ob_status_t ob_module_compact(ob_module_t *module) {
  bool *marks;
  size_t graphs = module->graphs.count, regions = module->regions.count;
  OB_TRY(OB_NEW_ARRAY(module->allocator, graphs + regions + module->constants.count, &marks));
  reach_t reach = {marks, marks + graphs, marks + graphs + regions};
  if (module->main) reach_graph(module->main, &reach);
  ob_status_t status = drop_constants(module, reach.constants);
  if (status == OB_OK) {
    drop_graphs(module, reach.graphs);
    drop_regions(module, reach.regions);
  }
  ob_free(module->allocator, marks);
  return status;
}
