/* Attention becomes products, a mask and a softmax, which engines compute far faster than the one kernel that takes it whole.
 * Windows, valid lengths, scores as an output and other types than float32 stay as they are. */
#include <math.h>

#include "pass/build.h"
#include "pass/match.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, LENGTHS, INPUTS };

typedef struct attention {
  ob_build_t b;
  const ob_node_t *node;
  ob_value_t *in[INPUTS];
  ob_value_t *q, *k, *v; /* [batch, heads, length, size] */
  int64_t heads, kv_heads, size, value_size;
  bool causal;
} attention_t;

/* Heads and their size; false where they are not numbers. */
static bool read_heads(const ob_node_t *node, const ob_value_t *x, const char *name, int64_t *heads, int64_t *size) {
  int64_t hidden;
  if (x->type.dtype != OB_FLOAT32) return false;
  if (x->type.rank == 4)
    return ob_expr_is_const(x->type.dims[1], heads) && ob_expr_is_const(x->type.dims[3], size) && *heads > 0 && *size > 0;
  if (x->type.rank != 3 || ob_node_int(node, name, 0, heads) != OB_OK || *heads < 1) return false;
  if (!ob_expr_is_const(x->type.dims[2], &hidden) || hidden < *heads || hidden % *heads != 0) return false;
  *size = hidden / *heads;
  return true;
}

/* The mask covers all keys, and can be told to. */
static bool fits_mask(const attention_t *a, const ob_value_t *keys) {
  const ob_value_t *mask = a->in[MASK];
  if (!mask) return true;
  if (mask->type.rank < 1 || mask->type.rank > 4 || (mask->type.dtype != OB_BOOL && mask->type.dtype != OB_FLOAT32)) return false;
  return !a->in[PAST_KEY] && ob_expr_equal(mask->type.dims[mask->type.rank - 1], keys->type.dims[keys->type.rank - 2]);
}

static bool is_plain(attention_t *a) {
  const ob_node_t *node = a->node;
  int64_t left, right, causal, other;
  for (size_t i = 0; i < INPUTS; i++) a->in[i] = i < node->input_count ? node->inputs[i] : NULL;
  if (!a->in[K] || !a->in[V] || a->in[LENGTHS] || !a->in[PAST_KEY] != !a->in[PAST_VALUE]) return false;
  if (node->output_count > 3 && node->outputs[3]) return false;
  if (ob_node_stated(node, "softmax_precision")) return false;
  if (ob_node_int(node, "left_window_size", -1, &left) != OB_OK || ob_node_int(node, "right_window_size", -1, &right) != OB_OK)
    return false;
  if (left >= 0 || right >= 0 || ob_node_int(node, "is_causal", 0, &causal) != OB_OK) return false;
  a->causal = causal != 0;
  if (!read_heads(node, a->in[Q], "q_num_heads", &a->heads, &a->size)) return false;
  if (!read_heads(node, a->in[K], "kv_num_heads", &a->kv_heads, &other) || other != a->size) return false;
  if (!read_heads(node, a->in[V], "kv_num_heads", &other, &a->value_size) || other != a->kv_heads) return false;
  return a->heads % a->kv_heads == 0 && a->in[K]->type.rank == a->in[V]->type.rank && fits_mask(a, a->in[K]);
}

/* ------------------------------------------------------------ heads */

static ob_value_t *transpose(ob_build_t *b, ob_value_t *x, int64_t second, int64_t third, int64_t fourth) {
  int64_t perm[4] = {0, second, third, fourth};
  ob_node_t *node = ob_build_node(b, "Transpose", &x, 1);
  if (b->status == OB_OK) b->status = ob_node_set_ints(node, "perm", perm, 4);
  return ob_build_result(b, node);
}

static ob_value_t *split_heads(ob_build_t *b, ob_value_t *x, int64_t heads, int64_t size) {
  int64_t shape[4] = {0, 0, heads, size};
  if (b->status != OB_OK || x->type.rank == 4) return x;
  return transpose(b, OB_BUILD(b, "Reshape", x, ob_build_list(b, shape, 4)), 2, 1, 3);
}

static ob_value_t *join(ob_build_t *b, ob_value_t *const *values, size_t count, int64_t axis) {
  ob_node_t *node = ob_build_node(b, "Concat", values, count);
  if (b->status == OB_OK) b->status = ob_node_set_int(node, "axis", axis);
  return ob_build_result(b, node);
}

static ob_value_t *extend(ob_build_t *b, ob_value_t *past, ob_value_t *now) {
  return past ? join(b, (ob_value_t *[]){past, now}, 2, 2) : now;
}

/* Size of an axis as a list. */
static ob_value_t *dim(ob_build_t *b, ob_value_t *x, int64_t axis) {
  ob_node_t *node = ob_build_node(b, "Shape", &x, 1);
  if (b->status == OB_OK) b->status = ob_node_set_int(node, "start", axis);
  if (b->status == OB_OK) b->status = ob_node_set_int(node, "end", axis + 1);
  return ob_build_result(b, node);
}

/* Heads of keys or values, each as often as there are queries for it. */
static ob_value_t *repeat(attention_t *a, ob_value_t *x, int64_t size) {
  ob_build_t *b = &a->b;
  int64_t each = a->heads / a->kv_heads, two = 2;
  if (each == 1 || b->status != OB_OK) return x;
  ob_value_t *parts[4] = {dim(b, x, 0), ob_build_list(b, (int64_t[]){a->kv_heads, each}, 2), dim(b, x, 2),
                          ob_build_list(b, &size, 1)};
  ob_value_t *shape = join(b, parts, 4, 0);
  parts[1] = ob_build_list(b, &a->heads, 1);
  ob_value_t *flat = join(b, parts, 4, 0);
  x = OB_BUILD(b, "Expand", OB_BUILD(b, "Unsqueeze", x, ob_build_list(b, &two, 1)), shape);
  return OB_BUILD(b, "Reshape", x, flat);
}

