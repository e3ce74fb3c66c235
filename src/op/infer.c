/* Inference of nodes and graphs: checks, the operator's own function, and what it says merged into the outputs' types. */
#include "op/infer_util.h"

#include <string.h>

#include <outboard/outboard.h>

#include "op/check.h"

/* Nested deeper than any model that the importer lets in. */
#define MAX_DEPTH 64
static _Thread_local int depth;

int ob_infer_depth(void) { return depth; }

/* ---------------------------------------------------------------- types of outputs */

/* A size that inference can't tell: the symbol that it got the last time, or a new one. */
static ob_status_t name_unknown(ob_infer_t *infer, ob_dim_t old, ob_dim_t *dim) {
  if (old && old->op == OB_EXPR_SYMBOL && ob_expr_symbol_at(infer->module->exprs, (size_t)old->value)->source == OB_SYMBOL_RUN) {
    *dim = old;
    return OB_OK;
  }
  return ob_expr_fresh(infer->module->exprs, dim);
}

/* What the model says (or inference said before) is checked; what was inferred now counts. A size that the model states but
 * inference can't tell is not believed: it would size a buffer before the real size is known. */
static ob_status_t merge_dims(ob_infer_t *infer, size_t output, ob_shape_t *shape, const ob_type_t *old) {
  if (shape->rank < 0 && old->rank < 0) return OB_OK;
  if (shape->rank < 0) *shape = ob_shape_of_rank(old->rank);
  if (old->rank >= 0 && old->rank != shape->rank)
    return ob_fail(OB_INVALID_MODEL, "output %zu has rank %d, but the model says %d", output, shape->rank, old->rank);
  for (int32_t i = 0; i < shape->rank; i++) {
    ob_dim_t said = old->rank < 0 ? NULL : old->dims[i];
    int64_t found, expected;
    if (!shape->dims[i]) OB_TRY(name_unknown(infer, said, &shape->dims[i]));
    bool is_const = ob_dim_is_const(shape->dims[i], &found);
    if (is_const && found < 0)
      return ob_fail(OB_INVALID_MODEL, "axis %d of output %zu would have the size %lld", i, output, (long long)found);
    if (is_const && ob_dim_is_const(said, &expected) && found != expected)
      return ob_fail(OB_INVALID_MODEL, "axis %d of output %zu has the size %lld, but the model says %lld", i, output,
                     (long long)found, (long long)expected);
  }
  return OB_OK;
}

static bool same_dims(const ob_shape_t *shape, const ob_type_t *type) {
  if (type->kind != OB_TENSOR || type->rank != shape->rank) return false;
  return shape->rank <= 0 || memcmp(shape->dims, type->dims, (size_t)shape->rank * sizeof *shape->dims) == 0;
}

static ob_status_t set_tensor(ob_infer_t *infer, size_t output, ob_infer_output_t *said, ob_value_t *value) {
  ob_type_t *type = &value->type;
  const ob_op_param_t *param = ob_op_output(infer->node->op, output);
  ob_dtype_t dtype = said->dtype ? said->dtype : ob_op_output_dtype(infer->node, output);
  if (type->kind != OB_TENSOR) return ob_fail(OB_INVALID_MODEL, "output %zu is a tensor, but the model says otherwise", output);
  if (dtype == OB_UNDEFINED) dtype = type->dtype;
  if (type->dtype != OB_UNDEFINED && dtype != type->dtype)
    return ob_fail(OB_INVALID_MODEL, "output %zu is %s, but the model says %s", output, ob_dtype_name(dtype),
                   ob_dtype_name(type->dtype));
  OB_TRY(merge_dims(infer, output, &said->shape, type));
  type->dtype = dtype;
  if (param) OB_TRY(ob_check_type(param, "output", output, type));
  if (same_dims(&said->shape, type)) return OB_OK;
  if (said->shape.rank < 0) return OB_OK;
  return ob_type_tensor(infer->module, dtype, said->shape.rank, said->shape.dims, type);
}

/* ---------------------------------------------------------------- contents of outputs */

/* Numbers that the element type can't hold would be others at run time. */
static bool fits(ob_dtype_t dtype, ob_dim_t dim) {
  int64_t number;
  unsigned bits = ob_dtype_bits(dtype);
  bool is_const = ob_dim_is_const(dim, &number);
  if (dtype == OB_INT64) return true;
  if (dtype == OB_BOOL) return !is_const || number == 0 || number == 1;
  if (!(OB_DTYPE_BIT(dtype) & (OB_TYPES_INTEGERS))) return false;
  if (!is_const) return dtype == OB_INT32; /* sizes do not come near its limits */
  bool is_signed = (OB_DTYPE_BIT(dtype) & OB_TYPES_SIGNED) != 0;
  if (dtype == OB_UINT64) return number >= 0;
  int64_t high = (INT64_C(1) << (is_signed ? bits - 1 : bits)) - 1, low = is_signed ? -high - 1 : 0;
  return number >= low && number <= high;
}

