/* FlexAttention: products, softmax, and the subgraphs that change scores and probabilities on the way. */
#include <math.h>
#include <string.h>

#include "base/dtype.h"
#include "import/onnx/expand.h"

/* The value as the subgraph changes it, which keeps shape and type. */
static ob_value_t *modify(ob_contrib_t *c, const char *name, ob_value_t *value) {
  const ob_body_t *body = ob_expand_body(c->up.record, name);
  ob_value_t *result = NULL;
  if (!body || c->status != OB_OK) return value;
  c->status = ob_expand_inline(c->up.scope->graph, body, &value, 1, body->captures, &result, 1);
  if (c->status != OB_OK) return NULL;
  if (result->type.kind != OB_TENSOR || result->type.dtype != value->type.dtype || (result->type.rank >= 0 && result->type.rank != 4))
    ob_contrib_fail(c, OB_INVALID_MODEL, "subgraph '%s' gives %s of rank %d, expected %s of rank 4", name,
                    ob_dtype_name(result->type.dtype), result->type.rank, ob_dtype_name(value->type.dtype));
  return result;
}

/* Each head of keys or values for a group of neighbouring heads of queries. */
static ob_value_t *repeat_heads(ob_contrib_t *c, ob_value_t *value, ob_value_t *q) {
  ob_value_t *heads = ob_contrib_dim(c, value, 1), *group = OB_MAKE(c, "Div", ob_contrib_dim(c, q, 1), heads);
  ob_value_t *wide = OB_JOIN(c, 0, OB_LIST(c, 1, 1), group, OB_LIST(c, 1, 1));
  wide = OB_MAKE(c, "Expand", ob_contrib_unsqueeze(c, value, 2), wide);
  return OB_MAKE(c, "Reshape", wide, OB_JOIN(c, 0, ob_contrib_dim(c, q, 0), ob_contrib_dim(c, q, 1), ob_contrib_dim(c, value, 2), ob_contrib_dim(c, value, 3)));
}

static bool same_heads(const ob_value_t *a, const ob_value_t *b) { return ob_expr_equal(a->type.dims[1], b->type.dims[1]); }

static ob_dtype_t precision(ob_contrib_t *c, const ob_value_t *q) {
  int64_t stated = ob_contrib_int(c, "softmax_precision", OB_UNDEFINED);
  if (stated == OB_UNDEFINED) return q->type.dtype == OB_FLOAT64 ? OB_FLOAT64 : OB_FLOAT32;
  if (stated != OB_FLOAT32 && stated != OB_FLOAT64 && stated != OB_FLOAT16 && stated != OB_BFLOAT16)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'softmax_precision' is %lld, which is no float type", (long long)stated);
  return (ob_dtype_t)stated;
}

static void check_heads(ob_contrib_t *c, const ob_value_t *q, const ob_value_t *k, const ob_value_t *v) {
  int64_t many, few;
  if (!ob_expr_is_const(q->type.dims[1], &many) || !ob_expr_is_const(k->type.dims[1], &few)) return;
  if (few < 1 || many % few != 0 || !same_heads(k, v))
    ob_contrib_fail(c, OB_INVALID_MODEL, "%lld heads of Q for %lld heads of K: expected a multiple, and as many of V as of K", (long long)many,
                    (long long)few);
}

/* The root of 1 / sqrt(size of a head), which goes to both Q and K. */
static ob_value_t *root_of_size(ob_contrib_t *c, ob_value_t *q) {
  ob_value_t *size = ob_contrib_cast(c, ob_contrib_dim(c, q, 3), OB_FLOAT32);
  return c->status == OB_OK ? ob_contrib_cast(c, OB_MAKE(c, "Pow", size, ob_contrib_number(c, size, -0.25)), q->type.dtype) : NULL;
}

static void expand(ob_contrib_t *c) {
  static const char *const names[] = {"Q", "K", "V"};
  ob_value_t *in[3];
  for (size_t i = 0; i < 3; i++) {
    in[i] = ob_contrib_need(c, i);
    if (c->status == OB_OK && ob_contrib_rank(c, in[i]) != 4)
      ob_contrib_fail(c, OB_INVALID_MODEL, "input %zu ('%s') has rank %d, expected 4", i, names[i], in[i]->type.rank);
  }
  if (c->status == OB_OK) check_heads(c, in[0], in[1], in[2]);
  if (c->status != OB_OK) return;
  ob_value_t *q = in[0], *k = in[1], *v = in[2], *root;
  ob_dtype_t dtype = precision(c, q);
  if (!same_heads(q, k)) k = repeat_heads(c, k, q);
  if (!same_heads(q, v)) v = repeat_heads(c, v, q);
  if (ob_contrib_states(c, "scale"))
    root = ob_contrib_number(c, q, sqrt((double)ob_contrib_float(c, "scale", 1)));
  else
    root = root_of_size(c, q);
  ob_value_t *scores = OB_MAKE(c, "MatMul", OB_MAKE(c, "Mul", q, root), OB_TRANSPOSE(c, OB_MAKE(c, "Mul", k, root), 0, 1, 3, 2));
  scores = modify(c, "score_mod", ob_contrib_cast(c, scores, dtype));
  ob_contrib_with_int(c, "axis", -1);
  ob_value_t *weights = modify(c, "prob_mod", OB_MAKE(c, "Softmax", scores));
  ob_value_t *y = OB_MAKE(c, "MatMul", weights, ob_contrib_cast(c, v, dtype));
  if (c->status == OB_OK) ob_contrib_give(c, 0, ob_contrib_cast(c, y, in[0]->type.dtype));
}

ob_status_t ob_upgrade_flex_attention(ob_upgrade_t *up) {
  ob_contrib_t c = {.up = *up};
  static const char *const known[] = {"scale", "softmax_precision"};
  for (size_t i = 0; i < up->record->attribute_count; i++)
    if (strcmp(up->record->attributes[i].name, known[0]) != 0 && strcmp(up->record->attributes[i].name, known[1]) != 0)
      return ob_fail(OB_INVALID_MODEL, "the operator has no attribute '%s'", ob_quote(up->record->attributes[i].name));
  up->record->made = true;
  expand(&c);
  return c.status;
}
