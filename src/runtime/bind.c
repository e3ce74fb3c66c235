/* Bindings: numbers for the dims, contents and attributes of a region, from symbols or from a second inference. */
#include "runtime/bind.h"

#include <string.h>

#include "base/checked.h"
#include "op/op.h"

/* While a binding is made. */
typedef struct maker {
  const ob_backend_t *backend;
  const ob_graph_t *body;
  const int64_t *symbols;
  ob_arena_t *arena;
  int32_t *ranks;
  const int64_t **dims, **contents;
  const int64_t *const **attributes;
} maker_t;

static ob_status_t start(maker_t *maker, const ob_bind_request_t *request, ob_binding_t *binding) {
  const ob_region_view_t *view = maker->backend->view;
  maker->body = maker->backend->unit->region->body;
  maker->symbols = request->symbols;
  OB_TRY(OB_ARENA_ARRAY(maker->arena, view->value_count, &maker->ranks));
  OB_TRY(OB_ARENA_ARRAY(maker->arena, view->value_count, &maker->dims));
  OB_TRY(OB_ARENA_ARRAY(maker->arena, view->value_count, &maker->contents));
  OB_TRY(OB_ARENA_ARRAY(maker->arena, view->node_count, &maker->attributes));
  *binding = (ob_binding_t){.struct_size = sizeof *binding,
                            .region = view,
                            .threads = request->threads,
                            .dims = maker->dims,
                            .ranks = maker->ranks,
                            .contents = maker->contents,
                            .attribute_ints = maker->attributes};
  return OB_OK;
}

/* Evaluates a list of expressions. `what` and `name` are for messages. */
static ob_status_t eval_list(const maker_t *maker, const ob_expr_t *const *exprs, size_t count, const char *what,
                             const char *name, const int64_t **numbers) {
  int64_t *list;
  OB_TRY(OB_ARENA_ARRAY(maker->arena, count, &list));
  for (size_t i = 0; i < count; i++) {
    ob_status_t status = ob_expr_eval(exprs[i], maker->symbols, &list[i]);
    if (status != OB_OK) return ob_fail_within(status, "%s %zu of '%s': ", what, i, ob_quote(name));
  }
  *numbers = list;
  return OB_OK;
}

static ob_status_t symbolic_attribute(const maker_t *maker, const ob_node_t *node, const char *name,
                                      const int64_t **numbers) {
  const ob_attribute_t *stated = ob_node_stated(node, name);
  if (!stated) return ob_fail(OB_INTERNAL, "node '%s' has no attribute '%s'", ob_quote(node->name), name);
  return eval_list(maker, stated->ints, stated->count, name, node->name, numbers);
}

static ob_status_t make_attributes(const maker_t *maker) {
  const ob_region_view_t *view = maker->backend->view;
  for (size_t n = 0; n < view->node_count; n++) {
    const ob_node_view_t *node = view->nodes[n];
    const int64_t **numbers;
    OB_TRY(OB_ARENA_ARRAY(maker->arena, node->attribute_count, &numbers));
    for (size_t a = 0; a < node->attribute_count; a++) {
      const ob_attribute_view_t *attribute = node->attributes[a];
      if (attribute->kind != OB_ATTRIBUTE_INT && attribute->kind != OB_ATTRIBUTE_INTS) continue;
      if (attribute->symbolic)
        OB_TRY(symbolic_attribute(maker, maker->body->nodes.items[n], attribute->name, &numbers[a]));
      else
        numbers[a] = attribute->ints;
    }
    maker->attributes[n] = numbers;
  }
  return OB_OK;
}

bool ob_value_is_symbolic(const ob_graph_t *graph, const ob_value_t *value) {
  if (!value->content || value->producer || value->constant) return false;
  for (size_t i = 0; i < graph->inputs.count; i++)
    if (graph->inputs.items[i] == value) return false;
  return true;
}

ob_status_t ob_binding_from_symbols(const ob_backend_t *backend, const ob_bind_request_t *request, ob_arena_t *arena,
                                    ob_binding_t *binding) {
  maker_t maker = {.backend = backend, .arena = arena};
  OB_TRY(start(&maker, request, binding));
  for (size_t v = 0; v < maker.body->values.count; v++) {
    const ob_value_t *value = maker.body->values.items[v];
    maker.ranks[v] = value->type.kind == OB_TENSOR ? value->type.rank : -1;
    if (maker.ranks[v] >= 0)
      OB_TRY(eval_list(&maker, value->type.dims, (size_t)value->type.rank, "axis", value->name, &maker.dims[v]));
    for (int32_t i = 0; i < maker.ranks[v]; i++)
      if (maker.dims[v][i] < 0)
        return ob_fail(OB_INVALID_ARGUMENT, "axis %d of '%s' comes to %lld", i, ob_quote(value->name),
                       (long long)maker.dims[v][i]);
    if (value->content)
      OB_TRY(eval_list(&maker, value->content, value->content_count, "element", value->name, &maker.contents[v]));
  }
  return make_attributes(&maker);
}

/* ---------------------------------------------------------------- by a second inference */

