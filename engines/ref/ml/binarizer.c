/* Binarizer: 1 above the threshold, else 0. */
#include "ref/support/map.h"

static double real(double x, const void *threshold) { return x > *(const double *)threshold ? 1 : 0; }

static int64_t integer(int64_t x, const void *threshold) { return (double)x > *(const double *)threshold ? 1 : 0; }

static ob_status_t run(const ob_kernel_call_t *call) {
  const double threshold = (double)ob_kernel_float(call, "threshold", 0);
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real, .integer = integer}, &threshold);
}

const ob_kernel_t ob_ref_ml_Binarizer = {.op = "Binarizer", .domain = "ai.onnx.ml", .prepare = ob_ref_prepare_in_place, .run = run};
