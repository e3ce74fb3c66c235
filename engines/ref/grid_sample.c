/* GridSample: the input read at the places that a grid of coordinates in [-1, 1] says. */
#include <string.h>

#include "ref/support/sample.h"

/* From [-1, 1] to pixels; in float32, as ties between pixels are decided there. */
static double to_pixels(double x, int64_t size, bool align_corners) {
  return (double)(float)(align_corners ? (x + 1) / 2 * (double)(size - 1) : ((x + 1) * (double)size - 1) / 2);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *grid = call->inputs[1];
  const char *mode = ob_kernel_string(call, "mode", "linear"), *padding = ob_kernel_string(call, "padding_mode", "zeros");
  bool align_corners = ob_kernel_int(call, "align_corners", 0) != 0;
  int64_t dims[OB_MAX_RANK];
  int32_t rank = x->rank - 2;
  if (rank < 1 || grid->rank != x->rank || grid->dims[x->rank - 1] != rank || grid->dims[0] != x->dims[0])
    return ob_fail(OB_INVALID_ARGUMENT, "the grid does not fit the input");
  ob_ref_sampler_t s = {.image = x, .rank = rank, .dims = x->dims + 2, .align_corners = align_corners,
                        .mode = strcmp(mode, "nearest") == 0 ? OB_REF_SAMPLE_NEAREST : strcmp(mode, "cubic") == 0 ? OB_REF_SAMPLE_CUBIC : OB_REF_SAMPLE_LINEAR,
                        .border = strcmp(padding, "border") == 0 ? OB_REF_BORDER_CLAMP : strcmp(padding, "reflection") == 0 ? OB_REF_BORDER_REFLECT : OB_REF_BORDER_ZEROS};
  for (int32_t i = 0; i < x->rank; i++) dims[i] = i < 2 ? x->dims[i] : grid->dims[i - 1];
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_tensor_t *y = call->outputs[0];
  size_t size = ob_ref_product(x->dims, 2, x->rank), points = ob_ref_product(dims, 2, x->rank), channels = (size_t)dims[1];
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    size_t c = at / points, point = c / channels * points + at % points;
    double place[OB_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) /* innermost axis first in the grid */
      place[i] = to_pixels(ob_ref_get(grid->dtype, grid->data, point * (size_t)rank + (size_t)(rank - 1 - i)), s.dims[i], align_corners);
    ob_ref_set(y->dtype, y->data, at, ob_ref_sample(&s, c * size, place));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_GridSample = {.op = "GridSample", .domain = "", .supports = ob_ref_takes_numbers, .run = run};
