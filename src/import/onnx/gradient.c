/* Gradient: finds the part of the graph between xs and y, and walks it backwards with the rules of gradient_rules.c. */
#include "import/onnx/gradient.h"

#include <string.h>

/* ------------------------------------------------------------ what rules use */

ob_value_t *ob_gradient_in(const ob_gradient_t *g, const ob_node_t *node, size_t index) {
  return index < node->input_count && node->inputs[index] ? g->stands[node->inputs[index]->id] : NULL;
}

ob_value_t *ob_gradient_out(const ob_gradient_t *g, const ob_node_t *node, size_t index) {
  return g->stands[node->outputs[index]->id];
}

bool ob_gradient_wants(const ob_gradient_t *g, const ob_node_t *node, size_t index) {
  return index < node->input_count && node->inputs[index] && g->live[node->inputs[index]->id];
}

/* Sums a slope down to the shape of the value that was broadcast. */
static ob_value_t *sum_to(ob_contrib_t *c, ob_value_t *slope, const ob_value_t *like) {
  int64_t axes[OB_MAX_RANK], size;
  size_t count = 0;
  int32_t rank = ob_contrib_rank(c, slope), extra = rank - ob_contrib_rank(c, like);
  for (int32_t i = 0; i < rank && c->status == OB_OK; i++) {
    const ob_expr_t *big = slope->type.dims[i], *small = i < extra ? NULL : like->type.dims[i - extra];
    if (small && ob_expr_equal(big, small)) continue;
    if (small && !(ob_expr_is_const(small, &size) && size == 1))
      ob_contrib_fail(c, OB_UNSUPPORTED, "the size of axis %d of '%s' must be known to take a gradient", i - extra, ob_quote(like->name));
    axes[count++] = i;
  }
  if (count == 0 || c->status != OB_OK) return slope;
  ob_contrib_with_int(c, "keepdims", 1);
  slope = OB_MAKE(c, "ReduceSum", slope, ob_contrib_list(c, axes, count));
  return extra > 0 ? OB_MAKE(c, "Squeeze", slope, ob_contrib_list(c, axes, (size_t)extra)) : slope;
}

void ob_gradient_give(ob_gradient_t *g, const ob_node_t *node, size_t index, ob_value_t *slope) {
  if (!ob_gradient_wants(g, node, index) || g->c.status != OB_OK) return;
  const ob_value_t *value = node->inputs[index];
  slope = sum_to(&g->c, slope, g->stands[value->id]);
  g->slopes[value->id] = g->slopes[value->id] ? OB_MAKE(&g->c, "Add", g->slopes[value->id], slope) : slope;
}

/* ------------------------------------------------------------ the part of the graph */

static ob_status_t find_value(ob_gradient_t *g, const char *what, const ob_string_t *name, ob_value_t **value) {
  OB_TRY(ob_scope_find(g->c.up.importer, g->c.up.scope, name->data, value));
  if (*value && (*value)->id < g->count) return OB_OK;
  return ob_fail(OB_INVALID_MODEL, "attribute '%s': there is no value '%s' before this node", what, ob_quote(name->data));
}

/* Values called `what`, whose values here are the node's inputs from *input on. */
static ob_status_t feed(ob_gradient_t *g, const char *what, bool differentiate, size_t *input) {
  const ob_attribute_t *names = ob_upgrade_find(&g->c.up, what);
  if (!names) return OB_OK;
  if (names->kind != OB_ATTRIBUTE_STRINGS) return ob_fail(OB_INVALID_MODEL, "attribute '%s' is no list of names", what);
  for (size_t i = 0; i < names->count; i++) {
    ob_value_t *value, *given = ob_upgrade_input(&g->c.up, (*input)++);
    OB_TRY(find_value(g, what, &names->strings[i], &value));
    if (!given) return ob_fail(OB_INVALID_MODEL, "input %zu, the value of '%s', is missing", *input - 1, ob_quote(names->strings[i].data));
    g->fed[value->id] = true;
    g->live[value->id] = differentiate;
    g->changed[value->id] = given != value;
    g->stands[value->id] = given;
  }
  return OB_OK;
}

