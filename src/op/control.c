/* Bodies of control flow: their inputs get types, they are inferred, and their outputs' types come out. */
#include "op/control.h"

#include <string.h>

#include <outboard/outboard.h>

/* Nested loops below this depth are inferred once, with all sizes of their states unknown: no exponential number of rounds. */
#define CAREFUL_DEPTH 4

static size_t formal_count(const ob_body_t *body) { return body->graph->inputs.count - body->capture_count; }

bool ob_body_check(ob_infer_t *infer, const ob_body_t *body, size_t inputs, size_t outputs) {
  const ob_graph_t *graph = body->graph;
  if (body->capture_count > graph->inputs.count || formal_count(body) != inputs) {
    ob_infer_fail(infer, "'%s' has %zu inputs, expected %zu", body->attribute, graph->inputs.count - body->capture_count, inputs);
    return false;
  }
  if (outputs != SIZE_MAX && graph->outputs.count != outputs) {
    ob_infer_fail(infer, "'%s' has %zu outputs, expected %zu", body->attribute, graph->outputs.count, outputs);
    return false;
  }
  return infer->status == OB_OK;
}

/* ---------------------------------------------------------------- types going in */

/* What is known under `old` does not hold under `now`. */
static bool contradicts(const ob_type_t *old, const ob_type_t *now) {
  if (old->kind != now->kind) return true;
  if (old->kind != OB_TENSOR || old->rank < 0) return false;
  if (old->rank != now->rank) return true;
  for (int32_t i = 0; i < old->rank; i++) {
    int64_t before, after;
    if (ob_dim_is_const(old->dims[i], &before) && ob_dim_is_const(now->dims[i], &after) && before != after) return true;
  }
  return false;
}

static void forget(const ob_graph_t *graph) {
  for (size_t i = 0; i < graph->nodes.count; i++)
    for (size_t k = 0; k < graph->nodes.items[i]->output_count; k++) {
      ob_value_t *value = graph->nodes.items[i]->outputs[k];
      if (!value) continue;
      value->type = (ob_type_t){.kind = OB_TENSOR, .rank = -1};
      value->content = NULL;
      value->content_count = 0;
    }
}

static void set_input(const ob_body_t *body, size_t index, const ob_type_t *type) {
  ob_value_t *value = body->graph->inputs.items[index];
  if (contradicts(&value->type, type)) forget(body->graph);
  value->type = *type;
  value->content = NULL;
  value->content_count = 0;
}

void ob_body_set_input_type(ob_infer_t *infer, const ob_body_t *body, size_t index, const ob_type_t *type) {
  const ob_type_t *said = &body->graph->inputs.items[index]->type;
  if (said->kind == OB_TENSOR && type->kind == OB_TENSOR && said->dtype != OB_UNDEFINED && type->dtype != OB_UNDEFINED &&
      said->dtype != type->dtype)
    ob_infer_fail(infer, "input %zu of '%s' is %s, but the body says %s", index, body->attribute, ob_dtype_name(type->dtype),
                  ob_dtype_name(said->dtype));
  if (infer->status == OB_OK) set_input(body, index, type);
}

/* The symbol that the size had before, or a new one. */
static ob_dim_t name_size(ob_infer_t *infer, const ob_type_t *old, int32_t axis) {
  ob_dim_t said = old->kind == OB_TENSOR && axis < old->rank ? old->dims[axis] : NULL, made = NULL;
  if (infer->status != OB_OK) return NULL;
  if (said && said->op == OB_EXPR_SYMBOL && ob_expr_is_run_time(infer->module->exprs, said)) return said;
  infer->status = ob_expr_fresh(infer->module->exprs, &made);
  return made;
}

