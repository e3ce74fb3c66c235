/* Steps that need shapes, or a few nodes for what was one. */
#include <string.h>

#include "import/onnx/upgrade.h"

#define NODE(...) (&(ob_upgrade_node_t){__VA_ARGS__})

static ob_status_t need_input(const ob_upgrade_t *up, size_t index, ob_value_t **value) {
  *value = ob_upgrade_input(up, index);
  return *value ? OB_OK : ob_fail(OB_INVALID_MODEL, "input %zu is missing", index);
}

static ob_status_t need_rank(const ob_value_t *value, int32_t *rank) {
  *rank = value->type.rank;
  if (*rank >= 0) return OB_OK;
  return ob_fail(OB_UNSUPPORTED, "the rank of '%s' must be known to bring this old operator up to date", ob_quote(value->name));
}

/* `value` with dims of size 1 put in, `first` to `last` - 1. */
static ob_status_t unsqueeze(ob_upgrade_t *up, ob_value_t *value, int32_t first, int32_t last, ob_value_t **result) {
  int64_t axes[OB_MAX_RANK];
  size_t count = 0;
  ob_value_t *list;
  *result = value;
  for (int32_t axis = first; axis < last && count < OB_MAX_RANK; axis++) axes[count++] = axis;
  if (count == 0) return OB_OK;
  OB_TRY(ob_upgrade_constant(up, "axes", axes, count, false, &list));
  return ob_upgrade_emit(up, NODE(.op = "Unsqueeze", .inputs = {value, list}, .input_count = 2), result);
}

/* ------------------------------------------------------------ broadcasting before opset 7 */

/* B's dims are those of A from `axis` on; without an axis they are A's last, as in NumPy. */
ob_status_t ob_upgrade_legacy_broadcast(ob_upgrade_t *up) {
  int64_t axis;
  int32_t rank_a, rank_b;
  ob_value_t *a, *b;
  OB_TRY(ob_upgrade_int(up, "axis", -1, &axis));
  bool has_axis = ob_upgrade_find(up, "axis") != NULL;
  ob_upgrade_drop(up, "broadcast");
  ob_upgrade_drop(up, "axis");
  ob_upgrade_drop(up, "consumed_inputs");
  if (!has_axis) return OB_OK;
  OB_TRY(need_input(up, 0, &a));
  OB_TRY(need_input(up, 1, &b));
  OB_TRY(need_rank(a, &rank_a));
  OB_TRY(need_rank(b, &rank_b));
  if (axis < 0) axis += rank_a;
  if (axis < 0 || axis + rank_b > rank_a)
    return ob_fail(OB_INVALID_MODEL, "attribute 'axis' %lld does not fit inputs of rank %d and %d", (long long)axis, (int)rank_a,
                   (int)rank_b);
  OB_TRY(unsqueeze(up, b, rank_b, rank_a - (int32_t)axis, &b));
  return ob_upgrade_set_input(up, 1, b);
}

/* Slopes belong to channels, axis 1; since version 7 they are broadcast from the right. */
ob_status_t ob_upgrade_prelu_channels(ob_upgrade_t *up) {
  int32_t rank;
  ob_value_t *x, *slope;
  OB_TRY(need_input(up, 0, &x));
  OB_TRY(need_input(up, 1, &slope));
  if (slope->type.rank != 1 || ob_expr_is(slope->type.dims[0], 1)) return OB_OK;
  OB_TRY(need_rank(x, &rank));
  OB_TRY(unsqueeze(up, slope, 1, rank - 1, &slope));
  return ob_upgrade_set_input(up, 1, slope);
}

/* ------------------------------------------------------------ softmax over a matrix */

/* Versions before 13 see the input as a matrix: dims before `axis` are rows, the others columns. When at most one of the columns'
 * dims is not 1, it is the softmax of today along that one, and `*axis` becomes it. */
static bool single_axis(const ob_value_t *x, int64_t *axis) {
  int64_t rank = x->type.rank, first = *axis < 0 ? *axis + rank : *axis, found = rank - 1;
  size_t large = 0;
  if (rank < 1 || first < 0 || first >= rank) return false;
  for (int64_t i = first; i < rank; i++)
    if (!ob_expr_is(x->type.dims[i], 1)) found = i, large++;
  if (large > 1) return false;
  *axis = found;
  return true;
}

ob_status_t ob_upgrade_softmax_flatten(ob_upgrade_t *up) {
  int64_t axis;
  ob_value_t *x, *matrix, *result, *shape;
  OB_TRY(ob_upgrade_int(up, "axis", 1, &axis));
  OB_TRY(need_input(up, 0, &x));
  up->record->version = 13;
  if (single_axis(x, &axis)) return ob_upgrade_set_int(up, "axis", axis);
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Flatten", .inputs = {x}, .input_count = 1, .attribute = "axis", .number = axis), &matrix));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = up->record->op, .inputs = {matrix}, .input_count = 1, .attribute = "axis", .number = -1),
                         &result));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Shape", .inputs = {x}, .input_count = 1), &shape));
  /* a size of 0 is meant */
  return ob_upgrade_finish(
      up, NODE(.op = "Reshape", .inputs = {result, shape}, .input_count = 2, .attribute = "allowzero", .number = 1));
}

/* ------------------------------------------------------------ normalisation */

