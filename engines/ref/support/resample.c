/* Coordinates and weights of Resize: see resample.h and the operator's definition, whose names are used. */
#include "ref/support/resample.h"

#include <math.h>
#include <string.h>

/* Where output element `o` comes from. */
static double coordinate(const ob_ref_resample_t *a, int64_t o) {
  double x = (double)o, in = (double)a->in;
  if (strcmp(a->coordinates, "align_corners") == 0) return a->width == 1 ? 0 : x * (in - 1) / (a->width - 1);
  if (strcmp(a->coordinates, "asymmetric") == 0) return x / a->scale;
  if (strcmp(a->coordinates, "tf_crop_and_resize") == 0) {
    double span = (a->roi_end - a->roi_begin) * (in - 1);
    return a->roi_begin * (in - 1) + (a->width == 1 ? span / 2 : x * span / (a->width - 1));
  }
  if (strcmp(a->coordinates, "pytorch_half_pixel") == 0 && a->width == 1) return -0.5;
  double offset = strcmp(a->coordinates, "half_pixel_symmetric") == 0 ? in / 2 * (1 - (double)a->out / a->width) : 0;
  return offset + (x + 0.5) / a->scale - 0.5;
}

static bool is_outside(const ob_ref_resample_t *a, double x) {
  return strcmp(a->coordinates, "tf_crop_and_resize") == 0 && !(x >= 0 && x <= (double)a->in - 1);
}

/* A double that may be anything as an index inside [0, in). */
static int64_t to_index(const ob_ref_resample_t *a, double x) {
  return !(x > 0) ? 0 : x >= (double)a->in ? a->in - 1 : (int64_t)x;
}

int64_t ob_ref_resample_nearest(const ob_ref_resample_t *a, int64_t o) {
  double x = coordinate(a, o);
  if (a->identity) return o;
  if (is_outside(a, x)) return -1;
  if (strcmp(a->rounding, "floor") == 0) return to_index(a, floor(x));
  if (strcmp(a->rounding, "ceil") == 0) return to_index(a, ceil(x));
  if (strcmp(a->rounding, "round_prefer_ceil") == 0) return to_index(a, floor(x + 0.5));
  return to_index(a, ceil(x - 0.5));
}

/* The kernel at distance `d`, in input elements stretched by the antialias filter. */
static double kernel(const ob_ref_resample_t *a, double d) {
  d = fabs(d);
  if (a->mode == OB_REF_LINEAR) return d < 1 ? 1 - d : 0;
  if (d <= 1) return ((a->cubic + 2) * d - (a->cubic + 3)) * d * d + 1;
  return d < 2 ? ((a->cubic * d - 5 * a->cubic) * d + 8 * a->cubic) * d - 4 * a->cubic : 0;
}

static double plain_weight(const ob_ref_resample_t *a, double center, int64_t at) {
  if (a->exclude_outside && (at < 0 || at >= a->in)) return 0;
  return kernel(a, ((double)at - center) * (a->antialias && a->scale < 1 ? a->scale : 1));
}

ob_ref_taps_t ob_ref_resample_taps(const ob_ref_resample_t *a, int64_t o) {
  double reach = (a->mode == OB_REF_CUBIC ? 2 : 1) / (a->antialias && a->scale < 1 ? a->scale : 1);
  ob_ref_taps_t taps = {.center = coordinate(a, o)};
  taps.outside = is_outside(a, taps.center);
  /* far outside every tap clamps to the edge anyway; so the numbers stay small whatever the attributes are */
  double limit = 2 * reach + (double)a->in;
  if (!(taps.center > -limit)) taps.center = -limit;
  if (taps.center > limit) taps.center = limit;
  taps.first = (int64_t)floor(taps.center - reach) + 1;
  taps.count = (int64_t)ceil(taps.center + reach) - taps.first;
  for (int64_t t = 0; t < taps.count; t++) taps.total += plain_weight(a, taps.center, taps.first + t);
  return taps;
}

double ob_ref_resample_weight(const ob_ref_resample_t *a, const ob_ref_taps_t *taps, int64_t tap) {
  double weight = plain_weight(a, taps->center, taps->first + tap);
  return a->exclude_outside || a->antialias ? weight / taps->total : weight;
}