/* `before`: the type that the input had, whose symbols are used again. */
static void set_named_input(ob_infer_t *infer, const ob_body_t *body, size_t index, ob_dtype_t dtype, const ob_shape_t *shape,
                            const ob_type_t *before) {
  ob_type_t type = {.kind = OB_TENSOR, .dtype = dtype, .rank = -1};
  ob_shape_t named = *shape;
  for (int32_t i = 0; i < named.rank; i++)
    if (!named.dims[i]) named.dims[i] = name_size(infer, before, i);
  if (infer->status == OB_OK && named.rank >= 0)
    infer->status = ob_type_tensor(infer->module, dtype, named.rank, named.dims, &type);
  if (infer->status == OB_OK) ob_body_set_input_type(infer, body, index, &type);
}

void ob_body_set_input(ob_infer_t *infer, const ob_body_t *body, size_t index, ob_dtype_t dtype, const ob_shape_t *shape) {
  ob_type_t before = body->graph->inputs.items[index]->type;
  set_named_input(infer, body, index, dtype, shape, &before);
}

void ob_body_infer(ob_infer_t *infer, const ob_body_t *body) {
  size_t first = formal_count(body);
  if (infer->status != OB_OK) return;
  for (size_t i = 0; i < body->capture_count; i++) {
    ob_value_t *inside = body->graph->inputs.items[first + i];
    const ob_value_t *outside = body->captures[i];
    set_input(body, first + i, &outside->type);
    inside->content = outside->content;
    inside->content_count = outside->content_count;
  }
  infer->status = ob_infer_graph(body->graph);
}

/* ---------------------------------------------------------------- types coming out */

static void mark_symbols(const ob_value_t *value, bool *used) {
  if (!value || value->type.kind != OB_TENSOR) return;
  for (int32_t i = 0; i < value->type.rank; i++) ob_expr_symbols_used(value->type.dims[i], used);
}

ob_dim_t ob_body_outside(ob_infer_t *infer, const ob_body_t *body, ob_dim_t dim) {
  const ob_expr_pool_t *exprs = infer->module->exprs;
  size_t count = ob_expr_symbol_count(exprs);
  bool *known, *needed;
  if (infer->status != OB_OK || !dim || !ob_expr_is_run_time(exprs, dim)) return dim;
  infer->status = ob_arena_alloc_array(&infer->scratch, count, 2 * sizeof *known, (void **)&known);
  if (infer->status != OB_OK) return NULL;
  needed = known + count;
  for (size_t i = 0; i < infer->node->input_count; i++) mark_symbols(infer->node->inputs[i], known);
  for (size_t i = 0; i < body->capture_count; i++) mark_symbols(body->captures[i], known);
  ob_expr_symbols_used(dim, needed);
  for (size_t i = 0; i < count; i++)
    if (needed[i] && !known[i] && ob_expr_symbol_at(exprs, i)->source == OB_SYMBOL_RUN) return NULL;
  return dim;
}

ob_shape_t ob_body_output(ob_infer_t *infer, const ob_body_t *body, size_t index) {
  const ob_type_t *type = &body->graph->outputs.items[index]->type;
  if (type->kind != OB_TENSOR || type->rank < 0) return ob_shape_unknown();
  ob_shape_t shape = ob_shape_of(type->rank, type->dims);
  for (int32_t i = 0; i < shape.rank; i++) shape.dims[i] = ob_body_outside(infer, body, shape.dims[i]);
  return shape;
}

/* ---------------------------------------------------------------- loops */

/* Makes the type of a state that comes in general enough for what goes out; true when it changed. Sizes become NULL. */
static bool generalise(const ob_shape_t *initial, ob_shape_t *state, const ob_type_t *in, const ob_type_t *out) {
  bool changed = false;
  if (state->rank < 0) return false;
  if (out->rank != state->rank) {
    *state = ob_shape_unknown();
    return true;
  }
  for (int32_t i = 0; i < state->rank; i++) {
    if (!state->dims[i] || ob_expr_equal(in->dims[i], out->dims[i])) continue;
    if (!initial->dims[i] || !ob_expr_equal(state->dims[i], initial->dims[i])) continue;
    state->dims[i] = NULL;
    changed = true;
  }
  return changed;
}

