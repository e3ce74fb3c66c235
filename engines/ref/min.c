/* Min: element-wise minimum of any number of tensors; NaN wins, as in numpy.minimum. */
#include <math.h>

#include "ref/support/map.h"

static double real(double a, double b) { return isnan(a) || a < b ? a : b; }
static int64_t integer(int64_t a, int64_t b) { return a < b ? a : b; }
static uint64_t natural(uint64_t a, uint64_t b) { return a < b ? a : b; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = real, .integer = integer, .natural = natural});
}

const ob_kernel_t ob_ref_Min = {.op = "Min", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
