/* Derivatives of operators, one rule each. Rules make operators that have rules themselves, so that gradients of gradients work. */
#include <string.h>

#include "import/onnx/gradient.h"

#define RULE(name) static void name##_rule(ob_gradient_t *g, const ob_node_t *node, ob_value_t *slope)
#define X ob_gradient_in(g, node, 0)
#define B ob_gradient_in(g, node, 1)
#define Y ob_gradient_out(g, node, 0)
#define C (&g->c)
#define GIVE(index, ...) ob_gradient_give(g, node, index, __VA_ARGS__)
#define MUL(a, b) OB_MAKE(C, "Mul", a, b)
#define NUMBER(like, value) ob_contrib_number(C, like, value)

/* ------------------------------------------------------------ arithmetic */

RULE(Identity) { GIVE(0, slope); }
RULE(Neg) { GIVE(0, OB_MAKE(C, "Neg", slope)); }
RULE(Add) {
  GIVE(0, slope);
  GIVE(1, slope);
}
RULE(Sub) {
  GIVE(0, slope);
  if (ob_gradient_wants(g, node, 1)) GIVE(1, OB_MAKE(C, "Neg", slope));
}
RULE(Mul) {
  if (ob_gradient_wants(g, node, 0)) GIVE(0, MUL(slope, B));
  if (ob_gradient_wants(g, node, 1)) GIVE(1, MUL(slope, X));
}
RULE(Div) {
  if (ob_gradient_wants(g, node, 0)) GIVE(0, OB_MAKE(C, "Div", slope, B));
  if (ob_gradient_wants(g, node, 1)) GIVE(1, OB_MAKE(C, "Neg", OB_MAKE(C, "Div", MUL(slope, Y), B)));
}
RULE(Sum) {
  for (size_t i = 0; i < node->input_count; i++) GIVE(i, slope);
}
RULE(Mean) {
  ob_value_t *part = OB_MAKE(C, "Div", slope, NUMBER(slope, (double)node->input_count));
  for (size_t i = 0; i < node->input_count; i++) GIVE(i, part);
}

/* x ^ b: b x^(b-1), and y log x where x is positive. */
RULE(Pow) {
  if (ob_gradient_wants(g, node, 0)) {
    ob_value_t *exponent = OB_MAKE(C, "CastLike", B, X);
    ob_value_t *power = OB_MAKE(C, "Pow", X, OB_MAKE(C, "Sub", exponent, NUMBER(slope, 1)));
    GIVE(0, MUL(slope, MUL(exponent, power)));
  }
  if (ob_gradient_wants(g, node, 1)) {
    ob_value_t *positive = OB_MAKE(C, "Greater", X, NUMBER(slope, 0));
    ob_value_t *logarithm = OB_MAKE(C, "Log", OB_MAKE(C, "Where", positive, X, NUMBER(slope, 1)));
    GIVE(1, OB_MAKE(C, "CastLike", MUL(slope, MUL(Y, logarithm)), B));
  }
}

/* ------------------------------------------------------------ functions of one number */

