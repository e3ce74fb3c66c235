/* GroupQueryAttention and RotaryEmbedding: what language models are made of. */
#include "import/onnx/contrib/attention.h"

/* ------------------------------------------------------------ rotary embedding */

/* x: [batch, heads, length, size]; the caches may turn fewer elements of each head. */
static ob_value_t *rotate(ob_contrib_t *c, ob_value_t *x, ob_value_t *positions, ob_value_t *cosines, ob_value_t *sines,
                          bool pairs) {
  int64_t turned = 2 * ob_contrib_size(c, cosines, 1, "the size of cos_cache"),
          size = ob_contrib_size(c, x, 3, "the size of a head");
  ob_contrib_with_int(c, "interleaved", pairs);
  if (turned < size) ob_contrib_with_int(c, "rotary_embedding_dim", turned);
  return OB_MAKE(c, "RotaryEmbedding", x, cosines, sines, positions);
}

void ob_contrib_rotary_embedding(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_need(c, 0), *positions = ob_contrib_need(c, 1), *cosines = ob_contrib_need(c, 2);
  int64_t count = ob_contrib_int(c, "num_heads", 0);
  bool flat = ob_contrib_rank(c, x) == 3;
  ob_contrib_only(c, "is_packed_batching", 0);
  if (ob_contrib_float(c, "scale", 1) != 1) ob_contrib_fail(c, OB_UNSUPPORTED, "attribute 'scale' other than 1 is not supported");
  if (flat && count == 0) {
    int64_t size = 2 * ob_contrib_size(c, cosines, 1, "the size of cos_cache");
    count = size > 0 ? ob_contrib_size(c, x, 2, "the hidden size") / size : 1;
  }
  ob_value_t *heads = flat ? ob_contrib_split_heads(c, x, count > 0 ? count : 1) : x;
  if (ob_contrib_rank(c, positions) == 1) { /* where the first element is */
    ob_value_t *length = ob_contrib_dim(c, heads, 2), *batch = ob_contrib_dim(c, heads, 0);
    positions = OB_MAKE(c, "Add", ob_contrib_count_up(c, length), positions);
    positions = OB_MAKE(c, "Expand", positions, OB_JOIN(c, 0, batch, length));
  }
  heads = rotate(c, heads, positions, cosines, ob_contrib_need(c, 3), ob_contrib_int(c, "interleaved", 0) != 0);
  if (flat) heads = OB_RESHAPE(c, OB_TRANSPOSE(c, heads, 0, 2, 1, 3), 0, 0, ob_contrib_size(c, x, 2, "the hidden size"));
  ob_contrib_give(c, 0, heads);
}

/* ------------------------------------------------------------ the cache */

typedef struct query {
  ob_heads_t heads;
  ob_value_t *before;  /* how many places of each sequence are in the cache: [batch] */
  ob_value_t *places;  /* of the rows of q: [batch, length] */
  ob_value_t *lengths; /* of each sequence with what is new: [batch] */
} query_t;

/* The new rows put behind those that are there; the cache grows when it is too short. */
static ob_value_t *store(ob_contrib_t *c, const query_t *query, ob_value_t *past, ob_value_t *rows) {
  if (!past) return rows;
  ob_value_t *total = OB_MAKE(c, "Reshape", ob_contrib_cast(c, ob_contrib_need(c, 6), OB_INT64), OB_LIST(c, 1));
  ob_value_t *more = OB_MAKE(c, "Max", OB_MAKE(c, "Sub", total, ob_contrib_dim(c, past, 2)), OB_LIST(c, 0));
  ob_value_t *rest = OB_JOIN(c, 0, ob_contrib_dim(c, past, 0), ob_contrib_dim(c, past, 1), more, ob_contrib_dim(c, past, 3));
  if (c->status != OB_OK) return NULL;
  ob_value_t *cache = OB_JOIN(c, 2, past, OB_MAKE(c, "Expand", ob_contrib_number(c, past, 0), rest));
  ob_contrib_with_int(c, "axis", 2);
  return OB_MAKE(c, "TensorScatter", cache, rows, query->before);
}

static void find_places(ob_contrib_t *c, query_t *query) {
  ob_value_t *length = ob_contrib_dim(c, query->heads.q, 2);
  ob_value_t *last = OB_RESHAPE(c, ob_contrib_cast(c, ob_contrib_need(c, 5), OB_INT64), -1);
  query->lengths = OB_MAKE(c, "Add", last, OB_LIST(c, 1));
  query->before = OB_MAKE(c, "Max", OB_MAKE(c, "Sub", query->lengths, length), OB_LIST(c, 0));
  query->places = OB_MAKE(c, "Add", ob_contrib_unsqueeze(c, query->before, 1), ob_contrib_count_up(c, length));
}

