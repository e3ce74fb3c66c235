/* RoiAlign: each region of interest divided into bins; a bin is the mean (or maximum) of linear samples inside it. */
#include <math.h>
#include <string.h>

#include "ref/support/index.h"

typedef struct roi {
  const ob_tensor_t *x;
  size_t plane; /* first element of the channel at hand */
  int64_t height, width;
  double y, x_start, bin_height, bin_width;
  int64_t grid_height, grid_width;
  bool maximum;
} roi_t;

/* Four pixels around a place and their weights; false when it is outside. */
static bool corners(const roi_t *r, double y, double x, size_t at[4], double weight[4]) {
  if (!(y >= -1 && y <= (double)r->height && x >= -1 && x <= (double)r->width)) return false;
  y = y < 0 ? 0 : y;
  x = x < 0 ? 0 : x;
  int64_t y0 = (int64_t)y, x0 = (int64_t)x, y1 = y0 + 1, x1 = x0 + 1;
  if (y0 >= r->height - 1) y = (double)(y0 = y1 = r->height - 1);
  if (x0 >= r->width - 1) x = (double)(x0 = x1 = r->width - 1);
  double fy = y - (double)y0, fx = x - (double)x0;
  for (int i = 0; i < 4; i++) {
    at[i] = r->plane + (size_t)((i < 2 ? y0 : y1) * r->width + (i % 2 == 0 ? x0 : x1));
    weight[i] = (i < 2 ? 1 - fy : fy) * (i % 2 == 0 ? 1 - fx : fx);
  }
  return true;
}

static double one_bin(const roi_t *r, int64_t bin_y, int64_t bin_x) {
  double sum = 0, largest = 0;
  for (int64_t i = 0; i < r->grid_height * r->grid_width; i++) {
    double y = r->y + (double)bin_y * r->bin_height + ((double)(i / r->grid_width) + 0.5) * r->bin_height / (double)r->grid_height;
    double x = r->x_start + (double)bin_x * r->bin_width + ((double)(i % r->grid_width) + 0.5) * r->bin_width / (double)r->grid_width;
    double weight[4], most = 0;
    size_t at[4];
    if (corners(r, y, x, at, weight))
      for (int k = 0; k < 4; k++) {
        double v = weight[k] * ob_ref_get(r->x->dtype, r->x->data, at[k]);
        sum += v;
        most = k == 0 || v > most ? v : most;
      }
    largest = i == 0 || most > largest ? most : largest;
  }
  double count = (double)(r->grid_height * r->grid_width);
  return r->maximum ? largest : sum / (count > 1 ? count : 1);
}

/* Place and sampling grid of one region. */
static ob_status_t set_region(const ob_kernel_call_t *call, const ob_tensor_t *rois, size_t n, int64_t height, int64_t width, roi_t *r) {
  double scale = (double)ob_kernel_float(call, "spatial_scale", 1), v[4];
  bool half = strcmp(ob_kernel_string(call, "coordinate_transformation_mode", "half_pixel"), "half_pixel") == 0;
  int64_t ratio = ob_kernel_int(call, "sampling_ratio", 0);
  ob_ref_load(rois->dtype, rois->data, n * 4, 1, 4, v);
  for (int i = 0; i < 4; i++) v[i] = v[i] * scale - (half ? 0.5 : 0);
  double roi_width = v[2] - v[0], roi_height = v[3] - v[1];
  if (!half) roi_width = fmax(roi_width, 1), roi_height = fmax(roi_height, 1);
  r->x_start = v[0];
  r->y = v[1];
  r->bin_width = roi_width / (double)width;
  r->bin_height = roi_height / (double)height;
  double grid_height = ratio > 0 ? (double)ratio : ceil(r->bin_height), grid_width = ratio > 0 ? (double)ratio : ceil(r->bin_width);
  if (!(grid_height < 65536 && grid_width < 65536)) return ob_fail(OB_OUT_OF_RANGE, "region %zu needs %g x %g samples a bin", n, grid_height, grid_width);
  r->grid_height = grid_height > 0 ? (int64_t)grid_height : 0;
  r->grid_width = grid_width > 0 ? (int64_t)grid_width : 0;
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *rois = call->inputs[1], *batches = call->inputs[2];
  int64_t height = ob_kernel_int(call, "output_height", 1), width = ob_kernel_int(call, "output_width", 1), batch;
  if (x->rank != 4 || rois->rank != 2 || rois->dims[1] != 4 || ob_tensor_count(batches) != (size_t)rois->dims[0] || height < 1 || width < 1)
    return ob_fail(OB_INVALID_ARGUMENT, "regions or batch indices do not fit the input");
  int64_t dims[4] = {rois->dims[0], x->dims[1], height, width};
  OB_TRY(ob_kernel_allocate(call, 0, 4, dims));
  ob_tensor_t *y = call->outputs[0];
  roi_t r = {.x = x, .height = x->dims[2], .width = x->dims[3], .maximum = strcmp(ob_kernel_string(call, "mode", "avg"), "max") == 0};
  size_t at = 0;
  for (size_t n = 0; n < (size_t)dims[0]; n++) {
    OB_TRY(ob_kernel_poll(call));
    OB_TRY(ob_ref_index(batches, n, 0, x->dims[0], &batch));
    OB_TRY(set_region(call, rois, n, height, width, &r));
    if (r.height == 0 || r.width == 0) r.grid_height = 0;
    for (int64_t c = 0; c < dims[1]; c++) {
      r.plane = (size_t)((batch * dims[1] + c) * r.height * r.width);
      for (int64_t b = 0; b < height * width; b++) ob_ref_set(y->dtype, y->data, at++, one_bin(&r, b / width, b % width));
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_RoiAlign = {.op = "RoiAlign", .domain = "", .run = run};