RULE(Exp) { GIVE(0, MUL(slope, Y)); }
RULE(Log) { GIVE(0, OB_MAKE(C, "Div", slope, X)); }
RULE(Sqrt) { GIVE(0, OB_MAKE(C, "Div", MUL(slope, NUMBER(slope, 0.5)), Y)); }
RULE(Reciprocal) { GIVE(0, OB_MAKE(C, "Neg", MUL(slope, MUL(Y, Y)))); }
RULE(Tanh) { GIVE(0, MUL(slope, OB_MAKE(C, "Sub", NUMBER(slope, 1), MUL(Y, Y)))); }
RULE(Sigmoid) { GIVE(0, MUL(slope, MUL(Y, OB_MAKE(C, "Sub", NUMBER(slope, 1), Y)))); }
RULE(Softplus) { GIVE(0, MUL(slope, OB_MAKE(C, "Sigmoid", X))); }
RULE(Sin) { GIVE(0, MUL(slope, OB_MAKE(C, "Cos", X))); }
RULE(Cos) { GIVE(0, OB_MAKE(C, "Neg", MUL(slope, OB_MAKE(C, "Sin", X)))); }
RULE(Abs) { GIVE(0, MUL(slope, OB_MAKE(C, "Sign", X))); }
RULE(Erf) {
  ob_value_t *bell = OB_MAKE(C, "Exp", OB_MAKE(C, "Neg", MUL(X, X)));
  GIVE(0, MUL(slope, MUL(bell, NUMBER(slope, 1.1283791670955126))));
}
RULE(Relu) { GIVE(0, OB_MAKE(C, "Where", OB_MAKE(C, "Greater", X, NUMBER(slope, 0)), slope, NUMBER(slope, 0))); }
RULE(LeakyRelu) {
  ob_value_t *less = MUL(slope, NUMBER(slope, (double)ob_node_float(node, "alpha", 0.01f)));
  GIVE(0, OB_MAKE(C, "Where", OB_MAKE(C, "Less", X, NUMBER(slope, 0)), less, slope));
}
/* Where nothing was cut. */
RULE(Clip) { GIVE(0, OB_MAKE(C, "Where", OB_MAKE(C, "Equal", X, Y), slope, NUMBER(slope, 0))); }
RULE(Cast) {
  if (OB_DTYPE_BIT(X->type.dtype) & OB_TYPES_FLOATS) GIVE(0, ob_contrib_cast(C, slope, X->type.dtype));
}
/* Steps: their derivative is 0 wherever they have one. */
RULE(Flat) {
  (void)g;
  (void)node;
  (void)slope;
}
RULE(Where) {
  if (ob_gradient_wants(g, node, 1)) GIVE(1, OB_MAKE(C, "Where", X, slope, NUMBER(slope, 0)));
  if (ob_gradient_wants(g, node, 2)) GIVE(2, OB_MAKE(C, "Where", X, NUMBER(slope, 0), slope));
}

/* ------------------------------------------------------------ shapes */

/* The slope in the shape of the input. (Attributes are for the node that is made next: the shape comes first.) */
static ob_value_t *shaped(ob_gradient_t *g, ob_value_t *slope, ob_value_t *like) {
  ob_value_t *shape = OB_MAKE(C, "Shape", like);
  ob_contrib_with_int(C, "allowzero", 1);
  return OB_MAKE(C, "Reshape", slope, shape);
}

RULE(Reshape) { GIVE(0, shaped(g, slope, X)); }
RULE(Expand) { GIVE(0, slope); }

RULE(Transpose) {
  const ob_expr_t *const *perm;
  size_t count;
  int64_t back[OB_MAX_RANK], axis;
  int32_t rank = ob_contrib_rank(C, X);
  if (C->status == OB_OK) C->status = ob_node_ints(node, "perm", &perm, &count);
  if (C->status != OB_OK) return;
  for (int32_t i = 0; i < rank; i++) {
    axis = rank - 1 - i;
    if (count == (size_t)rank && !ob_expr_is_const(perm[i], &axis)) axis = i;
    back[axis] = i;
  }
  GIVE(0, ob_contrib_transpose(C, slope, back, (size_t)rank));
}

RULE(Concat) {
  int64_t axis;
  ob_value_t **sizes, **parts;
  size_t count = node->input_count;
  if (C->status == OB_OK) C->status = ob_node_int(node, "axis", 0, &axis);
  if (C->status == OB_OK) C->status = OB_ARENA_ARRAY(&C->up.importer->scratch, 2 * count, &sizes);
  if (C->status != OB_OK) return;
  parts = sizes + count;
  for (size_t i = 0; i < count; i++) sizes[i] = ob_contrib_dim(C, ob_gradient_in(g, node, i), axis);
  ob_value_t *all = ob_contrib_join(C, sizes, count, 0);
  ob_contrib_with_int(C, "axis", axis);
  ob_contrib_make_many(C, "Split", (ob_value_t *[]){slope, all}, 2, parts, count);
  for (size_t i = 0; i < count && C->status == OB_OK; i++) GIVE(i, parts[i]);
}

