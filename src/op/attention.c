/* Attention: softmax(scale * Q * K' + mask) * V over heads, with a cache of keys and values. */
#include "op/infer_util.h"

typedef struct heads {
  ob_dim_t batch, count, length, size;
} heads_t;

/* Heads of an input: [batch, heads, length, size], or [batch, length, heads * size]. */
static heads_t read_heads(ob_infer_t *infer, size_t index, const char *count_name) {
  ob_shape_t shape = ob_infer_shape(infer, index);
  if (shape.rank < 0) return (heads_t){NULL, NULL, NULL, NULL};
  if (shape.rank == 4) return (heads_t){shape.dims[0], shape.dims[1], shape.dims[2], shape.dims[3]};
  if (shape.rank != 3) {
    ob_infer_fail(infer, "input %zu has rank %d, expected 3 or 4", index, shape.rank);
    return (heads_t){NULL, NULL, NULL, NULL};
  }
  ob_dim_t count = ob_dim(infer, ob_infer_int_within(infer, count_name, 0, 1, INT64_MAX));
  return (heads_t){shape.dims[0], count, shape.dims[1], ob_dim_make(infer, OB_EXPR_EXACTDIV, shape.dims[2], count)};
}

static ob_status_t infer(ob_infer_t *infer) {
  heads_t q = read_heads(infer, 0, "q_num_heads"), k = read_heads(infer, 1, "kv_num_heads"),
          v = read_heads(infer, 2, "kv_num_heads");
  ob_shape_t query = ob_infer_shape(infer, 0), past = ob_infer_shape_of_rank(infer, 4, 4);
  ob_dim_t total = k.length;
  ob_dim_require_equal(infer, q.size, k.size, "sizes of the heads of Q and K");
  ob_dim_require_equal(infer, k.length, v.length, "lengths of K and V");
  ob_dim_require_equal(infer, k.count, v.count, "heads of K and V");
  if (ob_infer_has(infer, 4)) total = ob_dim_add(infer, total, past.rank < 0 ? NULL : past.dims[2]);
  ob_shape_t y = ob_shape_of(4, (ob_dim_t[]){q.batch, q.count, q.length, v.size});
  if (query.rank == 3) y = ob_shape_of(3, (ob_dim_t[]){q.batch, q.length, ob_dim_mul(infer, q.count, v.size)});
  if (query.rank < 0) y = query;
  ob_shape_t key = ob_shape_of(4, (ob_dim_t[]){k.batch, k.count, total, k.size});
  ob_shape_t value = ob_shape_of(4, (ob_dim_t[]){k.batch, k.count, total, v.size});
  ob_shape_t product = ob_shape_of(4, (ob_dim_t[]){q.batch, q.count, q.length, total});
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &y));
  OB_TRY(ob_infer_set(infer, 1, OB_UNDEFINED, &key));
  OB_TRY(ob_infer_set(infer, 2, OB_UNDEFINED, &value));
  return ob_infer_set(infer, 3, OB_UNDEFINED, &product);
}

const ob_op_t ob_op_Attention = {
    .name = "Attention",
    .domain = "",
    .since = 25,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(3, OB_PARAM("Q", '1', OB_TYPES_FLOATS), OB_PARAM("K", '1', OB_TYPES_FLOATS), OB_PARAM("V", '2', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("attn_mask", 'U', OB_TYPES_NUMERIC | OB_TYPES_BOOL),
              OB_OPTIONAL_PARAM("past_key", '1', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("past_value", '2', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("nonpad_kv_seqlen", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("Y", '1', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("present_key", '1', OB_TYPES_FLOATS),
               OB_OPTIONAL_PARAM("present_value", '2', OB_TYPES_FLOATS),
               OB_OPTIONAL_PARAM("qk_matmul_output", '1', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("is_causal", 0), OB_MAYBE("kv_num_heads", INT), OB_INT("left_window_size", -1),
                  OB_MAYBE("q_num_heads", INT), OB_INT("qk_matmul_output_mode", 0), OB_INT("right_window_size", -1),
                  OB_MAYBE("scale", FLOAT), OB_FLOAT("softcap", 0.0f), OB_MAYBE("softmax_precision", INT)),
    .infer = infer,
    .doc = "softmax(scale * Q * K' + mask) * V over heads, with a cache of keys and values",
};
