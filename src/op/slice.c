/* Slice: a range of each of some axes, with steps. */
#include "op/infer_util.h"

/* Zero where it may be less. */
static ob_dim_t at_least(ob_infer_t *infer, ob_dim_t x, int64_t low_limit) {
  int64_t low, high;
  if (!x || infer->status != OB_OK) return NULL;
  ob_expr_bounds(infer->module->exprs, x, &low, &high);
  return low >= low_limit ? x : ob_dim_max(infer, x, ob_dim(infer, low_limit));
}

static ob_dim_t at_most(ob_infer_t *infer, ob_dim_t x, ob_dim_t limit) {
  int64_t low, high;
  ob_dim_t over = ob_dim_sub(infer, x, limit);
  if (!over) return NULL;
  ob_expr_bounds(infer->module->exprs, over, &low, &high);
  return high <= 0 ? x : ob_dim_min(infer, x, limit);
}

/* Exporters write "to the end" as the largest 32- or 64-bit number, or as a milliard (tf2onnx). */
static bool is_beyond(ob_dim_t at) {
  int64_t number;
  return ob_dim_is_const(at, &number) && (number >= 1000000000 || number <= -INT32_MAX);
}

/* Whoever comes with an axis that is longer still hears of it. */
static ob_dim_t beyond(ob_infer_t *infer, ob_dim_t at, ob_dim_t size, ob_dim_t high) {
  int64_t number;
  if (ob_dim_is_const(size, &number)) return at_most(infer, at, high);
  if (size) ob_infer_guard(infer, ob_dim_make(infer, OB_EXPR_LE, size, at), "Slice: an axis is longer than its end, which stands for all of it");
  return high;
}

/* One end of a range as a place in 0..high (or -1..high going backwards); from the back where it is negative. */
static ob_dim_t place(ob_infer_t *infer, ob_dim_t at, ob_dim_t size, ob_dim_t high, int64_t low) {
  int64_t number;
  if (is_beyond(at)) return ob_dim_is_const(at, &number) && number > 0 ? beyond(infer, at, size, high) : ob_dim(infer, low);
  int64_t lowest = 0, highest = 0;
  if (!at || infer->status != OB_OK) return NULL;
  ob_expr_bounds(infer->module->exprs, at, &lowest, &highest);
  ob_dim_t from_back = ob_dim_add(infer, at, size);
  if (highest < 0)
    at = from_back;
  else if (lowest < 0)
    at = ob_dim_select(infer, ob_dim_make(infer, OB_EXPR_LT, at, ob_dim(infer, 0)), from_back, at);
  return at_least(infer, at_most(infer, at, high), low);
}

/* Where a range begins. Backwards it is clamped to 0..size - 1, which is -1 for an empty axis: there is nothing to copy. */
static ob_dim_t first_place(ob_infer_t *infer, ob_dim_t start, ob_dim_t size, int64_t step) {
  ob_dim_t last = ob_dim_plus(infer, size, -1);
  if (step > 0) return place(infer, start, size, size, 0);
  if (ob_dim_is(start, -1)) return last;
  int64_t number;
  if (is_beyond(start) && ob_dim_is_const(start, &number) && number > 0) return last;
  return at_most(infer, place(infer, start, size, last, 0), last);
}

/* How many elements lie from start to end. */
static ob_dim_t length(ob_infer_t *infer, ob_dim_t size, ob_dim_t start, ob_dim_t end, int64_t step) {
  ob_dim_t last = step > 0 ? size : ob_dim_plus(infer, size, -1), first;
  int64_t number, low = step > 0 ? 0 : -1;
  ob_dim_t stop = place(infer, end, size, last, low);
  if (step > 0 && ob_dim_is_const(start, &number) && number >= 0)
    first = start; /* max() below does the rest */
  else
    first = first_place(infer, start, size, step);
  ob_dim_t span = step > 0 ? ob_dim_sub(infer, stop, first) : ob_dim_sub(infer, first, stop);
  span = at_least(infer, span, 0);
  if (step == 1 || step == -1) return span;
  if (step == INT64_MIN) step++; /* as far as any size reaches, the same */
  return ob_dim_make(infer, OB_EXPR_CEILDIV, span, ob_dim(infer, step > 0 ? step : -step));
}

