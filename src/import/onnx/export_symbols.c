/* Expressions over symbols as ONNX says them: nodes that compute with the shapes of the graph's inputs. Every number is an int64 tensor of one element. */
#include <string.h>

#include "import/onnx/export.h"

/* One graph's expressions under way. */
typedef struct speller {
  ob_exporter_t *exporter;
  const ob_graph_t *graph;
  ob_exported_graph_t *out;
} speller_t;

static ob_status_t add_step(speller_t *s, const char *op, const char *const *inputs, size_t count, ob_exported_step_t **out) {
  ob_exported_step_t *step, **last = &s->out->steps;
  OB_TRY(OB_ARENA_NEW(&s->exporter->arena, &step));
  OB_TRY(OB_ARENA_ARRAY(&s->exporter->arena, count, &step->inputs));
  for (size_t i = 0; i < count; i++) step->inputs[i] = inputs[i];
  step->op = op;
  step->input_count = count;
  OB_TRY(ob_export_unique_name(s->exporter, "size", &step->output));
  while (*last) last = &(*last)->next;
  *last = step;
  *out = step;
  return OB_OK;
}

static ob_status_t add_node(speller_t *s, const char *op, const char *a, const char *b, const char **name) {
  ob_exported_step_t *step;
  OB_TRY(add_step(s, op, (const char *[]){a, b}, b ? 2 : 1, &step));
  *name = step->output;
  return OB_OK;
}

static ob_status_t add_number(speller_t *s, int64_t number, const char **name) {
  ob_exported_step_t *step;
  for (step = s->out->steps; step; step = step->next)
    if (!step->op && step->values[0] == number) {
      *name = step->output;
      return OB_OK;
    }
  OB_TRY(add_step(s, NULL, NULL, 0, &step));
  step->values[0] = number;
  *name = step->output;
  return OB_OK;
}

static ob_status_t add_cast(speller_t *s, const char *from, ob_dtype_t to, const char **name) {
  ob_exported_step_t *step;
  OB_TRY(add_step(s, "Cast", &from, 1, &step));
  step->attributes[0] = "to";
  step->values[0] = to;
  *name = step->output;
  return OB_OK;
}

/* The size of an axis. */
static ob_status_t add_dim(speller_t *s, const ob_value_t *value, int32_t axis, const char **name) {
  ob_exported_step_t *step;
  OB_TRY(add_step(s, "Shape", &s->out->names[value->id], 1, &step));
  step->attributes[0] = "start", step->values[0] = axis;
  step->attributes[1] = "end", step->values[1] = axis + 1;
  *name = step->output;
  return OB_OK;
}

/* An element of a small integer input. */
static ob_status_t add_element(speller_t *s, const ob_value_t *value, size_t element, const char **name) {
  const char *number;
  OB_TRY(add_number(s, value->type.rank == 0 ? 1 : (int64_t)element, &number));
  OB_TRY(add_node(s, value->type.rank == 0 ? "Reshape" : "Gather", s->out->names[value->id], number, name));
  return value->type.dtype == OB_INT64 ? OB_OK : add_cast(s, *name, OB_INT64, name);
}

/* An input that shows the expression: as a size, or as an element. */
static ob_status_t find_shown(speller_t *s, const ob_expr_t *expr, const char **name) {
  *name = NULL;
  for (size_t i = 0; i < s->graph->inputs.count && !*name; i++) {
    const ob_value_t *value = s->graph->inputs.items[i];
    if (value->type.kind != OB_TENSOR) continue;
    for (int32_t axis = 0; axis < value->type.rank && !*name; axis++)
      if (ob_expr_equal(value->type.dims[axis], expr)) OB_TRY(add_dim(s, value, axis, name));
    for (size_t e = 0; value->content && e < value->content_count && !*name; e++)
      if (ob_expr_equal(value->content[e], expr)) OB_TRY(add_element(s, value, e, name));
  }
  return OB_OK;
}

static ob_status_t spell(speller_t *s, const ob_expr_t *expr, const char **name);

/* Operations that ONNX has under one name, over any number of arguments. */
static const char *chain_of(ob_expr_op_t op) {
  switch (op) {
    case OB_EXPR_SUM: return "Add";
    case OB_EXPR_PRODUCT: return "Mul";
    case OB_EXPR_MIN: return "Min";
    case OB_EXPR_MAX: return "Max";
    default: return NULL;
  }
}

static ob_status_t spell_chain(speller_t *s, const ob_expr_t *expr, const char **name) {
  OB_TRY(spell(s, expr->args[0], name));
  for (uint32_t i = 1; i < expr->count; i++) {
    const char *other;
    OB_TRY(spell(s, expr->args[i], &other));
    OB_TRY(add_node(s, chain_of(expr->op), *name, other, name));
  }
  return OB_OK;
}

