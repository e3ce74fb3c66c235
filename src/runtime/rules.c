/* Rules: how the shapes (and small contents) of tensors give numbers to symbols, and what must agree. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "runtime/bind.h"
#include "runtime/program.h"

bool ob_expr_all_known(const ob_expr_t *expr, const bool *known) {
  if (expr->op == OB_EXPR_CONST) return true;
  if (expr->op == OB_EXPR_SYMBOL) return known[expr->value];
  for (uint32_t i = 0; i < expr->count; i++)
    if (!ob_expr_all_known(expr->args[i], known)) return false;
  return true;
}

static ob_status_t add_binding(ob_program_t *program, ob_rules_t *rules, ob_rule_t rule, bool *known) {
  if (rule.expr->op != OB_EXPR_SYMBOL || known[rule.expr->value]) return OB_OK;
  const ob_symbol_t *symbol = ob_expr_symbol_at(program->model->module->exprs, (size_t)rule.expr->value);
  rule.kind = OB_RULE_BIND;
  rule.symbol = (uint32_t)rule.expr->value;
  bool bounded = rule.axis >= 0 || symbol->source == OB_SYMBOL_ELEMENT; /* an element may well be less than the sizes made of it */
  rule.min = bounded ? symbol->min : INT64_MIN;
  rule.max = bounded ? symbol->max : INT64_MAX;
  known[rule.symbol] = true;
  return ob_array_push(program->model->allocator, rules, rule);
}

static bool is_bound_here(const ob_rules_t *rules, const ob_rule_t *rule) {
  for (size_t i = 0; i < rules->count; i++) {
    const ob_rule_t *other = &rules->items[i];
    if (other->kind == OB_RULE_BIND && other->input == rule->input && other->axis == rule->axis &&
        other->element == rule->element)
      return true;
  }
  return false;
}

static ob_status_t add_check(ob_program_t *program, ob_rules_t *rules, ob_rule_t rule, const bool *known) {
  if (is_bound_here(rules, &rule) || !ob_expr_all_known(rule.expr, known)) return OB_OK;
  rule.kind = OB_RULE_CHECK;
  return ob_array_push(program->model->allocator, rules, rule);
}

ob_status_t ob_rules_bind(ob_program_t *program, ob_rules_t *rules, uint32_t input, const ob_value_t *value, bool *known) {
  if (value->type.kind != OB_TENSOR) return OB_OK;
  for (int32_t axis = 0; axis < value->type.rank; axis++) {
    ob_rule_t rule = {.input = input, .axis = axis, .expr = value->type.dims[axis]};
    OB_TRY(add_binding(program, rules, rule, known));
  }
  for (uint32_t i = 0; i < value->content_count; i++) {
    ob_rule_t rule = {.input = input, .axis = -1, .element = i, .expr = value->content[i]};
    OB_TRY(add_binding(program, rules, rule, known));
  }
  return OB_OK;
}

ob_status_t ob_rules_check(ob_program_t *program, ob_rules_t *rules, uint32_t input, const ob_value_t *value,
                           const bool *known) {
  if (value->type.kind != OB_TENSOR) return OB_OK;
  for (int32_t axis = 0; axis < value->type.rank; axis++) {
    ob_rule_t rule = {.input = input, .axis = axis, .expr = value->type.dims[axis]};
    OB_TRY(add_check(program, rules, rule, known));
  }
  for (uint32_t i = 0; i < value->content_count; i++) {
    ob_rule_t rule = {.input = input, .axis = -1, .element = i, .expr = value->content[i]};
    OB_TRY(add_check(program, rules, rule, known));
  }
  return OB_OK;
}

void ob_rules_prune(ob_rules_t *rules, const bool *used) {
  size_t kept = 0;
  for (size_t i = 0; i < rules->count; i++) {
    const ob_rule_t *rule = &rules->items[i];
    bool drop = rule->axis < 0 && rule->kind == OB_RULE_BIND && !used[rule->symbol];
    if (!drop) rules->items[kept++] = *rule;
  }
  rules->count = kept;
}

