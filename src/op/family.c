/* Inference of whole families: outputs like the input, and broadcasting, with contents computed element by element. */
#include "op/infer_util.h"

ob_status_t ob_infer_same(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

ob_status_t ob_infer_along_axis(ob_infer_t *infer) {
  ob_infer_axis(infer, "axis", -1, ob_infer_shape(infer, 0).rank);
  return ob_infer_same(infer);
}

ob_status_t ob_infer_signal_window(ob_infer_t *infer) {
  ob_dim_t size = ob_infer_scalar(infer, 0);
  ob_shape_t shape = ob_shape_of(1, &size);
  return ob_infer_set(infer, 0, ob_infer_dtype_attribute(infer, "output_datatype", OB_FLOAT32), &shape);
}

void ob_infer_require_same_shape(ob_infer_t *infer, const ob_shape_t *a, const ob_shape_t *b, const char *what) {
  if (a->rank < 0 || b->rank < 0) return;
  if (a->rank != b->rank) ob_infer_fail(infer, "%s: the ranks are %d and %d, expected equal ones", what, a->rank, b->rank);
  for (int32_t i = 0; i < a->rank && infer->status == OB_OK; i++) ob_dim_require_equal(infer, a->dims[i], b->dims[i], what);
}

void ob_infer_check_broadcast_to(ob_infer_t *infer, const ob_shape_t *small, const ob_shape_t *big, const char *name) {
  if (small->rank < 0 || big->rank < 0) return;
  if (small->rank > big->rank) {
    ob_infer_fail(infer, "'%s' has rank %d, expected at most %d", name, small->rank, big->rank);
    return;
  }
  for (int32_t i = 0; i < small->rank && infer->status == OB_OK; i++) {
    ob_dim_t from = small->dims[i], to = big->dims[big->rank - small->rank + i];
    int64_t found, expected;
    if (!from || !to || ob_dim_is(from, 1) || ob_expr_equal(from, to)) continue;
    if (ob_dim_is_const(from, &found) && ob_dim_is_const(to, &expected)) {
      ob_infer_fail(infer, "axis %d of '%s' has the size %lld, expected 1 or %lld", i, name, (long long)found, (long long)expected);
      return;
    }
    ob_infer_guard(infer, ob_dim_make(infer, OB_EXPR_EQ, ob_dim_make(infer, OB_EXPR_BCAST, from, to), to),
                   "an input must be broadcast to another's shape");
  }
}

ob_status_t ob_infer_broadcast(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  for (size_t i = 1; i < infer->node->input_count; i++) {
    ob_shape_t other = ob_infer_shape(infer, i);
    shape = ob_shape_broadcast(infer, &shape, &other);
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

/* Element i of a content that is broadcast to more. */
static ob_dim_t element(const ob_content_t *content, size_t i) { return content->items[content->count == 1 ? 0 : i]; }

/* Folds input `index` into the elements so far; NULL where something is not known. */
static ob_dim_t *fold_in(ob_infer_t *infer, size_t index, const ob_content_t *so_far, ob_fold_t fold, size_t *count) {
  ob_content_t next;
  if (!ob_infer_content(infer, index, &next)) return NULL;
  const size_t both = so_far->count == 1 ? next.count : so_far->count; /* `count` may be so_far's own */
  ob_dim_t *items = ob_infer_room(infer, both);
  if (!items || (next.count != 1 && next.count != both)) return NULL;
  for (size_t i = 0; i < both; i++) items[i] = fold(infer, element(so_far, i), element(&next, i));
  *count = both;
  return items;
}

ob_status_t ob_infer_fold(ob_infer_t *infer, ob_fold_t fold) {
  OB_TRY(ob_infer_broadcast(infer));
  ob_content_t so_far;
  if (!ob_infer_content(infer, 0, &so_far)) return OB_OK;
  ob_infer_attempt_t attempt = ob_infer_try(infer);
  for (size_t i = 1; i < infer->node->input_count && so_far.items; i++)
    so_far.items = fold_in(infer, i, &so_far, fold, &so_far.count);
  if (infer->status == OB_OK) ob_infer_set_content(infer, 0, so_far.items, so_far.count);
  ob_infer_tried(infer, attempt);
  return infer->status;
}

ob_status_t ob_infer_fold_unary(ob_infer_t *infer, ob_fold_unary_t fold) {
  OB_TRY(ob_infer_same(infer));
  ob_content_t content;
  if (!ob_infer_content(infer, 0, &content)) return OB_OK;
  ob_infer_attempt_t attempt = ob_infer_try(infer);
  ob_dim_t *items = ob_infer_room(infer, content.count);
  for (size_t i = 0; items && i < content.count; i++) items[i] = fold(infer, content.items[i]);
  if (infer->status == OB_OK) ob_infer_set_content(infer, 0, items, content.count);
  ob_infer_tried(infer, attempt);
  return infer->status;
}
