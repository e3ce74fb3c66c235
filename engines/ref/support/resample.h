/* Coordinates and weights of Resize, for one axis. */
#ifndef OB_REF_SUPPORT_RESAMPLE_H
#define OB_REF_SUPPORT_RESAMPLE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef enum ob_ref_resample_mode { OB_REF_NEAREST, OB_REF_LINEAR, OB_REF_CUBIC } ob_ref_resample_mode_t;

typedef struct ob_ref_resample {
  ob_ref_resample_mode_t mode;
  const char *coordinates, *rounding; /* coordinate_transformation_mode, nearest_mode */
  int64_t in, out;
  double scale, width;         /* width: scale * in, which may have a fraction where `out` has not */
  double roi_begin, roi_end;
  double cubic, extrapolation; /* cubic_coeff_a */
  bool antialias, exclude_outside, identity;
} ob_ref_resample_t;

/* Input elements first ... first + count - 1 (some may be outside: they clamp) that make an output element. */
typedef struct ob_ref_taps {
  int64_t first, count;
  double center, total; /* total of the plain weights */
  bool outside;         /* extrapolate */
} ob_ref_taps_t;

/* One entry for each axis of x, from the node's attributes and inputs. */
OB_MUST_CHECK ob_status_t ob_ref_resample_begin(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *y,
                                                ob_ref_resample_t axes[OB_MAX_RANK]);
/* The input element for output element `o`, or -1 for the extrapolation value. */
int64_t ob_ref_resample_nearest(const ob_ref_resample_t *axis, int64_t o);
ob_ref_taps_t ob_ref_resample_taps(const ob_ref_resample_t *axis, int64_t o);
double ob_ref_resample_weight(const ob_ref_resample_t *axis, const ob_ref_taps_t *taps, int64_t tap);
static inline int64_t ob_ref_resample_clamp(const ob_ref_resample_t *axis, int64_t at) { return at < 0 ? 0 : at >= axis->in ? axis->in - 1 : at; }

#endif