/* ONNX's integer division truncates and must not meet a 0: only where floors and ceilings are the same and the divisor is a number. */
static bool divides_safely(const speller_t *s, const ob_expr_t *expr) {
  int64_t low, high;
  if (expr->op != OB_EXPR_FLOORDIV && expr->op != OB_EXPR_EXACTDIV && expr->op != OB_EXPR_MOD) return false;
  ob_expr_bounds(s->exporter->exprs, expr->args[0], &low, &high);
  return low >= 0 && expr->args[1]->op == OB_EXPR_CONST && expr->args[1]->value > 0;
}

static ob_status_t spell_division(speller_t *s, const ob_expr_t *expr, const char **name) {
  const char *other;
  OB_TRY(spell(s, expr->args[0], name));
  OB_TRY(spell(s, expr->args[1], &other));
  return add_node(s, expr->op == OB_EXPR_MOD ? "Mod" : "Div", *name, other, name);
}

/* b where a is 1, else a. */
static ob_status_t spell_broadcast(speller_t *s, const ob_expr_t *expr, const char **name) {
  OB_TRY(spell(s, expr->args[0], name));
  for (uint32_t i = 1; i < expr->count; i++) {
    const char *other, *one, *is_one;
    ob_exported_step_t *step;
    OB_TRY(spell(s, expr->args[i], &other));
    OB_TRY(add_number(s, 1, &one));
    OB_TRY(add_node(s, "Equal", *name, one, &is_one));
    OB_TRY(add_step(s, "Where", (const char *[]){is_one, other, *name}, 3, &step));
    *name = step->output;
  }
  return OB_OK;
}

/* What was not spelled before. */
static ob_status_t spell_new(speller_t *s, const ob_expr_t *expr, const char **name) {
  OB_TRY(find_shown(s, expr, name));
  if (*name) return OB_OK;
  if (chain_of(expr->op)) return spell_chain(s, expr, name);
  if (divides_safely(s, expr)) return spell_division(s, expr, name);
  if (expr->op == OB_EXPR_BCAST) return spell_broadcast(s, expr, name);
  return ob_fail(OB_UNSUPPORTED, "a size depends on symbols in a way that is not written as ONNX");
}

static ob_status_t spell(speller_t *s, const ob_expr_t *expr, const char **name) {
  ob_exported_spelling_t *spelling = s->out->spellings;
  if (expr->op == OB_EXPR_CONST) return add_number(s, expr->value, name);
  for (; spelling; spelling = spelling->next)
    if (ob_expr_equal(spelling->expr, expr)) {
      *name = spelling->name;
      return OB_OK;
    }
  OB_TRY(spell_new(s, expr, name));
  OB_TRY(OB_ARENA_NEW(&s->exporter->arena, &spelling));
  *spelling = (ob_exported_spelling_t){expr, *name, s->out->spellings};
  s->out->spellings = spelling;
  return OB_OK;
}

/* All elements in one tensor of the value's own rank, type and name. */
static ob_status_t spell_value(speller_t *s, const ob_value_t *value) {
  const char **parts, *joined;
  ob_exported_step_t *step;
  OB_TRY(OB_ARENA_ARRAY(&s->exporter->arena, value->content_count, &parts));
  for (size_t i = 0; i < value->content_count; i++) OB_TRY(spell(s, value->content[i], &parts[i]));
  OB_TRY(add_step(s, "Concat", parts, value->content_count, &step));
  step->attributes[0] = "axis";
  joined = step->output;
  if (value->type.rank == 0) {
    OB_TRY(add_step(s, "Squeeze", &joined, 1, &step));
    joined = step->output;
  }
  if (value->type.dtype != OB_INT64) {
    OB_TRY(add_step(s, "Cast", &joined, 1, &step));
    step->attributes[0] = "to";
    step->values[0] = value->type.dtype;
  }
  step->output = s->out->names[value->id];
  return OB_OK;
}

bool ob_export_is_symbolic(const ob_graph_t *graph, const ob_value_t *value) {
  int64_t number;
  if (value->constant || value->producer || !value->content) return false;
  for (size_t i = 0; i < graph->inputs.count; i++)
    if (graph->inputs.items[i] == value) return false;
  for (size_t i = 0; i < value->content_count; i++)
    if (!ob_expr_is_const(value->content[i], &number)) return true;
  return false;
}

ob_status_t ob_export_spell(ob_exporter_t *exporter, ob_exported_graph_t *out) {
  speller_t s = {exporter, out->graph, out};
  for (size_t i = 0; i < out->graph->values.count; i++) {
    const ob_value_t *value = out->graph->values.items[i];
    if (!ob_export_is_symbolic(out->graph, value)) continue;
    ob_status_t status = spell_value(&s, value);
    if (status != OB_OK) return ob_fail_within(status, "value '%s': ", ob_quote(value->name));
  }
  return OB_OK;
}