/* (x - mean) / sqrt(variance + epsilon) * scale + bias, parameters of the shape of one element of the batch. */
static ob_status_t normalize_elements(ob_upgrade_t *up, float epsilon) {
  ob_value_t *in[5], *small, *t;
  for (size_t i = 0; i < 5; i++) OB_TRY(need_input(up, i, &in[i]));
  OB_TRY(ob_upgrade_float_constant(up, "epsilon", in[0]->type.dtype, (double)epsilon, &small));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Add", .inputs = {in[4], small}, .input_count = 2), &small));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Sqrt", .inputs = {small}, .input_count = 1), &small));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Sub", .inputs = {in[0], in[3]}, .input_count = 2), &t));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Div", .inputs = {t, small}, .input_count = 2), &t));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Mul", .inputs = {t, in[1]}, .input_count = 2), &t));
  return ob_upgrade_finish(up, NODE(.op = "Add", .inputs = {t, in[2]}, .input_count = 2));
}

/* Statistics for each element instead of each channel. */
ob_status_t ob_upgrade_batch_norm_spatial(ob_upgrade_t *up) {
  int64_t spatial;
  float epsilon;
  OB_TRY(ob_upgrade_int(up, "spatial", 1, &spatial));
  OB_TRY(ob_upgrade_float(up, "epsilon", 1e-5f, &epsilon));
  ob_upgrade_drop(up, "spatial");
  if (spatial != 0) return OB_OK;
  if (up->record->output_count > 1) return ob_fail(OB_UNSUPPORTED, "training with 'spatial' 0 is not supported");
  return normalize_elements(up, epsilon);
}

/* One number a group becomes one number a channel: [G] -> [G, 1] -> [G, C / G] -> [C]. */
static ob_status_t repeat_for_channels(ob_upgrade_t *up, size_t index, ob_value_t *shape, ob_value_t *flat) {
  ob_value_t *value;
  OB_TRY(need_input(up, index, &value));
  OB_TRY(unsqueeze(up, value, 1, 2, &value));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Expand", .inputs = {value, shape}, .input_count = 2), &value));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Reshape", .inputs = {value, flat}, .input_count = 2), &value));
  return ob_upgrade_set_input(up, index, value);
}

ob_status_t ob_upgrade_group_norm_scale(ob_upgrade_t *up) {
  int64_t groups, one = 1, minus_one = -1;
  ob_value_t *x, *count, *dims, *index, *each, *flat;
  OB_TRY(ob_upgrade_int(up, "num_groups", 0, &groups));
  if (groups < 1) return ob_fail(OB_INVALID_MODEL, "attribute 'num_groups' must be at least 1");
  OB_TRY(need_input(up, 0, &x));
  OB_TRY(ob_upgrade_constant(up, "groups", &groups, 1, false, &count));
  OB_TRY(ob_upgrade_constant(up, "channels", &one, 1, false, &index));
  OB_TRY(ob_upgrade_constant(up, "flat", &minus_one, 1, false, &flat));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Shape", .inputs = {x}, .input_count = 1), &dims));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Gather", .inputs = {dims, index}, .input_count = 2), &dims));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Div", .inputs = {dims, count}, .input_count = 2), &each));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Concat", .inputs = {count, each}, .input_count = 2, .attribute = "axis", .number = 0),
                         &dims));
  OB_TRY(repeat_for_channels(up, 1, dims, flat));
  return repeat_for_channels(up, 2, dims, flat);
}

/* ------------------------------------------------------------ others */

/* True when a constant list of indices has none below zero. */
static bool never_negative(const ob_value_t *value) {
  int64_t number;
  if (!value->content) return false;
  for (size_t i = 0; i < value->content_count; i++)
    if (!ob_expr_is_const(value->content[i], &number) || number < 0) return false;
  return true;
}

/* Negative indices meant "none"; since version 11 they count from the end. They become `depth`, which is none still. */
ob_status_t ob_upgrade_one_hot_negative(ob_upgrade_t *up) {
  int64_t zero_number = 0;
  ob_value_t *indices, *depth, *zero, *negative, *none;
  OB_TRY(need_input(up, 0, &indices));
  OB_TRY(need_input(up, 1, &depth));
  if (never_negative(indices)) return OB_OK;
  OB_TRY(ob_upgrade_constant(up, "zero", &zero_number, 1, true, &zero));
  OB_TRY(ob_upgrade_constant(up, "scalar", NULL, 0, false, &none));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Reshape", .inputs = {depth, none}, .input_count = 2), &none));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "CastLike", .inputs = {none, indices}, .input_count = 2), &none));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "CastLike", .inputs = {zero, indices}, .input_count = 2), &zero));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Less", .inputs = {indices, zero}, .input_count = 2), &negative));
  OB_TRY(ob_upgrade_emit(up, NODE(.op = "Where", .inputs = {negative, none, indices}, .input_count = 3), &indices));
  return ob_upgrade_set_input(up, 0, indices);
}

/* Version 1 repeats along one axis: Tile(input, tiles, axis), both constants here. */
ob_status_t ob_upgrade_tile_axis(ob_upgrade_t *up) {
  int64_t repeats[OB_MAX_RANK], tiles, axis;
  int32_t rank;
  ob_value_t *x, *list, *count = ob_upgrade_input(up, 1), *where = ob_upgrade_input(up, 2);
  OB_TRY(need_input(up, 0, &x));
  OB_TRY(need_rank(x, &rank));
  if (!count || !where || count->content_count != 1 || where->content_count != 1 || !ob_expr_is_const(count->content[0], &tiles) ||
      !ob_expr_is_const(where->content[0], &axis) || axis < 0 || axis >= rank)
    return ob_upgrade_too_old(up);
  for (int32_t i = 0; i < rank; i++) repeats[i] = i == axis ? tiles : 1;
  OB_TRY(ob_upgrade_constant(up, "repeats", repeats, (size_t)rank, false, &list));
  OB_TRY(ob_upgrade_set_input(up, 1, list));
  up->record->input_count = 2;
  return OB_OK;
}
