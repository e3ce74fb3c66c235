/* MultiHeadAttention: queries, keys and values are inputs, apart or packed. */
#include "import/onnx/contrib/attention.h"

typedef struct sources {
  ob_value_t *q, *k, *v; /* [batch, heads, length, size] */
} sources_t;

/* One of what is packed on axis 3: [batch, length, heads, n, size]. */
static ob_value_t *unpack(ob_contrib_t *c, ob_value_t *packed, int64_t which) {
  ob_contrib_with_int(c, "axis", 3);
  return OB_TRANSPOSE(c, OB_MAKE(c, "Gather", packed, ob_contrib_scalar(c, which)), 0, 2, 1, 3);
}

/* Query, key and value each of rank 3, with their parts of the bias. */
static void from_rows(ob_contrib_t *c, int64_t count, ob_value_t *rows[3], ob_value_t *bias, sources_t *sources) {
  int64_t sizes[3];
  ob_value_t *parts[3] = {NULL, NULL, NULL};
  for (int i = 0; i < 3; i++) sizes[i] = ob_contrib_size(c, rows[i], -1, "the hidden size");
  if (bias) ob_contrib_split_last(c, bias, sizes, 3, parts);
  sources->q = ob_contrib_split_heads(c, ob_contrib_add(c, rows[0], parts[0]), count);
  sources->k = ob_contrib_split_heads(c, ob_contrib_add(c, rows[1], parts[1]), count);
  sources->v = ob_contrib_split_heads(c, ob_contrib_add(c, rows[2], parts[2]), count);
}

static void find_sources(ob_contrib_t *c, int64_t count, sources_t *sources) {
  ob_value_t *rows[3] = {ob_contrib_need(c, 0), ob_contrib_input(c, 1), ob_contrib_input(c, 2)}, *bias = ob_contrib_input(c, 3);
  int32_t rank = rows[1] ? ob_contrib_rank(c, rows[1]) : 0;
  if (rows[1] && rows[2] && rank == 3) {
    from_rows(c, count, rows, bias, sources);
    return;
  }
  if (bias) ob_contrib_fail(c, OB_UNSUPPORTED, "input 3 ('bias') is supported only beside a query, a key and a value of rank 3");
  if (!rows[1]) {
    for (int i = 0; i < 3; i++) *(i == 0 ? &sources->q : i == 1 ? &sources->k : &sources->v) = unpack(c, rows[0], i);
    return;
  }
  sources->q = ob_contrib_split_heads(c, rows[0], count);
  sources->k = rows[2] ? rows[1] : unpack(c, rows[1], 0);
  sources->v = rows[2] ? rows[2] : unpack(c, rows[1], 1);
}

void ob_contrib_multi_head_attention(ob_contrib_t *c) {
  int64_t count = ob_contrib_head_count(c, "num_heads");
  sources_t sources = {NULL, NULL, NULL};
  find_sources(c, count, &sources);
  ob_contrib_refuse(c, 8, "past_sequence_length");
  ob_contrib_refuse(c, 9, "cache_indirection");
  ob_heads_t heads = {.count = count, .kv_count = count, .q = sources.q};
  heads.k = ob_contrib_extend(c, ob_contrib_input(c, 6), sources.k);
  heads.v = ob_contrib_extend(c, ob_contrib_input(c, 7), sources.v);
  heads.bias = ob_contrib_mask_bias(c, ob_contrib_input(c, 4), heads.q, heads.k);
  ob_value_t *added = ob_contrib_input(c, 5);
  if (added) heads.bias = heads.bias ? OB_MAKE(c, "Add", heads.bias, added) : added;
  heads.bias = ob_contrib_unidirectional(c, heads.bias, heads.q, heads.k);
  ob_contrib_give(c, 0, ob_contrib_attend(c, &heads));
  ob_contrib_give(c, 1, heads.k);
  ob_contrib_give(c, 2, heads.v);
}
