/* Artifacts state the types of all values. They may lie: each region's body is inferred again when it is opened, in a module of its
 * own, so that nothing is added to the model's symbols. The guards that this inference finds are those of the region. */
#include <string.h>

#include "op/op.h"
#include "runtime/model.h"

/* What a second inference says about stated types. */
typedef enum verdict { SAME, OPEN /* equal at run time, perhaps */, WRONG } verdict_t;

static verdict_t worse(verdict_t a, verdict_t b) { return a > b ? a : b; }

/* `known`: symbols before inference; later ones are fresh, for sizes that are known only at run time. */
static bool is_fresh(const ob_expr_t *expr, size_t known) {
  if (expr->op == OB_EXPR_SYMBOL) return (size_t)expr->value >= known;
  for (uint32_t i = 0; i < expr->count; i++)
    if (is_fresh(expr->args[i], known)) return true;
  return false;
}

static verdict_t compare_exprs(const ob_expr_t *stated, const ob_expr_t *inferred, size_t known) {
  int64_t a, b;
  if (ob_expr_equal(stated, inferred)) return SAME;
  if (is_fresh(inferred, known)) return OPEN;
  return ob_expr_is_const(stated, &a) && ob_expr_is_const(inferred, &b) ? WRONG : OPEN;
}

static verdict_t compare_types(const ob_type_t *stated, const ob_type_t *inferred, size_t known) {
  verdict_t verdict = SAME;
  if (inferred->kind != stated->kind) return WRONG;
  if (inferred->dtype != OB_UNDEFINED && inferred->dtype != stated->dtype) return WRONG;
  if (stated->kind != OB_TENSOR) return stated->element && inferred->element ? compare_types(stated->element, inferred->element, known) : SAME;
  if (inferred->rank < 0 || stated->rank < 0) return stated->rank == inferred->rank ? SAME : OPEN;
  if (stated->rank != inferred->rank) return WRONG;
  for (int32_t i = 0; i < stated->rank; i++)
    verdict = worse(verdict, compare_exprs(stated->dims[i], inferred->dims[i], known));
  return verdict;
}

static verdict_t compare_contents(const ob_value_t *stated, const ob_value_t *inferred, size_t known) {
  verdict_t verdict = SAME;
  if (!stated->content) return SAME;
  if (!inferred->content || inferred->content_count != stated->content_count) return OPEN;
  for (size_t i = 0; i < stated->content_count; i++)
    verdict = worse(verdict, compare_exprs(stated->content[i], inferred->content[i], known));
  return verdict;
}

/* Infers one node of the copy and puts the stated types back for those that follow. */
static ob_status_t recheck_node(ob_node_t *node, verdict_t *verdict) {
  ob_module_t *module = node->graph->module;
  size_t known = ob_expr_symbol_count(module->exprs);
  ob_value_t *stated;
  OB_TRY(OB_ARENA_ARRAY(&module->arena, node->output_count, &stated));
  for (size_t o = 0; o < node->output_count; o++) {
    if (!node->outputs[o]) continue;
    stated[o] = *node->outputs[o];
    node->outputs[o]->type = (ob_type_t){.kind = stated[o].type.kind, .rank = -1};
    node->outputs[o]->content = NULL;
    node->outputs[o]->content_count = 0;
  }
  OB_TRY(ob_infer_node(node));
  for (size_t o = 0; o < node->output_count; o++) {
    if (!node->outputs[o]) continue;
    *verdict = worse(*verdict, compare_types(&stated[o].type, &node->outputs[o]->type, known));
    *verdict = worse(*verdict, compare_contents(&stated[o], node->outputs[o], known));
    node->outputs[o]->type = stated[o].type;
    node->outputs[o]->content = stated[o].content;
    node->outputs[o]->content_count = stated[o].content_count;
  }
  if (*verdict == WRONG) return ob_fail(OB_INVALID_ARTIFACT, "node '%s' (%s): its outputs are not of the types stated",
                                        ob_quote(node->name), node->op->name);
  return OB_OK;
}

/* An expression of the copy in the model's own table; NULL when a symbol in it is not one of the model's. */
static ob_status_t take_expr(ob_module_t *to, const ob_module_t *from, const ob_expr_t *expr, const ob_expr_t **taken) {
  const ob_expr_t **args;
  *taken = NULL;
  if (expr->op == OB_EXPR_CONST) return ob_expr_const(to->exprs, expr->value, taken);
  if (expr->op == OB_EXPR_SYMBOL) {
    const ob_symbol_t *symbol = ob_expr_symbol_find(to->exprs, ob_expr_symbol_at(from->exprs, (size_t)expr->value)->name);
    *taken = symbol ? symbol->expr : NULL;
    return OB_OK;
  }
  OB_TRY(OB_ARENA_ARRAY(&to->arena, expr->count, &args));
  for (uint32_t i = 0; i < expr->count; i++) {
    OB_TRY(take_expr(to, from, expr->args[i], &args[i]));
    if (!args[i]) return OB_OK;
  }
  return ob_expr_make(to->exprs, expr->op, args, expr->count, taken);
}

static ob_status_t take_guards(ob_unit_t *unit, const ob_module_t *from) {
  for (size_t i = 0; i < from->guards.count; i++) {
    ob_guard_t guard = from->guards.items[i];
    OB_TRY(take_expr(unit->model->module, from, from->guards.items[i].expr, &guard.expr));
    if (!guard.expr) continue; /* the region is bound when its inputs exist, by an inference with numbers */
    OB_TRY(ob_arena_strdup(&unit->model->arena, guard.node, &guard.node));
    OB_TRY(ob_arena_strdup(&unit->model->arena, guard.reason, &guard.reason));
    OB_TRY(ob_array_push(unit->model->allocator, &unit->guards, guard));
  }
  return OB_OK;
}

static ob_status_t recheck(ob_unit_t *unit, ob_module_t *module) {
  ob_graph_t *copy;
  verdict_t verdict = SAME;
  OB_TRY(ob_graph_clone(unit->region->body, module, &copy));
  for (size_t n = 0; n < copy->nodes.count; n++) OB_TRY(recheck_node(copy->nodes.items[n], &verdict));
  unit->distrusted = verdict != SAME;
  return take_guards(unit, module);
}

ob_status_t ob_unit_recheck(ob_unit_t *unit) {
  ob_module_t *module;
  OB_TRY(ob_module_create(unit->model->allocator, &module));
  ob_status_t status = recheck(unit, module);
  ob_module_free(module);
  if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  return ob_fail_within(unit->model->artifact ? OB_INVALID_ARTIFACT : status, "region '%s': ", ob_quote(unit->region->symbol));
}