/* Scales: from input `scales`, or from the output's size, which inference worked out of `sizes` and the policy. */
static ob_status_t set_scales(const ob_kernel_call_t *call, const ob_tensor_t *x, ob_ref_resample_t *axes, const int32_t *list, int32_t count) {
  const ob_tensor_t *scales = ob_ref_input(call, 2), *sizes = ob_ref_input(call, 3);
  bool keep = strcmp(ob_kernel_string(call, "keep_aspect_ratio_policy", "stretch"), "stretch") != 0;
  bool larger = strcmp(ob_kernel_string(call, "keep_aspect_ratio_policy", "stretch"), "not_smaller") == 0;
  bool by_scale = scales && ob_tensor_count(scales) > 0;
  double common = larger ? 0 : INFINITY;
  const ob_tensor_t *given = by_scale ? scales : sizes;
  if (!given || ob_tensor_count(given) != (size_t)count)
    return ob_fail(OB_OUT_OF_RANGE, "%zu scales or sizes for %d axes", given ? ob_tensor_count(given) : 0, (int)count);
  for (int32_t i = 0; i < count; i++) {
    ob_ref_resample_t *a = &axes[list[i]];
    double value = ob_ref_get(given->dtype, given->data, (size_t)i);
    a->scale = by_scale ? value : value / (double)x->dims[list[i]];
    a->width = by_scale ? value * (double)x->dims[list[i]] : value;
    if (!(a->scale > 0) || isinf(a->scale)) return ob_fail(OB_OUT_OF_RANGE, "axis %d has scale %g", (int)list[i], a->scale);
    common = larger ? fmax(common, a->scale) : fmin(common, a->scale);
  }
  for (int32_t i = 0; keep && !by_scale && i < count; i++) {
    axes[list[i]].scale = common;
    axes[list[i]].width = common * (double)x->dims[list[i]];
  }
  return OB_OK;
}

static ob_status_t set_roi(const ob_kernel_call_t *call, ob_ref_resample_t *axes, const int32_t *list, int32_t count) {
  const ob_tensor_t *roi = ob_ref_input(call, 1);
  if (strcmp(axes[0].coordinates, "tf_crop_and_resize") != 0) return OB_OK;
  if (!roi || ob_tensor_count(roi) != 2 * (size_t)count)
    return ob_fail(OB_OUT_OF_RANGE, "roi has %zu elements for %d axes", roi ? ob_tensor_count(roi) : 0, (int)count);
  for (int32_t i = 0; i < count; i++) {
    axes[list[i]].roi_begin = ob_ref_get(roi->dtype, roi->data, (size_t)i);
    axes[list[i]].roi_end = ob_ref_get(roi->dtype, roi->data, (size_t)(i + count));
  }
  return OB_OK;
}

ob_status_t ob_ref_resample_begin(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *y, ob_ref_resample_t axes[OB_MAX_RANK]) {
  int32_t list[OB_MAX_RANK], count;
  const char *mode = ob_kernel_string(call, "mode", "nearest");
  OB_TRY(ob_ref_axes(call, SIZE_MAX, "axes", x->rank, list, &count));
  if (count == 0)
    for (; count < x->rank; count++) list[count] = count;
  for (int32_t i = 0; i < x->rank; i++)
    axes[i] = (ob_ref_resample_t){.mode = strcmp(mode, "linear") == 0 ? OB_REF_LINEAR : strcmp(mode, "cubic") == 0 ? OB_REF_CUBIC : OB_REF_NEAREST,
                                  .coordinates = ob_kernel_string(call, "coordinate_transformation_mode", "half_pixel"),
                                  .rounding = ob_kernel_string(call, "nearest_mode", "round_prefer_floor"),
                                  .in = x->dims[i],
                                  .out = y->dims[i],
                                  .scale = 1,
                                  .width = (double)x->dims[i],
                                  .roi_end = 1,
                                  .cubic = (double)ob_kernel_float(call, "cubic_coeff_a", -0.75f),
                                  .extrapolation = (double)ob_kernel_float(call, "extrapolation_value", 0),
                                  .antialias = ob_kernel_int(call, "antialias", 0) != 0,
                                  .exclude_outside = ob_kernel_int(call, "exclude_outside", 0) != 0};
  if (x->rank == 0) return OB_OK;
  OB_TRY(set_scales(call, x, axes, list, count));
  OB_TRY(set_roi(call, axes, list, count));
  for (int32_t i = 0; i < x->rank; i++) {
    axes[i].identity = axes[i].scale == 1 && axes[i].in == axes[i].out && axes[i].roi_begin == 0 && axes[i].roi_end == 1;
    if (!axes[i].identity && axes[i].in == 0 && axes[i].out > 0) return ob_fail(OB_OUT_OF_RANGE, "axis %d has no elements", (int)i);
  }
  return OB_OK;
}
