/* LinearAttention: attention by a recurrent state for each head, instead of a softmax. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const rules[] = {"linear", "gated", "delta", "gated_delta", NULL};
  ob_shape_t q = ob_infer_shape_of_rank(infer, 0, 3), k = ob_infer_shape_of_rank(infer, 1, 3),
             v = ob_infer_shape_of_rank(infer, 2, 3);
  int64_t heads = ob_infer_int_within(infer, "q_num_heads", 1, 1, INT64_MAX);
  int64_t stored = ob_infer_int_within(infer, "kv_num_heads", 1, 1, INT64_MAX);
  ob_infer_word(infer, "update_rule", "gated_delta", rules);
  if (heads % stored != 0)
    return ob_infer_fail(infer, "q_num_heads is %lld, expected a multiple of kv_num_heads, %lld", (long long)heads,
                         (long long)stored);
  ob_dim_t kv_heads = ob_dim(infer, stored);
  ob_dim_t key_size = ob_dim_make(infer, OB_EXPR_EXACTDIV, k.dims[2], kv_heads);
  ob_dim_t value_size = ob_dim_make(infer, OB_EXPR_EXACTDIV, v.dims[2], kv_heads);
  ob_dim_require_equal(infer, q.dims[2], ob_dim_times(infer, key_size, heads), "sizes of the heads of query and key");
  ob_shape_t output = ob_shape_of(3, (ob_dim_t[]){q.dims[0], q.dims[1], ob_dim_times(infer, value_size, heads)});
  ob_shape_t state = ob_shape_of(4, (ob_dim_t[]){q.dims[0], kv_heads, key_size, value_size});
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &output));
  /* without a state to begin with, its type is what the model says, or that of the inputs */
  const ob_value_t *present = infer->node->output_count > 1 ? infer->node->outputs[1] : NULL;
  bool free = !ob_infer_has(infer, 3) && present && present->type.dtype == OB_UNDEFINED;
  return ob_infer_set(infer, 1, free ? ob_infer_dtype(infer, 0) : OB_UNDEFINED, &state);
}

const ob_op_t ob_op_LinearAttention = {
    .name = "LinearAttention",
    .domain = "",
    .since = 27,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(3, OB_PARAM("query", 'T', OB_TYPES_SHORT_FLOATS), OB_PARAM("key", 'T', OB_TYPES_SHORT_FLOATS),
              OB_PARAM("value", 'T', OB_TYPES_SHORT_FLOATS), OB_OPTIONAL_PARAM("past_state", 'S', OB_TYPES_SHORT_FLOATS),
              OB_OPTIONAL_PARAM("decay", 'T', OB_TYPES_SHORT_FLOATS), OB_OPTIONAL_PARAM("beta", 'T', OB_TYPES_SHORT_FLOATS)),
    OB_OUTPUTS(2, OB_PARAM("output", 'T', OB_TYPES_SHORT_FLOATS), OB_PARAM("present_state", 'S', OB_TYPES_SHORT_FLOATS)),
    OB_ATTRIBUTES(OB_INT("chunk_size", 64), OB_MUST("kv_num_heads", INT), OB_MUST("q_num_heads", INT), OB_FLOAT("scale", 0.0f),
                  OB_TEXT("update_rule", "gated_delta")),
    .infer = infer,
    .doc = "attention by a recurrent state for each head, instead of a softmax",
};
