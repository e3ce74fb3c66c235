/* MelWeightMatrix: triangular filters, evenly spaced on the mel scale, from spectrogram bins to mel bins. */
#include <math.h>

#include "ref/support/element.h"

static double to_mel(double hertz) { return 2595 * log10(1 + hertz / 700); }
static double to_hertz(double mel) { return 700 * (pow(10, mel / 2595) - 1); }

static double scalar(const ob_kernel_call_t *call, size_t input) { return ob_ref_get(call->inputs[input]->dtype, call->inputs[input]->data, 0); }

/* The filter of one bin: up from `low` to `center`, down to `high`. */
static void fill_column(ob_tensor_t *y, int64_t rows, int64_t columns, int64_t column, int64_t low, int64_t center, int64_t high) {
  for (int64_t r = low < 0 ? 0 : low; r < high && r < rows; r++) {
    double weight = r <= center ? (center == low ? r == center : (double)(r - low) / (double)(center - low)) : 0;
    if (r >= center && center < high) weight = (double)(high - r) / (double)(high - center);
    ob_ref_set(y->dtype, y->data, (size_t)(r * columns + column), weight);
  }
  if (center == high && center == low && center >= 0 && center < rows) ob_ref_set(y->dtype, y->data, (size_t)(center * columns + column), 1);
  if (center == high && center > low && center < rows) ob_ref_set(y->dtype, y->data, (size_t)(center * columns + column), 1);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  double bins = scalar(call, 0), length = scalar(call, 1), rate = scalar(call, 2);
  if (!(bins >= 0 && bins < 1e6 && length >= 0 && length < 1e9) || rate == 0)
    return ob_fail(OB_OUT_OF_RANGE, "%g mel bins, dft_length %g, sample rate %g", bins, length, rate);
  int64_t dims[2] = {(int64_t)length / 2 + 1, (int64_t)bins};
  OB_TRY(ob_kernel_allocate(call, 0, 2, dims));
  ob_tensor_t *y = call->outputs[0];
  double low = to_mel(scalar(call, 3)), step = (to_mel(scalar(call, 4)) - low) / (bins + 2);
  ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  for (int64_t i = 0; i < dims[1]; i++) {
    int64_t edges[3];
    for (int64_t e = 0; e < 3; e++) {
      double edge = floor((length + 1) * to_hertz((double)(i + e) * step + low) / rate);
      if (!(edge >= 0 && edge < 1e15)) return ob_fail(OB_OUT_OF_RANGE, "mel bin %lld begins at spectrogram bin %g", (long long)(i + e), edge);
      edges[e] = (int64_t)edge;
    }
    fill_column(y, dims[0], dims[1], i, edges[0], edges[1], edges[2]);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_MelWeightMatrix = {.op = "MelWeightMatrix", .domain = "", .run = run};