/* Which axes the ranges are for; false where that is not known. */
static bool read_axes(ob_infer_t *infer, int32_t rank, size_t count, int64_t axes[OB_MAX_RANK]) {
  bool marked[OB_MAX_RANK];
  size_t given = count;
  if (!ob_infer_has(infer, 3)) {
    for (size_t i = 0; i < count; i++) axes[i] = (int64_t)i;
  } else if (!ob_infer_numbers(infer, 3, axes, &given)) {
    return false;
  }
  if (given != count) ob_infer_fail(infer, "%zu starts, but %zu axes", count, given);
  ob_infer_axes_mark(infer, "axes", axes, given, rank, marked);
  for (size_t i = 0; i < given; i++)
    if (axes[i] < 0) axes[i] += rank;
  return infer->status == OB_OK;
}

static void slice_content(ob_infer_t *infer, int64_t step) {
  ob_content_t data, start, end;
  int64_t size, first;
  if (!ob_infer_content(infer, 0, &data) || !ob_infer_content(infer, 1, &start) || !ob_infer_content(infer, 2, &end) || data.scalar)
    return;
  ob_dim_t count = ob_dim(infer, (int64_t)data.count);
  if (start.count != 1 || !ob_dim_is_const(first_place(infer, start.items[0], count, step), &first)) return;
  if (!ob_dim_is_const(length(infer, count, start.items[0], end.items[0], step), &size)) return;
  ob_dim_t *items = ob_infer_room(infer, (size_t)size);
  for (int64_t i = 0; items && i < size; i++) items[i] = data.items[first + i * step];
  ob_infer_set_content(infer, 0, items, (size_t)size);
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), shape = data;
  int64_t axes[OB_MAX_RANK], steps[OB_MAX_RANK], count = ob_infer_length(infer, 1);
  size_t step_count = 0;
  ob_content_t starts, ends;
  if (count < 0) count = ob_infer_length(infer, 2);
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  if (count > data.rank) return ob_infer_fail(infer, "%lld starts for a tensor of rank %d", (long long)count, data.rank);
  if (count < 0 || !read_axes(infer, data.rank, (size_t)count, axes)) {
    shape = ob_shape_of_rank(data.rank);
    return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  }
  bool known_steps = !ob_infer_has(infer, 4) || ob_infer_numbers(infer, 4, steps, &step_count);
  bool known_ends = ob_infer_content(infer, 1, &starts) && ob_infer_content(infer, 2, &ends);
  if (known_ends && ends.count != starts.count) return ob_infer_fail(infer, "%zu starts, but %zu ends", starts.count, ends.count);
  if (ob_infer_has(infer, 4) && known_steps && step_count != (size_t)count)
    return ob_infer_fail(infer, "%lld starts, but %zu steps", (long long)count, step_count);
  for (int64_t i = 0; i < count; i++) {
    int64_t step = ob_infer_has(infer, 4) && known_steps ? steps[i] : 1;
    if (step == 0) return ob_infer_fail(infer, "a step is 0");
    shape.dims[axes[i]] =
        known_steps && known_ends ? length(infer, data.dims[axes[i]], starts.items[i], ends.items[i], step) : NULL;
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  if (known_steps && known_ends && count == 1) slice_content(infer, ob_infer_has(infer, 4) ? steps[0] : 1);
  return infer->status;
}

const ob_op_t ob_op_Slice = {
    .name = "Slice",
    .domain = "",
    .since = 13,
    OB_INPUTS(3, OB_PARAM("data", 'T', OB_TYPES_COMMON), OB_PARAM("starts", 'i', OB_TYPES_INDEX),
              OB_PARAM("ends", 'i', OB_TYPES_INDEX), OB_OPTIONAL_PARAM("axes", 'i', OB_TYPES_INDEX),
              OB_OPTIONAL_PARAM("steps", 'i', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    .infer = infer,
    .doc = "a range of each of some axes, with steps",
};
