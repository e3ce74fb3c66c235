/* Resize: samples a tensor at another size. */
#include <math.h>
#include <string.h>

#include "op/infer_util.h"

/* in * scale, rounded down, where the scale is a ratio of small numbers: 2, 0.5, 1.5, 1/3. NULL where it is not. */
static ob_dim_t times_ratio(ob_infer_t *infer, ob_dim_t size, float scale) {
  for (int64_t below = 1; below <= 64; below++) {
    double above = round((double)scale * (double)below);
    if (above >= 1 && above <= 1e6 && (float)(above / (double)below) == scale)
      return ob_dim_make(infer, OB_EXPR_FLOORDIV, ob_dim_times(infer, size, (int64_t)above), ob_dim(infer, below));
  }
  return NULL;
}

static ob_dim_t scaled(ob_infer_t *infer, ob_dim_t size, float scale) {
  int64_t number;
  if (!(scale > 0) || !isfinite(scale)) {
    ob_infer_fail(infer, "a scale is %g, expected more than 0", (double)scale);
    return NULL;
  }
  if (!ob_dim_is_const(size, &number)) return times_ratio(infer, size, scale);
  float product = floorf((float)number * scale);
  if (!(product < 9e15f)) {
    ob_infer_fail(infer, "a scale of %g makes the size %lld too large", (double)scale, (long long)number);
    return NULL;
  }
  return ob_dim(infer, (int64_t)product);
}

/* Axes that scales or sizes are for; false where an input is not known. */
static bool read_axes(ob_infer_t *infer, int32_t rank, int32_t axes[OB_MAX_RANK], size_t *count) {
  bool seen[OB_MAX_RANK] = {false};
  const ob_dim_t *stated = ob_infer_ints(infer, "axes", count);
  if (!stated) {
    for (int32_t i = 0; i < rank; i++) axes[i] = i;
    *count = (size_t)rank;
    return true;
  }
  for (size_t i = 0; i < *count && infer->status == OB_OK; i++) {
    int64_t axis;
    if (!ob_dim_is_const(stated[i], &axis)) return false;
    axes[i % OB_MAX_RANK] = ob_infer_axis_of(infer, "axes", axis, rank, false);
    if (infer->status == OB_OK && seen[axes[i % OB_MAX_RANK]]) ob_infer_fail(infer, "'axes' names an axis twice");
    seen[axes[i % OB_MAX_RANK]] = true;
  }
  return infer->status == OB_OK;
}

static void apply_scales(ob_infer_t *infer, const ob_shape_t *x, const int32_t *axes, size_t count, ob_shape_t *shape) {
  const float *scales, *roi;
  size_t given, roi_count;
  bool crop = strcmp(ob_node_string(infer->node, "coordinate_transformation_mode", ""), "tf_crop_and_resize") == 0;
  for (size_t i = 0; i < count; i++) shape->dims[axes[i]] = NULL;
  if (!ob_infer_floats(infer, 2, &scales, &given)) return;
  if (given != count) {
    ob_infer_fail(infer, "'scales' has %zu elements, expected %zu", given, count);
    return;
  }
  if (crop && (!ob_infer_floats(infer, 1, &roi, &roi_count) || roi_count != 2 * count)) return;
  for (size_t i = 0; i < count; i++)
    shape->dims[axes[i]] = scaled(infer, x->dims[axes[i]], crop ? scales[i] * (roi[i + count] - roi[i]) : scales[i]);
}

/* One scale for all axes, so that the output is as large as the sizes allow, or no smaller than they ask for. */
static void keep_aspect(ob_infer_t *infer, const ob_shape_t *x, const int32_t *axes, size_t count, bool larger, ob_shape_t *shape) {
  float scale = 0;
  int64_t from[OB_MAX_RANK], to;
  for (size_t i = 0; i < count; i++) {
    if (!ob_dim_is_const(x->dims[axes[i]], &from[i]) || !ob_dim_is_const(shape->dims[axes[i]], &to) || from[i] == 0) {
      for (size_t k = 0; k < count; k++) shape->dims[axes[k]] = NULL;
      return;
    }
    float ratio = (float)to / (float)from[i];
    scale = i == 0 ? ratio : larger ? fmaxf(scale, ratio) : fminf(scale, ratio);
  }
  for (size_t i = 0; i < count; i++) shape->dims[axes[i]] = ob_dim(infer, (int64_t)floorf(scale * (float)from[i] + 0.5f));
}

static void apply_sizes(ob_infer_t *infer, const ob_shape_t *x, const int32_t *axes, size_t count, ob_shape_t *shape) {
  static const char *const words[] = {"stretch", "not_larger", "not_smaller", NULL};
  const char *policy = ob_infer_word(infer, "keep_aspect_ratio_policy", "stretch", words);
  ob_content_t sizes;
  for (size_t i = 0; i < count; i++) shape->dims[axes[i]] = NULL;
  if (!ob_infer_content(infer, 3, &sizes)) return;
  if (sizes.count != count) {
    ob_infer_fail(infer, "'sizes' has %zu elements, expected %zu", sizes.count, count);
    return;
  }
  for (size_t i = 0; i < count; i++) shape->dims[axes[i]] = sizes.items[i];
  if (policy != words[0]) keep_aspect(infer, x, axes, count, policy == words[2], shape);
}

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
  ob_shape_t x = ob_infer_shape(infer, 0), shape = x;
  int32_t axes[OB_MAX_RANK];
  size_t count;
  bool by_sizes = ob_infer_has(infer, 3) && ob_infer_length(infer, 3) != 0;
  bool by_scales = ob_infer_has(infer, 2) && !(by_sizes && ob_infer_length(infer, 2) == 0);
  ob_infer_word(infer, "mode", "nearest", modes);
  if (by_sizes == by_scales) return ob_infer_fail(infer, "expected either scales or sizes");
  if (x.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
  if (!read_axes(infer, x.rank, axes, &count))
    shape = ob_shape_of_rank(x.rank);
  else if (by_sizes)
    apply_sizes(infer, &x, axes, count, &shape);
  else
    apply_scales(infer, &x, axes, count, &shape);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_Resize = {
    .name = "Resize",
    .domain = "",
    .since = 19,
    OB_INPUTS(1, OB_PARAM("X", '1', OB_TYPES_COMMON), OB_OPTIONAL_PARAM("roi", '2', OB_TYPES_FLOATS & ~OB_DTYPE_BIT(OB_BFLOAT16)),
              OB_OPTIONAL_PARAM("scales", 0, OB_TYPES_FLOAT32), OB_OPTIONAL_PARAM("sizes", 0, OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("Y", '1', OB_TYPES_COMMON)),
    OB_ATTRIBUTES(OB_INT("antialias", 0), OB_MAYBE("axes", INTS), OB_TEXT("coordinate_transformation_mode", "half_pixel"),
                  OB_FLOAT("cubic_coeff_a", -0.75f), OB_INT("exclude_outside", 0), OB_FLOAT("extrapolation_value", 0.0f),
                  OB_TEXT("keep_aspect_ratio_policy", "stretch"), OB_TEXT("mode", "nearest"),
                  OB_TEXT("nearest_mode", "round_prefer_floor")),
    .infer = infer,
    .doc = "samples a tensor at another size",
};
