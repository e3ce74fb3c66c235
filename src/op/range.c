/* Range: numbers from start to limit (exclusive) in steps of delta. */
#include <math.h>
#include <string.h>

#include "op/infer_util.h"

/* One number of a constant of floats. */
static bool read_float(const ob_infer_t *infer, size_t index, double *value) {
  const ob_value_t *input = ob_infer_input(infer, index);
  const ob_constant_t *constant = input->constant;
  if (!constant || !constant->data) return false;
  uint16_t half;
  float single;
  if (constant->dtype == OB_FLOAT64) {
    memcpy(value, constant->data, sizeof *value);
    return true;
  }
  if (constant->dtype == OB_FLOAT32)
    memcpy(&single, constant->data, sizeof single);
  else
    memcpy(&half, constant->data, sizeof half);
  *value = constant->dtype == OB_FLOAT32 ? single : constant->dtype == OB_FLOAT16 ? ob_f16_to_f32(half) : ob_bf16_to_f32(half);
  return true;
}

static ob_dim_t count_floats(ob_infer_t *infer) {
  double start, limit, delta;
  if (!(OB_DTYPE_BIT(ob_infer_dtype(infer, 0)) & OB_TYPES_FLOATS)) return NULL;
  if (!read_float(infer, 0, &start) || !read_float(infer, 1, &limit) || !read_float(infer, 2, &delta)) return NULL;
  double count = ceil((limit - start) / delta);
  if (!(fabs(count) < 9e15)) {
    ob_infer_fail(infer, "delta %g never leads from %g to %g", delta, start, limit);
    return NULL;
  }
  return ob_dim(infer, count < 0 ? 0 : (int64_t)count);
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_shape_of_rank(1);
  ob_dim_t start = ob_infer_scalar(infer, 0), limit = ob_infer_scalar(infer, 1), delta = ob_infer_scalar(infer, 2);
  int64_t count;
  if (ob_dim_is(delta, 0)) return ob_infer_fail(infer, "delta is 0");
  ob_dim_t steps = ob_dim_make(infer, OB_EXPR_CEILDIV, ob_dim_sub(infer, limit, start), delta);
  if (steps) {
    int64_t low, high;
    ob_expr_bounds(infer->module->exprs, steps, &low, &high);
    shape.dims[0] = low >= 0 ? steps : ob_dim_max(infer, steps, ob_dim(infer, 0));
  } else {
    shape.dims[0] = count_floats(infer);
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  if (!steps || !ob_dim_is_const(shape.dims[0], &count) || count > OB_MAX_CONTENT) return OB_OK;
  ob_infer_attempt_t attempt = ob_infer_try(infer);
  ob_dim_t *items = ob_infer_room(infer, (size_t)count);
  for (int64_t i = 0; items && i < count; i++) items[i] = ob_dim_add(infer, start, ob_dim_times(infer, delta, i));
  ob_infer_set_content(infer, 0, items, (size_t)count);
  ob_infer_tried(infer, attempt);
  return infer->status;
}

const ob_op_t ob_op_Range = {
    .name = "Range",
    .domain = "",
    .since = 27,
    OB_INPUTS(3, OB_PARAM("start", 'T', OB_TYPES_FLOATS | OB_TYPES_INDEX | OB_DTYPE_BIT(OB_INT16)),
              OB_PARAM("limit", 'T', OB_TYPES_FLOATS | OB_TYPES_INDEX | OB_DTYPE_BIT(OB_INT16)),
              OB_PARAM("delta", 'T', OB_TYPES_FLOATS | OB_TYPES_INDEX | OB_DTYPE_BIT(OB_INT16))),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS | OB_TYPES_INDEX | OB_DTYPE_BIT(OB_INT16))),
    OB_ATTRIBUTES(OB_INT("stash_type", 1)),
    .infer = infer,
    .doc = "numbers from start to limit (exclusive) in steps of delta",
};
