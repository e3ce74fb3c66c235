/* If: one of two subgraphs, as the condition says. */
#include <outboard/outboard.h>

#include "op/control.h"

/* A size where both branches differ: an expression of the condition where that is known. */
static ob_dim_t join(ob_infer_t *infer, ob_dim_t condition, ob_dim_t a, ob_dim_t b) {
  if (a && b && ob_expr_equal(a, b)) return a;
  return ob_dim_select(infer, condition, a, b);
}

static ob_shape_t join_shapes(ob_infer_t *infer, ob_dim_t condition, const ob_shape_t *a, const ob_shape_t *b) {
  int64_t known;
  if (ob_dim_is_const(condition, &known)) return known ? *a : *b;
  if (a->rank != b->rank) return ob_shape_unknown();
  ob_shape_t shape = *a;
  for (int32_t i = 0; i < a->rank; i++) shape.dims[i] = join(infer, condition, a->dims[i], b->dims[i]);
  return shape;
}

static void join_contents(ob_infer_t *infer, size_t output, ob_dim_t condition, const ob_value_t *a, const ob_value_t *b) {
  if (!a->content || !b->content || a->content_count != b->content_count || a->type.rank != b->type.rank) return;
  ob_dim_t *items = ob_infer_room(infer, a->content_count);
  for (size_t i = 0; items && i < a->content_count; i++) items[i] = join(infer, condition, a->content[i], b->content[i]);
  ob_infer_set_content(infer, output, items, a->content_count);
}

static ob_status_t set_output(ob_infer_t *infer, size_t i, ob_dim_t condition, const ob_body_t *yes, const ob_body_t *no) {
  const ob_value_t *a = yes->graph->outputs.items[i], *b = no->graph->outputs.items[i];
  int64_t known;
  if (a->type.kind != b->type.kind || (a->type.kind == OB_TENSOR && a->type.dtype != b->type.dtype))
    return ob_infer_fail(infer, "output %zu is %s in one branch and %s in the other", i, ob_dtype_name(a->type.dtype),
                         ob_dtype_name(b->type.dtype));
  if (a->type.kind != OB_TENSOR)
    return ob_infer_set_type(infer, i, ob_dim_is_const(condition, &known) && !known ? &b->type : &a->type);
  ob_shape_t shape_a = ob_body_output(infer, yes, i), shape_b = ob_body_output(infer, no, i);
  ob_shape_t shape = join_shapes(infer, condition, &shape_a, &shape_b);
  OB_TRY(ob_infer_set(infer, i, a->type.dtype, &shape));
  join_contents(infer, i, condition, a, b);
  return infer->status;
}

static ob_status_t infer(ob_infer_t *infer) {
  const ob_body_t *no = &infer->node->bodies[0], *yes = &infer->node->bodies[1];
  ob_dim_t condition = ob_infer_scalar(infer, 0);
  for (size_t i = 0; i < 2; i++) {
    const ob_body_t *body = &infer->node->bodies[i];
    if (!ob_body_check(infer, body, 0, infer->node->output_count)) return infer->status;
    ob_body_infer(infer, body);
  }
  for (size_t i = 0; i < infer->node->output_count; i++) OB_TRY(set_output(infer, i, condition, yes, no));
  return infer->status;
}

const ob_op_t ob_op_If = {
    .name = "If",
    .domain = "",
    .since = 25,
    .flags = OB_OP_CONTROL,
    OB_INPUTS(1, OB_PARAM("cond", 'B', OB_TYPES_BOOL)),
    OB_OUTPUTS(1, OB_PARAM("outputs", 0, 0)),
    .variadic_outputs = true,
    OB_BODIES("else_branch", "then_branch"),
    .infer = infer,
    .doc = "one of two subgraphs, as the condition says",
};