static ob_status_t set_content(ob_infer_t *infer, const ob_infer_output_t *said, ob_value_t *value) {
  const ob_type_t *type = &value->type;
  int64_t length = 1;
  bool keep = said->content && (type->rank == 0 || (type->rank == 1 && ob_dim_is_const(type->dims[0], &length))) &&
              (size_t)length == said->content_count;
  for (size_t i = 0; keep && i < said->content_count; i++) keep = fits(type->dtype, said->content[i]);
  if (!keep) {
    value->content = NULL;
    value->content_count = 0;
    return OB_OK;
  }
  size_t bytes = said->content_count * sizeof *said->content;
  if (value->content && value->content_count == said->content_count &&
      (bytes == 0 || memcmp(value->content, said->content, bytes) == 0))
    return OB_OK; /* the old one: graphs are inferred again and again */
  void *copy;
  OB_TRY(ob_arena_copy(&infer->module->arena, said->content, bytes, &copy));
  value->content = copy;
  value->content_count = said->content_count;
  return OB_OK;
}

static ob_status_t finish_output(ob_infer_t *infer, size_t index) {
  ob_value_t *value = infer->node->outputs[index];
  ob_infer_output_t *said = &infer->outputs[index];
  if (!value) return OB_OK;
  if (!said->set) said->shape = ob_shape_unknown();
  if (said->type) {
    value->type = *said->type;
    value->content = NULL;
    value->content_count = 0;
    return OB_OK;
  }
  if (!said->set && value->type.kind != OB_TENSOR) return OB_OK;
  OB_TRY(set_tensor(infer, index, said, value));
  return set_content(infer, said, value);
}

/* ---------------------------------------------------------------- nodes and graphs */

/* A body runs only when control flow says so: what can't be right in one is an error when it is bound, not before. The body of a
 * branch that is never taken is full of such things. */
static bool is_deferred(const ob_node_t *node, ob_status_t status) {
  const ob_module_t *module = node->graph->module;
  return status == OB_INVALID_MODEL && module->main && node->graph != module->main;
}

static void forget_outputs(const ob_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++) {
    ob_value_t *value = node->outputs[i];
    if (!value) continue;
    ob_dtype_t dtype = ob_op_output_dtype(node, i);
    if (value->type.kind == OB_TENSOR)
      value->type = (ob_type_t){.kind = OB_TENSOR, .dtype = dtype ? dtype : value->type.dtype, .rank = -1};
    value->content = NULL;
    value->content_count = 0;
  }
}

/* Guards of a node are those of its newest inference. (Names may occur in other graphs too: it is the string that counts.) */
static void forget_guards(const ob_node_t *node) {
  ob_module_t *module = node->graph->module;
  size_t kept = 0;
  for (size_t i = 0; i < module->guards.count; i++)
    if (module->guards.items[i].node != node->name) module->guards.items[kept++] = module->guards.items[i];
  module->guards.count = kept;
}

static ob_status_t fill_outputs(ob_infer_t *infer) {
  ob_node_t *node = infer->node;
  forget_guards(node);
  OB_TRY(ob_arena_alloc_array(&infer->scratch, node->output_count, sizeof *infer->outputs, (void **)&infer->outputs));
  if (node->op->infer) OB_TRY(node->op->infer(infer));
  OB_TRY(infer->status);
  for (size_t i = 0; i < node->output_count; i++) OB_TRY(finish_output(infer, i));
  return OB_OK;
}

static ob_status_t run(ob_infer_t *infer) {
  OB_TRY(ob_check_node(infer->node));
  ob_status_t status = fill_outputs(infer);
  if (!is_deferred(infer->node, status)) return status;
  forget_outputs(infer->node);
  return OB_OK;
}

ob_status_t ob_infer_node(ob_node_t *node) {
  ob_infer_t infer = {.module = node->graph->module, .node = node};
  ob_arena_init(&infer.scratch, infer.module->allocator);
  ob_status_t status = run(&infer);
  ob_arena_free(&infer.scratch);
  if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  return ob_fail_within(status, "node '%s' (%s): ", ob_quote(node->name), node->op->name);
}

ob_status_t ob_infer_graph(ob_graph_t *graph) {
  if (depth >= MAX_DEPTH) return ob_fail(OB_INVALID_MODEL, "subgraphs are nested more than %d deep", MAX_DEPTH);
  ob_status_t status = OB_OK;
  depth++;
  for (size_t i = 0; i < graph->nodes.count && status == OB_OK; i++) status = ob_infer_node(graph->nodes.items[i]);
  depth--;
  return status;
}