static ob_status_t const_exprs(ob_module_t *module, const int64_t *numbers, size_t count, const ob_expr_t *const **exprs) {
  const ob_expr_t **list;
  OB_TRY(OB_ARENA_ARRAY(&module->arena, count, &list));
  for (size_t i = 0; i < count; i++) OB_TRY(ob_expr_const(module->exprs, numbers[i], &list[i]));
  *exprs = list;
  return OB_OK;
}

/* Tells the copy's input what it is in this call. */
static ob_status_t set_input(ob_graph_t *copy, ob_value_t *value, const ob_tensor_t *tensor, bool with_content) {
  ob_module_t *module = copy->module;
  if (!tensor || tensor->kind != OB_TENSOR) return OB_OK;
  value->type.rank = tensor->rank;
  OB_TRY(const_exprs(module, tensor->dims, (size_t)tensor->rank, &value->type.dims));
  value->content = NULL;
  value->content_count = 0;
  if (!with_content || !ob_content_is_small(tensor->dtype, tensor->rank, tensor->dims)) return OB_OK;
  const ob_constant_t *constant;
  ob_value_t *twin;
  OB_TRY(ob_constant_create(module, value->name, tensor->dtype, tensor->rank, tensor->dims, tensor->data,
                            ob_dtype_bytes(tensor->dtype, tensor->rank == 1 ? (size_t)tensor->dims[0] : 1), &constant));
  OB_TRY(ob_value_from_constant(copy, constant, &twin));
  value->constant = constant;
  value->content = twin->content;
  value->content_count = twin->content_count;
  return OB_OK;
}

/* Replaces contents and attributes over outer symbols by their numbers, and forgets what was inferred without them. */
static ob_status_t prepare_copy(const maker_t *maker, const ob_bind_request_t *request, ob_graph_t *copy) {
  bool with_content = maker->backend->unit->content_matters;
  for (size_t v = 0; v < copy->values.count; v++) {
    ob_value_t *value = copy->values.items[v];
    const ob_value_t *original = maker->body->values.items[v];
    if (ob_value_is_symbolic(maker->body, original)) {
      OB_TRY(eval_list(maker, original->content, original->content_count, "element", original->name, &maker->contents[v]));
      OB_TRY(const_exprs(copy->module, maker->contents[v], value->content_count, &value->content));
    } else if (value->producer) {
      value->type.rank = -1;
      value->type.dims = NULL;
      value->content = NULL;
      value->content_count = 0;
    }
  }
  for (size_t n = 0; n < copy->nodes.count; n++) {
    const ob_node_t *original = maker->body->nodes.items[n];
    ob_node_t *node = copy->nodes.items[n];
    for (size_t a = 0; a < node->attribute_count; a++) {
      const int64_t *numbers;
      if (!node->attributes[a].ints) continue;
      OB_TRY(symbolic_attribute(maker, original, node->attributes[a].name, &numbers));
      OB_TRY(const_exprs(copy->module, numbers, node->attributes[a].count, &node->attributes[a].ints));
    }
  }
  for (size_t i = 0; i < copy->inputs.count; i++)
    OB_TRY(set_input(copy, copy->inputs.items[i], request->inputs[i], with_content));
  return OB_OK;
}

/* Takes the numbers that the second inference found; what it could not find stays unknown. */
static ob_status_t take_value(const maker_t *maker, const ob_value_t *value, size_t v) {
  int64_t dims[OB_MAX_RANK], *copy;
  maker->ranks[v] = -1;
  if (value->type.kind != OB_TENSOR || value->type.rank < 0 || !ob_type_is_static(&value->type, dims)) return OB_OK;
  maker->ranks[v] = value->type.rank;
  OB_TRY(ob_arena_copy(maker->arena, dims, (size_t)value->type.rank * sizeof *dims, (void **)&copy));
  maker->dims[v] = copy;
  if (!value->content || maker->contents[v]) return OB_OK;
  OB_TRY(OB_ARENA_ARRAY(maker->arena, value->content_count, &copy));
  for (size_t i = 0; i < value->content_count; i++)
    if (!ob_expr_is_const(value->content[i], &copy[i])) return OB_OK;
  maker->contents[v] = copy;
  return OB_OK;
}

ob_status_t ob_binding_from_inputs(const ob_backend_t *backend, const ob_bind_request_t *request, ob_arena_t *arena,
                                   ob_binding_t *binding) {
  maker_t maker = {.backend = backend, .arena = arena};
  ob_module_t *module = NULL;
  ob_graph_t *copy;
  ob_status_t status;
  OB_TRY(start(&maker, request, binding));
  OB_TRY(ob_module_create(backend->unit->model->allocator, &module));
  OB_TRY_GOTO(status, ob_graph_clone(maker.body, module, &copy), out);
  OB_TRY_GOTO(status, prepare_copy(&maker, request, copy), out);
  for (size_t n = 0; n < copy->nodes.count; n++) OB_TRY_GOTO(status, ob_infer_node(copy->nodes.items[n]), out);
  for (size_t v = 0; v < maker.body->values.count; v++) OB_TRY_GOTO(status, take_value(&maker, copy->values.items[v], v), out);
  status = make_attributes(&maker);
out:
  ob_module_free(module);
  return status;
}
