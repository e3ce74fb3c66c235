/* Scores, masks and heads. */
#include <math.h>

#include "import/onnx/contrib/attention.h"

int64_t ob_contrib_head_count(ob_contrib_t *c, const char *name) {
  enum { MOST = 1 << 20 };
  int64_t count = ob_contrib_int(c, name, 0);
  if (count >= 1 && count <= MOST) return count;
  ob_contrib_fail(c, OB_INVALID_MODEL, "attribute '%s' is %lld, expected 1 to %d", name, (long long)count, (int)MOST);
  return 1;
}

ob_value_t *ob_contrib_split_heads(ob_contrib_t *c, ob_value_t *x, int64_t count) {
  int64_t hidden = ob_contrib_size(c, x, -1, "the hidden size");
  if (hidden % count != 0)
    ob_contrib_fail(c, OB_INVALID_MODEL, "the hidden size %lld is no multiple of the %lld heads", (long long)hidden,
                    (long long)count);
  return OB_TRANSPOSE(c, OB_RESHAPE(c, x, 0, 0, count, hidden / count), 0, 2, 1, 3);
}

ob_value_t *ob_contrib_extend(ob_contrib_t *c, ob_value_t *past, ob_value_t *value) {
  return past ? OB_JOIN(c, 2, past, value) : value;
}

/* ------------------------------------------------------------ masks */

static double lowest(ob_dtype_t dtype) {
  return dtype == OB_FLOAT16 ? -65504.0 : dtype == OB_BFLOAT16 ? -3.3895313892515355e38 : -3.4028234663852886e38;
}

ob_value_t *ob_contrib_forbid(ob_contrib_t *c, ob_value_t *allowed, ob_value_t *bias, const ob_value_t *like) {
  if (c->status != OB_OK) return NULL;
  if (!bias) bias = ob_contrib_number(c, like, 0);
  return OB_MAKE(c, "Where", allowed, bias, ob_contrib_number(c, like, lowest(like->type.dtype)));
}

ob_value_t *ob_contrib_unidirectional(ob_contrib_t *c, ob_value_t *bias, ob_value_t *q, ob_value_t *k) {
  if (ob_contrib_int(c, "unidirectional", 0) == 0) return bias;
  ob_value_t *length = ob_contrib_dim(c, q, 2), *total = ob_contrib_dim(c, k, 2);
  ob_value_t *rows = OB_MAKE(c, "Add", ob_contrib_count_up(c, length), OB_MAKE(c, "Sub", total, length));
  ob_value_t *allowed = OB_MAKE(c, "LessOrEqual", ob_contrib_count_up(c, total), ob_contrib_unsqueeze(c, rows, 1));
  return ob_contrib_forbid(c, allowed, bias, q);
}

static bool same_size(const ob_expr_t *a, const ob_expr_t *b) { return a && b && ob_expr_equal(a, b); }

/* The mask gives where each sequence ends, and after all ends where each begins. */
static ob_value_t *allowed_by_ends(ob_contrib_t *c, ob_value_t *ends, const ob_value_t *q, ob_value_t *k) {
  ob_value_t *places = ob_contrib_count_up(c, ob_contrib_dim(c, k, 2)), *starts = NULL;
  if (c->status != OB_OK) return NULL;
  if (!same_size(ends->type.dims[0], q->type.dims[0])) {
    int64_t batch = ob_contrib_size(c, q, 0, "the batch, with a mask_index of one axis that has another size,");
    int64_t size = ob_contrib_size(c, ends, 0, "the size of mask_index");
    if (size != 2 * batch) {
      ob_contrib_fail(c, OB_UNSUPPORTED, "a mask_index of %lld elements for a batch of %lld is not supported", (long long)size,
                      (long long)batch);
      return NULL;
    }
    starts = ob_contrib_slice(c, ends, OB_LIST(c, batch), OB_LIST(c, size), 0);
    ends = ob_contrib_slice(c, ends, OB_LIST(c, 0), OB_LIST(c, batch), 0);
  }
  ends = ob_contrib_unsqueeze(c, ob_contrib_cast(c, ends, OB_INT64), 1);
  ob_value_t *allowed = OB_MAKE(c, "Less", places, ends);
  if (!starts) return allowed;
  starts = ob_contrib_unsqueeze(c, ob_contrib_cast(c, starts, OB_INT64), 1);
  return OB_MAKE(c, "And", allowed, OB_MAKE(c, "GreaterOrEqual", places, starts));
}