/* ------------------------------------------------------------ masks */

/* 0, 1, ... below a size, a list of one element. */
static ob_value_t *count_up(ob_build_t *b, ob_value_t *size) {
  int64_t zero = 0, one = 1;
  ob_value_t *axis = ob_build_list(b, &zero, 1), *none = ob_build_list(b, NULL, 0);
  ob_value_t *first = OB_BUILD(b, "Reshape", ob_build_list(b, &zero, 1), none),
             *step = OB_BUILD(b, "Reshape", ob_build_list(b, &one, 1), none);
  return OB_BUILD(b, "Range", first, OB_BUILD(b, "Squeeze", size, axis), step);
}

/* No row sees what comes after it; the cache comes before all. */
static ob_value_t *causal_mask(attention_t *a) {
  ob_build_t *b = &a->b;
  int64_t one = 1;
  ob_value_t *rows = count_up(b, dim(b, a->q, 2)), *columns = count_up(b, dim(b, a->k, 2));
  if (a->in[PAST_KEY]) rows = OB_BUILD(b, "Add", rows, dim(b, a->in[PAST_KEY], 2));
  return OB_BUILD(b, "LessOrEqual", columns, OB_BUILD(b, "Unsqueeze", rows, ob_build_list(b, &one, 1)));
}

/* Where attention goes; NULL: everywhere. */
static ob_value_t *allowed(attention_t *a) {
  ob_build_t *b = &a->b;
  ob_value_t *mask = a->in[MASK], *causal = a->causal ? causal_mask(a) : NULL;
  if (mask && mask->type.dtype != OB_BOOL) mask = OB_BUILD(b, "Greater", mask, ob_build_number(b, -INFINITY));
  if (mask && causal) return OB_BUILD(b, "And", mask, causal);
  return mask ? mask : causal;
}

/* ------------------------------------------------------------ the whole */

static ob_value_t *weights(attention_t *a) {
  ob_build_t *b = &a->b;
  const double stated = (double)ob_node_float(a->node, "scale", 0), softcap = (double)ob_node_float(a->node, "softcap", 0);
  const double scale = ob_node_stated(a->node, "scale") ? stated : 1 / sqrt((double)a->size), lowest = -3.4028234663852886e38;
  ob_value_t *scores = OB_BUILD(b, "MatMul", a->q, transpose(b, repeat(a, a->k, a->size), 1, 3, 2)), *seen = allowed(a);
  scores = OB_BUILD(b, "Mul", scores, ob_build_number(b, softcap > 0 ? scale / softcap : scale));
  if (softcap > 0) scores = OB_BUILD(b, "Mul", OB_BUILD(b, "Tanh", scores), ob_build_number(b, softcap));
  if (a->in[MASK] && a->in[MASK]->type.dtype != OB_BOOL) scores = OB_BUILD(b, "Add", scores, a->in[MASK]);
  if (seen) scores = OB_BUILD(b, "Where", seen, scores, ob_build_number(b, lowest));
  ob_node_t *node = ob_build_node(b, "Softmax", &scores, 1);
  if (b->status == OB_OK) b->status = ob_node_set_int(node, "axis", -1);
  scores = ob_build_result(b, node);
  return seen ? OB_BUILD(b, "Where", seen, scores, ob_build_number(b, 0)) : scores; /* a row that sees nothing gives 0 */
}

static ob_status_t replace(attention_t *a, size_t output, ob_value_t *value) {
  bool replaced;
  OB_TRY(a->b.status);
  if (output >= a->node->output_count || !a->node->outputs[output]) return OB_OK;
  if (!value->producer || ob_rewrite_is_output(a->b.graph, value)) value = OB_BUILD(&a->b, "Identity", value);
  OB_TRY(a->b.status);
  return ob_rewrite_replace(a->b.graph, a->node->outputs[output], value, &replaced);
}

static ob_status_t expand(ob_match_t *m, ob_node_t *node, bool *changed) {
  attention_t a = {.b = {.graph = m->graph, .near = node}, .node = node};
  ob_build_t *b = &a.b;
  if (!ob_match_is(node, "Attention") || !is_plain(&a)) return OB_OK;
  *changed = true;
  a.q = split_heads(b, a.in[Q], a.heads, a.size);
  a.k = extend(b, a.in[PAST_KEY], split_heads(b, a.in[K], a.kv_heads, a.size));
  a.v = extend(b, a.in[PAST_VALUE], split_heads(b, a.in[V], a.kv_heads, a.value_size));
  ob_value_t *y = OB_BUILD(b, "MatMul", weights(&a), repeat(&a, a.v, a.value_size));
  int64_t shape[3] = {0, 0, a.heads * a.value_size};
  if (a.in[Q]->type.rank == 3) y = OB_BUILD(b, "Reshape", transpose(b, y, 2, 1, 3), ob_build_list(b, shape, 3));
  OB_TRY(replace(&a, 0, y));
  OB_TRY(replace(&a, 1, a.k));
  return replace(&a, 2, a.v);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, expand, changed);
}

const ob_pass_t ob_pass_expand_attention = {"expand_attention", "makes products and a softmax of Attention", run};