/* ------------------------------------------------------------ sums */

/* The slope of a reduction for every element that was reduced. */
static ob_value_t *spread(ob_gradient_t *g, const ob_node_t *node, ob_value_t *slope) {
  int64_t keep, noop, ones[OB_MAX_RANK];
  ob_value_t *axes = B;
  int32_t rank = ob_contrib_rank(C, X);
  if (C->status == OB_OK) C->status = ob_node_int(node, "keepdims", 1, &keep);
  if (C->status == OB_OK) C->status = ob_node_int(node, "noop_with_empty_axes", 0, &noop);
  if (C->status != OB_OK) return slope;
  bool empty = !axes || (axes->type.rank == 1 && axes->content && axes->content_count == 0);
  if (empty && noop) return slope;
  for (int32_t i = 0; i < rank; i++) ones[i] = 1;
  if (!keep) slope = empty ? OB_MAKE(C, "Reshape", slope, ob_contrib_list(C, ones, (size_t)rank)) : OB_MAKE(C, "Unsqueeze", slope, axes);
  return OB_MAKE(C, "Expand", slope, OB_MAKE(C, "Shape", X));
}

RULE(ReduceSum) { GIVE(0, spread(g, node, slope)); }
RULE(ReduceMean) {
  ob_value_t *from = OB_MAKE(C, "Size", X), *to = OB_MAKE(C, "Size", Y);
  ob_value_t *part = OB_MAKE(C, "Div", OB_MAKE(C, "CastLike", to, slope), OB_MAKE(C, "CastLike", from, slope));
  GIVE(0, spread(g, node, MUL(slope, part)));
}

/* A sum along the node's axis, which stays. */
static ob_value_t *sum_along(ob_gradient_t *g, const ob_node_t *node, ob_value_t *value) {
  int64_t axis = -1;
  if (C->status == OB_OK) C->status = ob_node_int(node, "axis", -1, &axis);
  ob_value_t *axes = OB_LIST(C, axis);
  ob_contrib_with_int(C, "keepdims", 1);
  return OB_MAKE(C, "ReduceSum", value, axes);
}

RULE(Softmax) { GIVE(0, MUL(Y, OB_MAKE(C, "Sub", slope, sum_along(g, node, MUL(slope, Y))))); }
RULE(LogSoftmax) { GIVE(0, OB_MAKE(C, "Sub", slope, MUL(OB_MAKE(C, "Exp", Y), sum_along(g, node, slope)))); }

/* ------------------------------------------------------------ products */

