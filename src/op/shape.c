/* Shape: sizes of a tensor, or of axes start..end. */
#include "op/infer_util.h"

/* An end of the range of axes; beyond the rank means all. */
static int32_t limit(int64_t at, int32_t rank) {
  if (at < 0) at += rank;
  return at < 0 ? 0 : at > rank ? rank : (int32_t)at;
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t data = ob_infer_shape(infer, 0), shape = ob_shape_of_rank(1);
  if (data.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
  int32_t begin = limit(ob_infer_int(infer, "start", 0), data.rank);
  int32_t end = limit(ob_infer_int(infer, "end", data.rank), data.rank);
  size_t count = end > begin ? (size_t)(end - begin) : 0;
  shape.dims[0] = ob_dim(infer, (int64_t)count);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  ob_dim_t *items = ob_infer_room(infer, count);
  for (size_t i = 0; items && i < count; i++) items[i] = data.dims[(size_t)begin + i];
  ob_infer_set_content(infer, 0, items, count);
  return infer->status;
}

const ob_op_t ob_op_Shape = {
    .name = "Shape",
    .domain = "",
    .since = 25,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_ANY)),
    OB_OUTPUTS(1, OB_PARAM("shape", '1', OB_TYPES_INT64)),
    OB_ATTRIBUTES(OB_MAYBE("end", INT), OB_INT("start", 0)),
    .infer = infer,
    .doc = "sizes of a tensor, or of axes start..end",
};