ob_value_t *ob_contrib_mask_bias(ob_contrib_t *c, ob_value_t *mask, ob_value_t *q, ob_value_t *k) {
  int32_t rank = mask ? ob_contrib_rank(c, mask) : 0;
  if (!mask || c->status != OB_OK) return NULL;
  if (rank < 1 || rank > 3) {
    ob_contrib_fail(c, OB_UNSUPPORTED, "a mask of rank %d is not supported, only 1 to 3", (int)rank);
    return NULL;
  }
  ob_value_t *allowed = rank == 1 ? allowed_by_ends(c, mask, q, k) : ob_contrib_cast(c, mask, OB_BOOL);
  allowed = OB_MAKE(c, "Unsqueeze", allowed, rank == 3 ? OB_LIST(c, 1) : OB_LIST(c, 1, 2));
  ob_value_t *filter = ob_contrib_number(c, q, (double)ob_contrib_float(c, "mask_filter_value", -10000.0f));
  return OB_MAKE(c, "Where", allowed, ob_contrib_number(c, q, 0), filter);
}

/* ------------------------------------------------------------ scores */

static ob_value_t *cap(ob_contrib_t *c, ob_value_t *scores, float softcap) {
  if (softcap == 0) return scores;
  scores = ob_contrib_scale(c, scores, 1 / (double)softcap);
  return ob_contrib_scale(c, OB_MAKE(c, "Tanh", scores), (double)softcap);
}

/* Softmax over the last axis, and over the sink, whose weight is left out. */
static ob_value_t *weigh(ob_contrib_t *c, ob_value_t *scores, ob_value_t *sink) {
  if (sink && c->status == OB_OK) {
    ob_value_t *shape =
        OB_JOIN(c, 0, ob_contrib_dim(c, scores, 0), ob_contrib_dim(c, scores, 1), ob_contrib_dim(c, scores, 2), OB_LIST(c, 1));
    ob_value_t *column = OB_MAKE(c, "Expand", OB_RESHAPE(c, sink, 1, -1, 1, 1), shape);
    column = OB_JOIN(c, 3, scores, column);
    ob_contrib_with_int(c, "axis", -1);
    column = OB_MAKE(c, "Softmax", column);
    return ob_contrib_slice(c, column, OB_LIST(c, 0), OB_LIST(c, -1), 3);
  }
  ob_contrib_with_int(c, "axis", -1);
  return OB_MAKE(c, "Softmax", scores);
}

/* Heads of k or v for those of q: each `count / kv_count` times. */
static ob_value_t *repeat(ob_contrib_t *c, ob_value_t *x, const ob_heads_t *heads) {
  int64_t each = heads->count / heads->kv_count, size = ob_contrib_size(c, x, 3, "the size of a head");
  if (each == 1) return x;
  ob_value_t *shape =
      OB_JOIN(c, 0, ob_contrib_dim(c, x, 0), OB_LIST(c, heads->kv_count, each), ob_contrib_dim(c, x, 2), OB_LIST(c, size));
  x = OB_MAKE(c, "Expand", ob_contrib_unsqueeze(c, x, 2), shape);
  ob_value_t *flat = OB_JOIN(c, 0, ob_contrib_dim(c, x, 0), OB_LIST(c, heads->count), ob_contrib_dim(c, x, 3), OB_LIST(c, size));
  return OB_MAKE(c, "Reshape", x, flat);
}

ob_value_t *ob_contrib_attend(ob_contrib_t *c, const ob_heads_t *heads) {
  double size = (double)ob_contrib_size(c, heads->q, 3, "the size of a head");
  float scale = ob_contrib_float(c, "scale", 0);
  if (heads->count % heads->kv_count != 0)
    ob_contrib_fail(c, OB_INVALID_MODEL, "%lld heads are no multiple of the %lld of keys and values", (long long)heads->count,
                    (long long)heads->kv_count);
  ob_value_t *q = ob_contrib_scale(c, heads->q, scale != 0 ? (double)scale : 1 / sqrt(size));
  ob_value_t *k = repeat(c, heads->k, heads), *v = repeat(c, heads->v, heads);
  ob_value_t *scores = OB_MAKE(c, "MatMul", q, OB_TRANSPOSE(c, k, 0, 1, 3, 2));
  scores = ob_contrib_add(c, cap(c, scores, heads->softcap), heads->bias);
  ob_value_t *y = OB_MAKE(c, "MatMul", weigh(c, scores, heads->sink), v);
  int64_t value_size = ob_contrib_size(c, v, 3, "the size of a head of the values");
  return OB_RESHAPE(c, OB_TRANSPOSE(c, y, 0, 2, 1, 3), 0, 0, heads->count * value_size);
}
