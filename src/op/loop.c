/* Loop: a subgraph again and again, with state, until a count or a condition says stop. */
#include "op/control.h"

#include <string.h>

/* True where the body hands its condition on unchanged, or says true. */
static bool condition_stays(const ob_body_t *body) {
  const ob_value_t *value = body->graph->outputs.items[0];
  for (int steps = 0; steps < 64; steps++) {
    if (value == body->graph->inputs.items[1]) return true;
    if (value->content && value->content_count == 1) return ob_dim_is(value->content[0], 1);
    if (!value->producer || strcmp(value->producer->op->name, "Identity") != 0) return false;
    value = value->producer->inputs[0];
  }
  return false;
}

/* How often the body runs; NULL where its condition decides that. */
static ob_dim_t trips(ob_infer_t *infer, const ob_body_t *body) {
  ob_dim_t count = ob_infer_scalar(infer, 0), condition = ob_infer_scalar(infer, 1);
  if (ob_infer_has(infer, 1) && ob_dim_is(condition, 0)) return ob_dim(infer, 0);
  if (!count || !condition_stays(body)) return NULL;
  if (ob_infer_has(infer, 1) && !ob_dim_is(condition, 1)) return NULL;
  return ob_dim_max(infer, count, ob_dim(infer, 0));
}

static ob_status_t infer(ob_infer_t *infer) {
  const ob_body_t *body = &infer->node->bodies[0];
  size_t inputs = infer->node->input_count, states = inputs > 2 ? inputs - 2 : 0, outputs = infer->node->output_count;
  ob_shape_t scalar = ob_shape_of_rank(0);
  if (outputs < states) return ob_infer_fail(infer, "%zu outputs, expected one for each of %zu states", outputs, states);
  if (!ob_body_check(infer, body, 2 + states, 1 + outputs)) return infer->status;
  ob_body_set_input(infer, body, 0, OB_INT64, &scalar);
  ob_body_set_input(infer, body, 1, OB_BOOL, &scalar);
  OB_TRY(ob_body_infer_states(infer, body, 2, 2, 1, states));
  ob_dim_t count = trips(infer, body);
  for (size_t i = states; i < outputs; i++) {
    ob_shape_t element = ob_body_output(infer, body, 1 + i), shape = ob_shape_of(1, &count);
    for (int32_t k = 0; k < element.rank; k++) ob_shape_append(infer, &shape, element.dims[k]);
    if (element.rank < 0) shape = ob_shape_unknown();
    OB_TRY(ob_infer_set(infer, i, body->graph->outputs.items[1 + i]->type.dtype, &shape));
  }
  return infer->status;
}

const ob_op_t ob_op_Loop = {
    .name = "Loop",
    .domain = "",
    .since = 25,
    .flags = OB_OP_CONTROL,
    OB_INPUTS(2, OB_OPTIONAL_PARAM("M", 'I', OB_TYPES_INT64), OB_OPTIONAL_PARAM("cond", 'B', OB_TYPES_BOOL),
              OB_PARAM("v_initial", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("v_final_and_scan_outputs", 0, 0)),
    .variadic_inputs = true,
    .variadic_outputs = true,
    OB_BODIES("body"),
    .infer = infer,
    .doc = "a subgraph again and again, with state, until a count or a condition says stop",
};