/* Any input, or value that a body uses, is marked. */
static bool uses(const ob_node_t *node, const bool *marked, size_t count) {
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i] && node->inputs[i]->id < count && marked[node->inputs[i]->id]) return true;
  for (size_t b = 0; b < node->body_count; b++)
    for (size_t i = 0; i < node->bodies[b].capture_count; i++)
      if (marked[node->bodies[b].captures[i]->id]) return true;
  return false;
}

static void mark_outputs(const ob_gradient_t *g, const ob_node_t *node, bool *marked) {
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i] && !g->fed[node->outputs[i]->id]) marked[node->outputs[i]->id] = true;
}

static bool makes_needed(const ob_gradient_t *g, const ob_node_t *node) {
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i] && g->needed[node->outputs[i]->id] && !g->fed[node->outputs[i]->id]) return true;
  return false;
}

static void mark(ob_gradient_t *g, size_t nodes, const ob_value_t *y) {
  for (size_t i = 0; i < nodes; i++) {
    const ob_node_t *node = g->graph->nodes.items[i];
    if (uses(node, g->live, g->count)) mark_outputs(g, node, g->live);
    if (uses(node, g->changed, g->count)) mark_outputs(g, node, g->changed);
  }
  g->needed[y->id] = true;
  for (size_t i = nodes; i-- > 0;) {
    const ob_node_t *node = g->graph->nodes.items[i];
    if (!makes_needed(g, node)) continue;
    for (size_t k = 0; k < node->input_count; k++)
      if (node->inputs[k]) g->needed[node->inputs[k]->id] = true;
  }
}

/* ------------------------------------------------------------ forwards again, where values are others */

static ob_status_t copy_node(ob_gradient_t *g, const ob_node_t *node) {
  ob_node_t *copy;
  if (node->body_count > 0) return ob_fail(OB_UNSUPPORTED, "the gradient at other values leads through node '%s', which has a subgraph", ob_quote(node->name));
  OB_TRY(ob_node_create(g->graph, node->op, node->name, node->input_count, node->output_count, &copy));
  for (size_t i = 0; i < node->input_count; i++) copy->inputs[i] = ob_gradient_in(g, node, i);
  for (size_t i = 0; i < node->attribute_count; i++) OB_TRY(ob_node_set_attribute(copy, &node->attributes[i]));
  for (size_t i = 0; i < node->output_count; i++) {
    ob_value_t *value;
    if (!node->outputs[i]) continue;
    OB_TRY(ob_value_create(g->graph, node->outputs[i]->name, &value));
    ob_node_set_output(copy, i, value);
    if (!g->fed[node->outputs[i]->id]) g->stands[node->outputs[i]->id] = value;
  }
  return ob_infer_node(copy);
}

static ob_status_t forwards(ob_gradient_t *g, size_t nodes) {
  for (size_t i = 0; i < nodes; i++) {
    const ob_node_t *node = g->graph->nodes.items[i];
    if (makes_needed(g, node) && uses(node, g->changed, g->count)) OB_TRY(copy_node(g, node));
  }
  return OB_OK;
}

/* ------------------------------------------------------------ backwards */

static bool is_float(const ob_value_t *value) { return value->type.kind == OB_TENSOR && (OB_DTYPE_BIT(value->type.dtype) & OB_TYPES_FLOATS); }

static ob_status_t step(ob_gradient_t *g, const ob_node_t *node) {
  ob_value_t *slope = NULL;
  for (size_t i = 0; i < node->output_count; i++) {
    const ob_value_t *output = node->outputs[i];
    if (!output || output->id >= g->count || !g->slopes[output->id] || g->fed[output->id] || !is_float(output)) continue;
    if (i > 0) return ob_fail(OB_UNSUPPORTED, "the gradient needs output %zu of node '%s' (%s)", i, ob_quote(node->name), node->op->name);
    slope = g->slopes[output->id];
  }
  if (!slope || !uses(node, g->live, g->count)) return OB_OK;
  ob_gradient_rule_t *rule = ob_gradient_find(node);
  if (!rule) return ob_fail(OB_UNSUPPORTED, "the gradient leads through node '%s' (%s), which has no derivative here", ob_quote(node->name), node->op->name);
  rule(g, node, slope);
  return g->c.status;
}

