/* Scan: a subgraph over the elements of sequences, with state. */
#include "op/control.h"

/* The scan axis of a sequence from an attribute with one element for each. */
static int32_t axis_of(ob_infer_t *infer, const char *name, size_t index, size_t expected, int32_t rank) {
  size_t count;
  int64_t axis = 0;
  const ob_dim_t *axes = ob_infer_ints(infer, name, &count);
  if (count != 0 && count != expected)
    ob_infer_fail(infer, "attribute '%s' has %zu elements, expected %zu", name, count, expected);
  else if (count != 0 && !ob_dim_is_const(axes[index], &axis))
    ob_infer_fail(infer, "attribute '%s' is no number", name);
  return ob_infer_axis_of(infer, name, axis, rank, false);
}

/* The body sees one element of each sequence; gives their common length. */
static ob_dim_t set_sequences(ob_infer_t *infer, const ob_body_t *body, size_t states, size_t sequences) {
  ob_dim_t length = NULL;
  for (size_t i = 0; i < sequences && infer->status == OB_OK; i++) {
    ob_shape_t sequence = ob_infer_shape_at_least(infer, states + i, 1), element = ob_shape_of_rank(0);
    int32_t axis = axis_of(infer, "scan_input_axes", i, sequences, sequence.rank);
    for (int32_t k = 0; k < sequence.rank; k++) {
      if (k != axis)
        ob_shape_append(infer, &element, sequence.dims[k]);
      else
        length = ob_dim_require_equal(infer, length, sequence.dims[k], "lengths of the sequences");
    }
    if (sequence.rank < 0) element = ob_shape_unknown();
    ob_body_set_input(infer, body, states + i, ob_infer_dtype(infer, states + i), &element);
  }
  return length;
}

static ob_status_t set_collected(ob_infer_t *infer, const ob_body_t *body, size_t states, ob_dim_t length) {
  size_t outputs = infer->node->output_count;
  for (size_t i = states; i < outputs && infer->status == OB_OK; i++) {
    ob_shape_t element = ob_body_output(infer, body, i), shape = ob_shape_unknown();
    if (element.rank >= 0) {
      int32_t axis = axis_of(infer, "scan_output_axes", i - states, outputs - states, element.rank + 1), from = 0;
      shape = ob_shape_of_rank(0);
      for (int32_t k = 0; k <= element.rank; k++) ob_shape_append(infer, &shape, k == axis ? length : element.dims[from++]);
    }
    OB_TRY(ob_infer_set(infer, i, body->graph->outputs.items[i]->type.dtype, &shape));
  }
  return infer->status;
}

static ob_status_t infer(ob_infer_t *infer) {
  const ob_body_t *body = &infer->node->bodies[0];
  size_t inputs = infer->node->input_count, outputs = infer->node->output_count;
  size_t sequences = (size_t)ob_infer_int_within(infer, "num_scan_inputs", 1, 1, (int64_t)inputs), states = inputs - sequences;
  OB_TRY(infer->status);
  if (outputs < states) return ob_infer_fail(infer, "%zu outputs, expected one for each of %zu states", outputs, states);
  if (!ob_body_check(infer, body, inputs, outputs)) return infer->status;
  ob_dim_t length = set_sequences(infer, body, states, sequences);
  OB_TRY(ob_body_infer_states(infer, body, 0, 0, 0, states));
  return set_collected(infer, body, states, length);
}

const ob_op_t ob_op_Scan = {
    .name = "Scan",
    .domain = "",
    .since = 25,
    .flags = OB_OP_CONTROL,
    OB_INPUTS(1, OB_PARAM("initial_state_and_scan_inputs", 0, OB_TYPES_ANY)),
    OB_OUTPUTS(1, OB_PARAM("final_state_and_scan_outputs", 0, OB_TYPES_ANY)),
    .variadic_inputs = true,
    .variadic_outputs = true,
    OB_ATTRIBUTES(OB_MUST("num_scan_inputs", INT), OB_MAYBE("scan_input_axes", INTS), OB_MAYBE("scan_input_directions", INTS),
                  OB_MAYBE("scan_output_axes", INTS), OB_MAYBE("scan_output_directions", INTS)),
    OB_BODIES("body"),
    .infer = infer,
    .doc = "a subgraph over the elements of sequences, with state",
};
