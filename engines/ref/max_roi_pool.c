/* MaxRoiPool: each region of interest divided into bins; a bin is the largest pixel inside it, 0 when there is none. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* First and one past the last pixel of bin `i`, clamped to the axis. */
static void bin_bounds(int64_t start, double size, int64_t i, int64_t dim, int64_t *low, int64_t *high) {
  double a = floor((double)i * size) + (double)start, b = ceil((double)(i + 1) * size) + (double)start;
  *low = a < 0 ? 0 : a > (double)dim ? dim : (int64_t)a;
  *high = b < 0 ? 0 : b > (double)dim ? dim : (int64_t)b;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *rois = call->inputs[1];
  size_t count, at = 0;
  const int64_t *shape = ob_kernel_ints(call, "pooled_shape", &count);
  double scale = (double)ob_kernel_float(call, "spatial_scale", 1);
  if (x->rank != 4 || rois->rank != 2 || rois->dims[1] != 5 || !shape || count != 2 || shape[0] < 1 || shape[1] < 1)
    return ob_fail(OB_INVALID_ARGUMENT, "regions or pooled_shape do not fit the input");
  int64_t dims[4] = {rois->dims[0], x->dims[1], shape[0], shape[1]};
  OB_TRY(ob_kernel_allocate(call, 0, 4, dims));
  ob_tensor_t *y = call->outputs[0];
  for (int64_t n = 0; n < dims[0]; n++) {
    double v[5];
    ob_ref_load(rois->dtype, rois->data, (size_t)n * 5, 1, 5, v);
    if (!(v[0] >= 0 && v[0] < (double)x->dims[0])) return ob_fail(OB_OUT_OF_RANGE, "region %lld is of image %g of %lld", (long long)n, v[0], (long long)x->dims[0]);
    for (int i = 1; i < 5; i++) {
      v[i] = round(v[i] * scale);
      if (!(fabs(v[i]) < 1e9)) return ob_fail(OB_OUT_OF_RANGE, "region %lld has a corner at %g", (long long)n, v[i]);
    }
    double bin_height = fmax(v[4] - v[2] + 1, 1) / (double)shape[0], bin_width = fmax(v[3] - v[1] + 1, 1) / (double)shape[1];
    for (int64_t c = 0; c < dims[1]; c++)
      for (int64_t b = 0; b < shape[0] * shape[1]; b++, at++) {
        int64_t top, bottom, left, right;
        double largest = -INFINITY;
        bin_bounds((int64_t)v[2], bin_height, b / shape[1], x->dims[2], &top, &bottom);
        bin_bounds((int64_t)v[1], bin_width, b % shape[1], x->dims[3], &left, &right);
        for (int64_t i = top; i < bottom; i++)
          for (int64_t j = left; j < right; j++)
            largest = fmax(largest, ob_ref_get(x->dtype, x->data, (size_t)((((int64_t)v[0] * dims[1] + c) * x->dims[2] + i) * x->dims[3] + j)));
        ob_ref_set(y->dtype, y->data, at, bottom > top && right > left ? largest : 0);
      }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_MaxRoiPool = {.op = "MaxRoiPool", .domain = "", .run = run};
