/* ScatterND: data with slices replaced (or added, ...) at places given by indices. */
#include "op/infer_util.h"

/* Single elements of a small integer tensor. */
static void scatter_content(ob_infer_t *infer) {
  ob_content_t data, updates;
  int64_t places[OB_MAX_RANK];
  const ob_value_t *indices = ob_infer_input(infer, 1);
  size_t count = indices->constant && indices->constant->rank == 2 ? (size_t)indices->constant->dims[0] : 0;
  if (count == 0 || count > OB_MAX_RANK || indices->constant->dims[1] != 1) return;
  if (!ob_infer_content(infer, 0, &data) || !ob_infer_content(infer, 2, &updates) || updates.count != count) return;
  for (size_t i = 0; i < count; i++) {
    if (!ob_constant_int(indices->constant, i, &places[i])) return;
    if (places[i] < 0) places[i] += (int64_t)data.count;
    if (places[i] < 0 || places[i] >= (int64_t)data.count) return;
  }
  ob_dim_t *items = ob_infer_room(infer, data.count);
  for (size_t i = 0; items && i < data.count; i++) items[i] = data.items[i];
  for (size_t i = 0; items && i < count; i++) items[places[i]] = updates.items[i];
  ob_infer_set_content(infer, 0, items, data.count);
}

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"none", "add", "mul", "max", "min", NULL};
  ob_shape_t data = ob_infer_shape_at_least(infer, 0, 1), indices = ob_infer_shape_at_least(infer, 1, 1);
  ob_shape_t updates = ob_infer_shape(infer, 2);
  const char *reduction = ob_infer_word(infer, "reduction", "none", words);
  int64_t depth;
  if (data.rank >= 0 && indices.rank >= 0 && ob_dim_is_const(indices.dims[indices.rank - 1], &depth)) {
    if (depth > data.rank)
      return ob_infer_fail(infer, "indices have %lld numbers each, expected at most %d", (long long)depth, data.rank);
    ob_shape_t expected = ob_shape_of(indices.rank - 1, indices.dims);
    for (int32_t i = (int32_t)depth; i < data.rank; i++) ob_shape_append(infer, &expected, data.dims[i]);
    ob_infer_require_same_shape(infer, &expected, &updates, "sizes of updates and of what indices name");
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &data));
  if (reduction == words[0]) scatter_content(infer);
  return infer->status;
}

const ob_op_t ob_op_ScatterND = {
    .name = "ScatterND",
    .domain = "",
    .since = 18,
    OB_INPUTS(3, OB_PARAM("data", 'T', OB_TYPES_COMMON), OB_PARAM("indices", 0, OB_TYPES_INT64),
              OB_PARAM("updates", 'T', OB_TYPES_COMMON)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_TEXT("reduction", "none")),
    .infer = infer,
    .doc = "data with slices replaced (or added, ...) at places given by indices",
};