/* A tensor of the value's shape, all of whose elements are `number`. */
static ob_value_t *filled(ob_contrib_t *c, ob_value_t *like, double number) {
  return OB_MAKE(c, "Expand", ob_contrib_number(c, like, number), OB_MAKE(c, "Shape", like));
}

static ob_status_t backwards(ob_gradient_t *g, size_t nodes, const ob_value_t *y) {
  if (!is_float(g->stands[y->id])) return ob_fail(OB_INVALID_MODEL, "attribute 'y': '%s' is no tensor of floats", ob_quote(y->name));
  g->slopes[y->id] = filled(&g->c, g->stands[y->id], 1);
  OB_TRY(g->c.status);
  for (size_t i = nodes; i-- > 0;) OB_TRY(step(g, g->graph->nodes.items[i]));
  return OB_OK;
}

static ob_status_t give_outputs(ob_gradient_t *g) {
  const ob_attribute_t *names = ob_upgrade_find(&g->c.up, "xs");
  for (size_t i = 0; i < g->c.up.record->output_count; i++) {
    ob_value_t *value;
    if (!g->c.up.record->outputs[i]) continue;
    if (i >= names->count) return ob_fail(OB_INVALID_MODEL, "output %zu, but attribute 'xs' has %zu names", i, names->count);
    OB_TRY(find_value(g, "xs", &names->strings[i], &value));
    ob_value_t *slope = g->slopes[value->id] ? g->slopes[value->id] : filled(&g->c, g->stands[value->id], 0);
    ob_contrib_give(&g->c, i, slope);
  }
  return g->c.status;
}

static ob_status_t take(ob_gradient_t *g) {
  size_t nodes = g->graph->nodes.count, input = 0;
  const ob_attribute_t *name = ob_upgrade_find(&g->c.up, "y");
  ob_value_t *y;
  if (!name || name->kind != OB_ATTRIBUTE_STRING) return ob_fail(OB_INVALID_MODEL, "attribute 'y' is missing or no name");
  if (!ob_upgrade_find(&g->c.up, "xs")) return ob_fail(OB_INVALID_MODEL, "attribute 'xs' is missing");
  OB_TRY(feed(g, "xs", true, &input));
  OB_TRY(feed(g, "zs", false, &input));
  if (input != g->c.up.record->input_count)
    return ob_fail(OB_INVALID_MODEL, "%zu inputs, expected one for each of %zu names in 'xs' and 'zs'", g->c.up.record->input_count, input);
  OB_TRY(find_value(g, "y", &name->strings[0], &y));
  mark(g, nodes, y);
  OB_TRY(forwards(g, nodes));
  OB_TRY(backwards(g, nodes, y));
  return give_outputs(g);
}

ob_status_t ob_upgrade_gradient(ob_upgrade_t *up) {
  ob_gradient_t g = {.c = {.up = *up}, .graph = up->scope->graph, .count = up->scope->graph->values.count};
  ob_arena_t *scratch = &up->importer->scratch;
  OB_TRY(ob_import_charge(up->importer, g.graph->nodes.count, ONNX_COST_NODE));
  OB_TRY(OB_ARENA_ARRAY(scratch, g.count, &g.live));
  OB_TRY(OB_ARENA_ARRAY(scratch, g.count, &g.changed));
  OB_TRY(OB_ARENA_ARRAY(scratch, g.count, &g.needed));
  OB_TRY(OB_ARENA_ARRAY(scratch, g.count, &g.fed));
  OB_TRY(OB_ARENA_ARRAY(scratch, g.count, &g.stands));
  OB_TRY(OB_ARENA_ARRAY(scratch, g.count, &g.slopes));
  for (size_t i = 0; i < g.count; i++) g.stands[i] = g.graph->values.items[i];
  up->record->made = true;
  return take(&g);
}