/* Which keys a row sees: none after it; itself and those before it, as many as the window has. */
static ob_value_t *bias_of(ob_contrib_t *c, const query_t *query) {
  int64_t window = ob_contrib_int(c, "local_window_size", -1);
  ob_value_t *columns = ob_contrib_count_up(c, ob_contrib_dim(c, query->heads.k, 2)), *allowed;
  if (ob_contrib_int(c, "causal", 1) == 0) {
    allowed = OB_MAKE(c, "Less", columns, OB_MAKE(c, "Unsqueeze", query->lengths, OB_LIST(c, 1, 2)));
  } else {
    ob_value_t *rows = ob_contrib_unsqueeze(c, query->places, 2);
    allowed = OB_MAKE(c, "LessOrEqual", columns, rows);
    if (window >= 0)
      allowed = OB_MAKE(c, "And", allowed, OB_MAKE(c, "Greater", columns, OB_MAKE(c, "Sub", rows, OB_LIST(c, window))));
  }
  return ob_contrib_forbid(c, ob_contrib_unsqueeze(c, allowed, 1), ob_contrib_input(c, 10), query->heads.q);
}

/* ------------------------------------------------------------ the operator */

static void read_heads(ob_contrib_t *c, ob_heads_t *heads) {
  ob_value_t *rows[3] = {ob_contrib_need(c, 0), ob_contrib_input(c, 1), ob_contrib_input(c, 2)};
  if (!rows[1]) {
    int64_t size = ob_contrib_size(c, rows[0], 2, "the hidden size") / (heads->count + 2 * heads->kv_count);
    int64_t sizes[3] = {heads->count * size, heads->kv_count * size, heads->kv_count * size};
    ob_contrib_split_last(c, rows[0], sizes, 3, rows);
  }
  heads->q = ob_contrib_split_heads(c, rows[0], heads->count);
  heads->k = ob_contrib_split_heads(c, rows[1], heads->kv_count);
  heads->v = ob_contrib_split_heads(c, rows[2], heads->kv_count);
}

static void refuse_rest(ob_contrib_t *c) {
  static const char *const names[] = {"k_scale", "v_scale", "q_norm_weight", "k_norm_weight", "query_seqlens"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) ob_contrib_refuse(c, 12 + i, names[i]);
  ob_contrib_only(c, "qk_output", 0);
  ob_contrib_only(c, "sliding_window_cache", 0);
}

void ob_contrib_group_query_attention(ob_contrib_t *c) {
  query_t query = {.heads = {.count = ob_contrib_head_count(c, "num_heads"), .kv_count = ob_contrib_head_count(c, "kv_num_heads")}};
  ob_heads_t *heads = &query.heads;
  bool pairs = ob_contrib_int(c, "rotary_interleaved", 0) != 0;
  refuse_rest(c);
  read_heads(c, heads);
  find_places(c, &query);
  if (ob_contrib_int(c, "do_rotary", 0) != 0) {
    ob_value_t *positions = ob_contrib_input(c, 9) ? ob_contrib_input(c, 9) : query.places;
    heads->q = rotate(c, heads->q, positions, ob_contrib_need(c, 7), ob_contrib_need(c, 8), pairs);
    heads->k = rotate(c, heads->k, positions, ob_contrib_need(c, 7), ob_contrib_need(c, 8), pairs);
  }
  heads->k = store(c, &query, ob_contrib_input(c, 3), heads->k);
  heads->v = store(c, &query, ob_contrib_input(c, 4), heads->v);
  heads->bias = bias_of(c, &query);
  heads->softcap = ob_contrib_float(c, "softcap", 0);
  heads->sink = ob_contrib_input(c, 11);
  if (!heads->sink && c->status == OB_OK && ob_contrib_int(c, "smooth_softmax", 0) > 0)
    heads->sink = ob_contrib_fill(c, "sink", heads->q->type.dtype, 1, &heads->count, 0);
  ob_contrib_give(c, 0, ob_contrib_attend(c, heads));
  ob_contrib_give(c, 1, heads->k);
  ob_contrib_give(c, 2, heads->v);
}
