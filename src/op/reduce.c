/* Reductions over axes that come as an input, and over one axis. */
#include "op/reduce.h"

typedef enum { KEEP, REDUCE, UNKNOWN } fate_t; /* of an axis */

static void set_all(fate_t *fates, fate_t fate) {
  for (int i = 0; i < OB_MAX_RANK; i++) fates[i] = fate;
}

/* What happens to each axis; *removed is how many are reduced, -1: not known. */
static void read_axes(ob_infer_t *infer, int32_t rank, fate_t fates[OB_MAX_RANK], int64_t *removed) {
  int64_t axes[OB_MAX_RANK];
  size_t count = 0;
  bool given = ob_infer_has(infer, 1), marked[OB_MAX_RANK];
  *removed = -1;
  if (given && !ob_infer_numbers(infer, 1, axes, &count)) {
    set_all(fates, UNKNOWN);
    *removed = ob_infer_length(infer, 1);
    if (*removed == 0) *removed = ob_infer_int(infer, "noop_with_empty_axes", 0) ? 0 : rank;
    return;
  }
  if (count == 0) {
    bool noop = ob_infer_int(infer, "noop_with_empty_axes", 0) != 0;
    set_all(fates, noop ? KEEP : REDUCE);
    *removed = noop ? 0 : rank;
    return;
  }
  ob_infer_axes_mark(infer, "axes", axes, count, rank, marked);
  for (int i = 0; i < OB_MAX_RANK; i++) fates[i] = marked[i] ? REDUCE : KEEP;
  *removed = (int64_t)count;
}

static ob_shape_t reduce(ob_infer_t *infer, const ob_shape_t *data, const fate_t *fates, int64_t removed) {
  bool keepdims = ob_infer_int(infer, "keepdims", 1) != 0;
  ob_shape_t shape = ob_shape_of_rank(0);
  if (!keepdims && fates[0] == UNKNOWN)
    return removed < 0 || removed > data->rank ? ob_shape_unknown() : ob_shape_of_rank(data->rank - (int32_t)removed);
  for (int32_t i = 0; i < data->rank; i++) {
    if (fates[i] == KEEP)
      ob_shape_append(infer, &shape, data->dims[i]);
    else if (keepdims)
      ob_shape_append(infer, &shape, fates[i] == UNKNOWN ? NULL : ob_dim(infer, 1));
  }
  return shape;
}

/* All elements of a content into one. */
static void reduce_content(ob_infer_t *infer, ob_fold_t fold) {
  ob_content_t content;
  ob_dim_t *result;
  if (!ob_infer_content(infer, 0, &content) || content.count == 0 || !(result = ob_infer_room(infer, 1))) return;
  ob_infer_attempt_t attempt = ob_infer_try(infer);
  result[0] = content.items[0];
  for (size_t i = 1; i < content.count; i++) result[0] = fold(infer, result[0], content.items[i]);
  if (infer->status == OB_OK) ob_infer_set_content(infer, 0, result, 1);
  ob_infer_tried(infer, attempt);
}

ob_status_t ob_infer_reduce(ob_infer_t *infer, ob_fold_t fold) {
  ob_shape_t data = ob_infer_shape(infer, 0), shape = ob_shape_unknown();
  fate_t fates[OB_MAX_RANK];
  int64_t removed;
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  read_axes(infer, data.rank, fates, &removed);
  shape = reduce(infer, &data, fates, removed);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  if (fold && fates[0] == REDUCE && data.rank <= 1) reduce_content(infer, fold);
  return infer->status;
}

ob_status_t ob_infer_reduce_plain(ob_infer_t *infer) { return ob_infer_reduce(infer, NULL); }

ob_status_t ob_infer_arg_reduce(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), shape = data;
  int32_t axis = ob_infer_axis(infer, "axis", 0, data.rank);
  bool keepdims = ob_infer_int(infer, "keepdims", 1) != 0;
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  shape.rank = 0;
  for (int32_t i = 0; i < data.rank; i++) {
    if (i != axis)
      ob_shape_append(infer, &shape, data.dims[i]);
    else if (keepdims)
      ob_shape_append(infer, &shape, ob_dim(infer, 1));
  }
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}
