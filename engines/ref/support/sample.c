/* Interpolation with borders: see sample.h. */
#include "ref/support/sample.h"

#include <math.h>
#include <stdio.h>

/* Reflects until `x` is inside [low, high]. */
static double reflect(double x, double low, double high) {
  double span = high - low;
  if (!(span > 0)) return low;
  double distance = fmod(fabs(x - low), 2 * span);
  return distance <= span ? low + distance : high - (distance - span);
}

static void borders(const ob_ref_sampler_t *s, int32_t axis, double *low, double *high) {
  *low = s->align_corners ? 0 : -0.5;
  *high = (double)s->dims[axis] - (s->align_corners ? 1 : 0.5);
}

/* A coordinate made safe: not a number and far away become numbers that are outside. */
static double tame(double x) { return isnan(x) ? -1e9 : x < -1e9 ? -1e9 : x > 1e9 ? 1e9 : x; }

/* Where an axis is read for tap index `i`, or -1 for zero. */
static int64_t pixel(const ob_ref_sampler_t *s, int32_t axis, int64_t i) {
  int64_t dim = s->dims[axis];
  double low, high;
  if (i >= 0 && i < dim) return i;
  if (s->border == OB_REF_BORDER_ZEROS) return -1;
  if (s->border == OB_REF_BORDER_CLAMP) return i < 0 ? 0 : dim - 1;
  borders(s, axis, &low, &high);
  int64_t at = (int64_t)reflect((double)i, low, high);
  return at < 0 ? 0 : at >= dim ? dim - 1 : at;
}

static double cubic(double d) {
  const double a = -0.75;
  d = fabs(d);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/* Taps of one axis. */
typedef struct taps {
  int64_t first;
  int32_t count;
  double weights[4];
} taps_t;

static taps_t find_taps(const ob_ref_sampler_t *s, int32_t axis, double x) {
  double low, high;
  taps_t taps = {.count = s->mode == OB_REF_SAMPLE_NEAREST ? 1 : s->mode == OB_REF_SAMPLE_LINEAR ? 2 : 4};
  borders(s, axis, &low, &high);
  x = tame(x);
  if (s->mode == OB_REF_SAMPLE_NEAREST) x = nearbyint(x);
  if (x < low || x > high) {
    if (s->border == OB_REF_BORDER_CLAMP) x = x < 0 ? 0 : (double)s->dims[axis] - 1;
    if (s->border == OB_REF_BORDER_REFLECT) x = reflect(x, low, high);
  }
  taps.first = (int64_t)floor(x) - (taps.count == 4);
  for (int32_t t = 0; t < taps.count; t++) {
    double d = (double)(taps.first + t) - x;
    taps.weights[t] = taps.count == 1 ? 1 : taps.count == 2 ? 1 - fabs(d) : cubic(d);
  }
  return taps;
}

double ob_ref_sample(const ob_ref_sampler_t *s, size_t from, const double *x) {
  taps_t taps[OB_MAX_RANK];
  int64_t index[OB_MAX_RANK] = {0}, counts[OB_MAX_RANK];
  double sum = 0;
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dims[i] == 0) return 0;
    taps[i] = find_taps(s, i, x[i]);
    counts[i] = taps[i].count;
  }
  do {
    double weight = 1;
    int64_t at = 0;
    for (int32_t i = 0; i < s->rank; i++) {
      int64_t p = pixel(s, i, taps[i].first + index[i]);
      at = at < 0 || p < 0 ? -1 : at * s->dims[i] + p;
      weight *= taps[i].weights[index[i]];
    }
    if (at >= 0) sum += weight * ob_ref_get(s->image->dtype, s->image->data, from + (size_t)at);
  } while (ob_ref_next(s->rank, counts, index));
  return sum;
}

bool ob_ref_takes_numbers(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t reason_size) {
  (void)region;
  ob_dtype_t dtype = node->input_count > 0 && node->inputs[0] ? node->inputs[0]->dtype : OB_UNDEFINED;
  if (dtype != OB_STRING && dtype != OB_COMPLEX64 && dtype != OB_COMPLEX128) return true;
  snprintf(reason, reason_size, "%s: elements of type %s can't be added up", node->op, ob_dtype_name(dtype));
  return false;
}
