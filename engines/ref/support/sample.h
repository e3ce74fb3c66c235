/* Images between their pixels: what GridSample and DeformConv share. */
#ifndef OB_REF_SUPPORT_SAMPLE_H
#define OB_REF_SUPPORT_SAMPLE_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef enum ob_ref_sample_mode { OB_REF_SAMPLE_NEAREST, OB_REF_SAMPLE_LINEAR, OB_REF_SAMPLE_CUBIC } ob_ref_sample_mode_t;
typedef enum ob_ref_border { OB_REF_BORDER_ZEROS, OB_REF_BORDER_CLAMP, OB_REF_BORDER_REFLECT } ob_ref_border_t;

typedef struct ob_ref_sampler {
  const ob_tensor_t *image;
  int32_t rank; /* spatial axes: the last of the image */
  const int64_t *dims;
  ob_ref_sample_mode_t mode;
  ob_ref_border_t border;
  bool align_corners; /* where reflection turns: at the corners' centers, else half a pixel outside */
} ob_ref_sampler_t;

/* The value at coordinates `x` (in pixels, outermost axis first) of the channel that begins at `from`. Any x is safe. */
double ob_ref_sample(const ob_ref_sampler_t *sampler, size_t from, const double *x);

/* `supports` of operators that compute with elements, though their definition lets any type in: there are no sums of strings, and none of
 * complex numbers here. */
bool ob_ref_takes_numbers(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t reason_size);

#endif