/* The tensor and axis that gave `symbol` its number. */
static const ob_rule_t *binder_of(const ob_rules_t *rules, const ob_expr_t *expr) {
  for (size_t i = 0; i < rules->count; i++)
    if (rules->items[i].kind == OB_RULE_BIND && expr->op == OB_EXPR_SYMBOL &&
        rules->items[i].symbol == (uint32_t)expr->value)
      return &rules->items[i];
  return NULL;
}

/* "axis 1 of 'x'", "element 0 of 'shape'". */
static void place_text(const ob_rule_t *rule, const ob_value_t *const *values, char *text, size_t size) {
  long long at = rule->axis < 0 ? (long long)rule->element : rule->axis;
  snprintf(text, size, "'%s' %s %lld", ob_quote(values[rule->input]->name), rule->axis < 0 ? "element" : "axis", at);
}

static ob_status_t fail_range(const ob_program_t *program, const ob_rule_t *rule, const ob_value_t *const *values,
                              int64_t found) {
  const ob_symbol_t *symbol = ob_expr_symbol_at(program->model->module->exprs, rule->symbol);
  char here[300];
  place_text(rule, values, here, sizeof here);
  if (rule->max == INT64_MAX)
    return ob_fail(OB_INVALID_ARGUMENT, "%s ('%s') must be at least %lld, found %lld", here, ob_quote(symbol->name), (long long)rule->min,
                   (long long)found);
  return ob_fail(OB_INVALID_ARGUMENT, "%s ('%s') must be %lld to %lld, found %lld", here, ob_quote(symbol->name), (long long)rule->min,
                 (long long)rule->max, (long long)found);
}

static ob_status_t fail_check(const ob_rules_t *rules, const ob_program_t *program, const ob_rule_t *rule,
                              const ob_value_t *const *values, int64_t found, int64_t expected) {
  const ob_rule_t *binder = binder_of(rules, rule->expr);
  char here[300], there[300];
  ob_str_t text;
  place_text(rule, values, here, sizeof here);
  if (rule->expr->op == OB_EXPR_CONST)
    return ob_fail(OB_INVALID_ARGUMENT, "%s must be %lld, found %lld", here, (long long)expected, (long long)found);
  ob_str_init(&text, program->model->allocator);
  ob_expr_print(program->model->module->exprs, rule->expr, &text);
  const char *formula = ob_quote(text.text ? text.text : "");
  ob_str_free(&text);
  if (!binder)
    return ob_fail(OB_INVALID_ARGUMENT, "%s must be %s = %lld, found %lld", here, formula, (long long)expected, (long long)found);
  place_text(binder, values, there, sizeof there);
  return ob_fail(OB_INVALID_ARGUMENT, "%s and %s are both '%s' but are %lld and %lld", there, here, formula, (long long)expected,
                 (long long)found);
}

/* The size of an axis, or an element, that a rule is about. */
static ob_status_t find_number(const ob_rule_t *rule, const ob_value_t *const *values, const ob_tensor_t *tensor, int64_t *found) {
  if (rule->axis >= 0) {
    *found = tensor->dims[rule->axis];
    return OB_OK;
  }
  if (rule->element >= (tensor->rank == 0 ? 1 : (uint64_t)tensor->dims[0]))
    return ob_fail(OB_INVALID_ARGUMENT, "'%s' has no element %u", ob_quote(values[rule->input]->name), rule->element);
  *found = ob_tensor_element(tensor->dtype, tensor->data, rule->element);
  return OB_OK;
}

ob_status_t ob_rules_apply(const ob_rules_t *rules, const ob_program_t *program, const ob_value_t *const *values,
                           const ob_tensor_t *const *tensors, int64_t *symbols) {
  for (size_t i = 0; i < rules->count; i++) {
    const ob_rule_t *rule = &rules->items[i];
    int64_t found, expected;
    OB_TRY(find_number(rule, values, tensors[rule->input], &found));
    if (rule->kind == OB_RULE_BIND) {
      if (found < rule->min || found > rule->max) return fail_range(program, rule, values, found);
      symbols[rule->symbol] = found;
      continue;
    }
    if (rule->expr->op == OB_EXPR_CONST) expected = rule->expr->value;
    else OB_TRY(ob_expr_eval(rule->expr, symbols, &expected));
    if (found != expected) return fail_check(rules, program, rule, values, found, expected);
  }
  return OB_OK;
}