/* Columns and rows change places. */
static ob_value_t *turned(ob_gradient_t *g, ob_value_t *matrix) {
  int64_t perm[OB_MAX_RANK];
  int32_t rank = ob_contrib_rank(C, matrix);
  if (C->status != OB_OK || rank < 2) return matrix;
  for (int32_t i = 0; i < rank; i++) perm[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
  return ob_contrib_transpose(C, matrix, perm, (size_t)rank);
}

/* A vector counts as a matrix with one row, or one column. */
RULE(MatMul) {
  ob_value_t *a = X, *b = B;
  bool row = ob_contrib_rank(C, a) == 1, column = ob_contrib_rank(C, b) == 1;
  if (row) slope = ob_contrib_unsqueeze(C, slope, column ? 0 : -2);
  if (column) slope = ob_contrib_unsqueeze(C, slope, -1);
  if (row) a = ob_contrib_unsqueeze(C, a, 0);
  if (column) b = ob_contrib_unsqueeze(C, b, 1);
  if (ob_gradient_wants(g, node, 0)) {
    ob_value_t *da = OB_MAKE(C, "MatMul", slope, turned(g, b));
    GIVE(0, row ? OB_MAKE(C, "Squeeze", da, OB_LIST(C, -2)) : da);
  }
  if (ob_gradient_wants(g, node, 1)) {
    ob_value_t *db = OB_MAKE(C, "MatMul", turned(g, a), slope);
    GIVE(1, column ? OB_MAKE(C, "Squeeze", db, OB_LIST(C, -1)) : db);
  }
}

/* alpha * a * b, each turned or not. */
static ob_value_t *product(ob_gradient_t *g, float alpha, ob_value_t *a, int64_t turn_a, ob_value_t *b, int64_t turn_b) {
  ob_contrib_with_float(C, "alpha", alpha);
  ob_contrib_with_int(C, "transA", turn_a);
  ob_contrib_with_int(C, "transB", turn_b);
  return OB_MAKE(C, "Gemm", a, b);
}

RULE(Gemm) {
  float alpha = ob_node_float(node, "alpha", 1), beta = ob_node_float(node, "beta", 1);
  int64_t turn_a = 0, turn_b = 0;
  if (C->status == OB_OK) C->status = ob_node_int(node, "transA", 0, &turn_a);
  if (C->status == OB_OK) C->status = ob_node_int(node, "transB", 0, &turn_b);
  if (ob_gradient_wants(g, node, 0)) GIVE(0, turn_a ? product(g, alpha, B, turn_b, slope, 1) : product(g, alpha, slope, 0, B, !turn_b));
  if (ob_gradient_wants(g, node, 1)) GIVE(1, turn_b ? product(g, alpha, slope, 1, X, turn_a) : product(g, alpha, X, !turn_a, slope, 0));
  if (ob_gradient_wants(g, node, 2)) GIVE(2, ob_contrib_scale(C, slope, (double)beta));
}

/* ------------------------------------------------------------ the table */

static const struct {
  const char *op;
  ob_gradient_rule_t *rule;
} rules[] = {
#define ROW(op, name) {#op, name##_rule}
    ROW(Abs, Abs),         ROW(Add, Add),         ROW(Cast, Cast),           ROW(CastLike, Cast),         ROW(Ceil, Flat),
    ROW(Clip, Clip),       ROW(Concat, Concat),   ROW(Cos, Cos),             ROW(Div, Div),               ROW(Erf, Erf),
    ROW(Exp, Exp),         ROW(Expand, Expand),   ROW(Flatten, Reshape),     ROW(Floor, Flat),            ROW(Gemm, Gemm),
    ROW(Identity, Identity), ROW(LeakyRelu, LeakyRelu), ROW(Log, Log),       ROW(LogSoftmax, LogSoftmax), ROW(MatMul, MatMul),
    ROW(Mean, Mean),       ROW(Mul, Mul),         ROW(Neg, Neg),             ROW(Pow, Pow),               ROW(Reciprocal, Reciprocal),
    ROW(ReduceMean, ReduceMean), ROW(ReduceSum, ReduceSum), ROW(Relu, Relu), ROW(Reshape, Reshape),       ROW(Round, Flat),
    ROW(Sigmoid, Sigmoid), ROW(Sign, Flat),       ROW(Sin, Sin),             ROW(Softmax, Softmax),       ROW(Softplus, Softplus),
    ROW(Sqrt, Sqrt),       ROW(Squeeze, Reshape), ROW(Sub, Sub),             ROW(Sum, Sum),               ROW(Tanh, Tanh),
    ROW(Transpose, Transpose), ROW(Unsqueeze, Reshape), ROW(Where, Where),
#undef ROW
};

ob_gradient_rule_t *ob_gradient_find(const ob_node_t *node) {
  for (size_t i = 0; node->op->domain[0] == 0 && i < sizeof rules / sizeof *rules; i++)
    if (strcmp(rules[i].op, node->op->name) == 0) return rules[i].rule;
  return NULL;
}
