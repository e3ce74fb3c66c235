/* Constant folding for the passes: single nodes run on the engine `ref` with their constant inputs. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "pass/pass.h"
#include "runtime/bind.h"
#include "runtime/model.h"

/* One node on its own. */
typedef struct single {
  ob_folder_t *folder;
  ob_node_t *node; /* the model's */
  ob_graph_t *graph;
  ob_region_t region;
  ob_unit_t *unit;
  ob_backend_t *backend;
  ob_bound_t *bound;
  ob_arena_t arena;
  void **outputs;
  size_t *bytes;
} single_t;

static bool is_candidate(const ob_node_t *node) {
  if ((node->op->flags & (OB_OP_RANDOM | OB_OP_CONTROL)) || node->body_count > 0) return false;
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i] && (!node->inputs[i]->constant || node->inputs[i]->constant->dtype == OB_STRING)) return false;
  for (size_t a = 0; a < node->attribute_count; a++)
    for (size_t i = 0; node->attributes[a].ints && i < node->attributes[a].count; i++)
      if (node->attributes[a].ints[i]->op != OB_EXPR_CONST) return false;
  return true;
}

/* A graph of its own with a copy of the node; attributes are shared, they do not change. */
static ob_status_t build_graph(single_t *single) {
  const ob_node_t *node = single->node;
  ob_module_t *module = node->graph->module;
  ob_node_t *copy;
  OB_TRY(ob_graph_create(module, "fold", &single->graph));
  OB_TRY(ob_node_create(single->graph, node->op, node->name, node->input_count, node->output_count, &copy));
  copy->attributes = node->attributes;
  copy->attribute_count = node->attribute_count;
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i]) OB_TRY(ob_value_from_constant(single->graph, node->inputs[i]->constant, &copy->inputs[i]));
  for (size_t o = 0; o < node->output_count; o++) {
    ob_value_t *value;
    if (!node->outputs[o]) continue;
    OB_TRY(ob_value_create(single->graph, node->outputs[o]->name, &value));
    ob_node_set_output(copy, o, value);
    OB_TRY(ob_graph_add_output(single->graph, value));
  }
  return ob_infer_node(copy);
}

/* Room for the outputs. False when their shapes are not known. */
static ob_status_t make_room(single_t *single, bool *fits) {
  const ob_graph_t *graph = single->graph;
  OB_TRY(OB_ARENA_ARRAY(&single->arena, graph->outputs.count, &single->outputs));
  OB_TRY(OB_ARENA_ARRAY(&single->arena, graph->outputs.count, &single->bytes));
  for (size_t o = 0; o < graph->outputs.count; o++) {
    const ob_type_t *type = &graph->outputs.items[o]->type;
    int64_t dims[OB_MAX_RANK];
    void *room;
    *fits = ob_type_is_plain(type->kind, type->dtype) && ob_dtype_is_valid(type->dtype) && type->rank >= 0 &&
            ob_type_is_static(type, dims) && ob_tensor_bytes(type->dtype, type->rank, dims, &single->bytes[o]);
    if (!*fits) return OB_OK;
    OB_TRY(ob_arena_alloc(&single->arena, single->bytes[o] + 64, &room));
    single->outputs[o] = (void *)(((uintptr_t)room + 63) & ~(uintptr_t)63);
  }
  return OB_OK;
}

static ob_status_t refuse_allocate(const ob_call_t *call, uint32_t output, int32_t rank, const int64_t *dims, void **data) {
  (void)call, (void)output, (void)rank, (void)dims;
  *data = NULL;
  return ob_fail(OB_UNSUPPORTED, "no output of unknown shape is folded");
}

static ob_status_t refuse_put(const ob_call_t *call, uint32_t output, const ob_tensor_t *value) {
  (void)call, (void)output, (void)value;
  return ob_fail(OB_UNSUPPORTED, "only tensors of numbers are folded");
}

static ob_status_t run(single_t *single) {
  ob_model_t *model = single->folder->model;
  single->region = (ob_region_t){.symbol = single->node->name, .engine = "ref", .body = single->graph};
  OB_TRY(ob_unit_create(model, &single->region, &single->unit));
  ob_backend_request_t request = {single->unit, single->folder->engine, false};
  OB_TRY(ob_backend_create(&request, &single->backend));
  int64_t *symbols;
  OB_TRY(OB_ARENA_ARRAY(&single->arena, ob_expr_symbol_count(model->module->exprs), &symbols));
  ob_bind_request_t bind = {.symbols = symbols, .threads = 1};
  OB_TRY(ob_backend_bind(single->backend, &bind, &single->bound));
  void *workspace;
  OB_TRY(ob_arena_alloc(&single->arena, single->bound->info.workspace_bytes + 64, &workspace));
  ob_call_t call = {.struct_size = sizeof call,
                    .inputs = (const void *const *)single->outputs, /* there are none */
                    .outputs = single->outputs,
                    .workspace = (void *)(((uintptr_t)workspace + 63) & ~(uintptr_t)63),
                    .allocate = refuse_allocate,
                    .put = refuse_put};
  return single->bound->run(single->bound->instance, &call);
}

static ob_status_t keep(const single_t *single, const ob_constant_t **outputs) {
  size_t at = 0;
  for (size_t o = 0; o < single->node->output_count; o++) {
    outputs[o] = NULL;
    if (!single->node->outputs[o]) continue;
    const ob_type_t *type = &single->graph->outputs.items[at]->type;
    int64_t dims[OB_MAX_RANK];
    void *data;
    if (!ob_type_is_static(type, dims)) return ob_fail(OB_INTERNAL, "a folded output lost its shape");
    OB_TRY(ob_constant_allocate(single->node->graph->module, single->node->outputs[o]->name, type->dtype, type->rank, dims,
                                &data, &outputs[o]));
    if (single->bytes[at] > 0) memcpy(data, single->outputs[at], single->bytes[at]);
    at++;
  }
  return OB_OK;
}

static bool engine_takes(const single_t *single) {
  ob_region_view_t *view;
  ob_arena_t arena;
  char reason[256];
  ob_arena_init(&arena, single->folder->model->allocator);
  bool takes = ob_view_create(single->graph, "fold", NULL, &arena, &view) == OB_OK &&
               ob_engine_supports(single->folder->engine, view, view->nodes[0], reason, sizeof reason);
  ob_arena_free(&arena);
  return takes;
}

static void clean_up(single_t *single) {
  if (single->bound) ob_bound_discard(single->bound);
  ob_backend_free(single->backend);
  ob_unit_free(single->unit);
  ob_arena_free(&single->arena);
  if (single->graph) ob_graph_discard(single->graph);
}

/* A node that fails here is left as it is: it fails again at run time, where the user sees it. */
static ob_status_t evaluate(void *self, ob_node_t *node, const ob_constant_t **outputs, bool *done) {
  single_t single = {.folder = self, .node = node};
  bool fits = false;
  *done = false;
  if (!is_candidate(node)) return OB_OK;
  ob_arena_init(&single.arena, single.folder->model->allocator);
  ob_status_t status = build_graph(&single);
  if (status == OB_OK) status = make_room(&single, &fits);
  if (status == OB_OK && fits && engine_takes(&single)) {
    status = run(&single);
    *done = status == OB_OK;
    if (*done) status = keep(&single, outputs);
  }
  clean_up(&single);
  if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  *done = false;
  return OB_OK;
}

void ob_folder_evaluator(ob_folder_t *folder, struct ob_evaluator *evaluator) {
  *evaluator = (ob_evaluator_t){.self = folder, .evaluate = evaluate};
}
