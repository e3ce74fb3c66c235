/* Attention and QAttention: the projection of one input to queries, keys and values, then attention. */
#include "import/onnx/contrib/attention.h"

/* Sizes of queries, keys and values in the projection: stated, or a third each. */
static void read_sizes(ob_contrib_t *c, int64_t total, int64_t sizes[3]) {
  const ob_attribute_t *stated = ob_upgrade_find(&c->up, "qkv_hidden_sizes");
  for (size_t i = 0; i < 3; i++) sizes[i] = total / 3;
  if (stated && (stated->kind != OB_ATTRIBUTE_INTS || stated->count != 3))
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'qkv_hidden_sizes' must have 3 elements");
  for (size_t i = 0; c->status == OB_OK && stated && i < 3; i++) (void)ob_expr_is_const(stated->ints[i], &sizes[i]);
  bool fit = sizes[0] >= 1 && sizes[1] == sizes[0] && sizes[0] <= total / 2 && sizes[2] == total - 2 * sizes[0];
  if (!fit || sizes[2] < 1)
    ob_contrib_fail(c, OB_INVALID_MODEL, "hidden sizes %lld, %lld and %lld do not fit weights of %lld columns", (long long)sizes[0],
                    (long long)sizes[1], (long long)sizes[2], (long long)total);
}

typedef struct parts {
  ob_value_t *projected, *mask, *past, *bias; /* bias: of the scores */
} parts_t;

static ob_value_t *one_of(ob_contrib_t *c, ob_value_t *pair, int64_t which) {
  if (!pair) return NULL;
  ob_contrib_with_int(c, "axis", 0);
  return OB_MAKE(c, "Gather", pair, ob_contrib_scalar(c, which));
}

static void attend(ob_contrib_t *c, const parts_t *parts) {
  int64_t sizes[3], count = ob_contrib_head_count(c, "num_heads");
  ob_value_t *qkv[3];
  read_sizes(c, ob_contrib_size(c, parts->projected, -1, "the number of columns of the weights"), sizes);
  ob_contrib_only(c, "do_rotary", 0);
  ob_contrib_only(c, "past_present_share_buffer", 0);
  ob_contrib_split_last(c, parts->projected, sizes, 3, qkv);
  ob_heads_t heads = {.count = count, .kv_count = count, .q = ob_contrib_split_heads(c, qkv[0], count)};
  heads.k = ob_contrib_extend(c, one_of(c, parts->past, 0), ob_contrib_split_heads(c, qkv[1], count));
  heads.v = ob_contrib_extend(c, one_of(c, parts->past, 1), ob_contrib_split_heads(c, qkv[2], count));
  heads.bias = ob_contrib_mask_bias(c, parts->mask, heads.q, heads.k);
  if (parts->bias) heads.bias = heads.bias ? OB_MAKE(c, "Add", heads.bias, parts->bias) : parts->bias;
  heads.bias = ob_contrib_unidirectional(c, heads.bias, heads.q, heads.k);
  ob_contrib_give(c, 0, ob_contrib_attend(c, &heads));
  if (ob_contrib_wants(c, 1))
    ob_contrib_give(c, 1, OB_JOIN(c, 0, ob_contrib_unsqueeze(c, heads.k, 0), ob_contrib_unsqueeze(c, heads.v, 0)));
}

void ob_contrib_attention(ob_contrib_t *c) {
  parts_t parts = {.mask = ob_contrib_input(c, 3), .past = ob_contrib_input(c, 4), .bias = ob_contrib_input(c, 5)};
  ob_contrib_refuse(c, 6, "past_sequence_length");
  ob_value_t *product = OB_MAKE(c, "MatMul", ob_contrib_need(c, 0), ob_contrib_need(c, 1));
  parts.projected = ob_contrib_add(c, product, ob_contrib_input(c, 2));
  attend(c, &parts);
}

void ob_contrib_q_attention(ob_contrib_t *c) {
  parts_t parts = {.mask = ob_contrib_input(c, 5), .past = ob_contrib_input(c, 8)};
  ob_quantized_t a = {ob_contrib_need(c, 0), ob_contrib_need(c, 3), ob_contrib_input(c, 6)};
  ob_quantized_t b = {ob_contrib_need(c, 1), ob_contrib_need(c, 4), ob_contrib_input(c, 7)};
  parts.projected = ob_contrib_add(c, ob_contrib_quantized_product(c, &a, &b), ob_contrib_need(c, 2));
  attend(c, &parts);
}