typedef struct states {
  const ob_body_t *body;
  size_t first_initial, first_input, first_output, count;
  ob_shape_t *shapes; /* of the states; NULL: a size that changes */
  ob_type_t *before;  /* types of the body's inputs from the inference before this one */
} states_t;

static void set_state(ob_infer_t *infer, const states_t *s, size_t i) {
  const ob_value_t *initial = ob_infer_input(infer, s->first_initial + i);
  if (!initial) return;
  if (initial->type.kind != OB_TENSOR)
    ob_body_set_input_type(infer, s->body, s->first_input + i, &initial->type);
  else
    set_named_input(infer, s->body, s->first_input + i, initial->type.dtype, &s->shapes[i], &s->before[i]);
}

/* One round; true when a state's type had to be made more general. */
static bool infer_round(ob_infer_t *infer, const states_t *s) {
  bool changed = false;
  for (size_t i = 0; i < s->count; i++) set_state(infer, s, i);
  ob_body_infer(infer, s->body);
  for (size_t i = 0; i < s->count && infer->status == OB_OK; i++) {
    const ob_type_t *in = &s->body->graph->inputs.items[s->first_input + i]->type;
    const ob_type_t *out = &s->body->graph->outputs.items[s->first_output + i]->type;
    ob_shape_t initial = ob_infer_shape(infer, s->first_initial + i);
    if (in->kind == OB_TENSOR && out->kind == OB_TENSOR && in->dtype != out->dtype && out->dtype != OB_UNDEFINED) {
      ob_infer_fail(infer, "state %zu goes into '%s' as %s and leaves as %s", i, s->body->attribute, ob_dtype_name(in->dtype),
                    ob_dtype_name(out->dtype));
    } else if (in->kind == OB_TENSOR && generalise(&initial, &s->shapes[i], in, out)) {
      changed = true;
    }
  }
  return changed;
}

static void set_final(ob_infer_t *infer, const states_t *s) {
  for (size_t i = 0; i < s->count && infer->status == OB_OK; i++) {
    const ob_value_t *initial = ob_infer_input(infer, s->first_initial + i);
    if (!initial) continue;
    if (initial->type.kind != OB_TENSOR)
      infer->status = ob_infer_set_type(infer, i, &s->body->graph->outputs.items[s->first_output + i]->type);
    else
      infer->status = ob_infer_set(infer, i, initial->type.dtype, &s->shapes[i]);
  }
}

ob_status_t ob_body_infer_states(ob_infer_t *infer, const ob_body_t *body, size_t first_initial, size_t first_input,
                                 size_t first_output, size_t count) {
  states_t s = {body, first_initial, first_input, first_output, count, NULL, NULL};
  OB_TRY(infer->status);
  OB_TRY(ob_arena_alloc_array(&infer->scratch, count, sizeof *s.shapes, (void **)&s.shapes));
  OB_TRY(ob_arena_alloc_array(&infer->scratch, count, sizeof *s.before, (void **)&s.before));
  bool careful = ob_infer_depth() <= CAREFUL_DEPTH;
  for (size_t i = 0; i < count; i++) {
    s.before[i] = body->graph->inputs.items[first_input + i]->type;
    s.shapes[i] = ob_infer_shape(infer, first_initial + i);
    if (!careful) s.shapes[i] = ob_shape_of_rank(s.shapes[i].rank);
  }
  /* Each round makes a size or rank unknown for good; three are enough but for ranks that follow from each other. */
  for (int round = 0; infer_round(infer, &s) && infer->status == OB_OK; round++)
    if (round >= 3)
      for (size_t i = 0; i < count; i++) s.shapes[i] = ob_shape_unknown();
  set_final(infer, &s);
  return infer->status;
}
