/* PRelu: Y = X, or slope * X below zero; the slope is broadcast to X. */
#include "ref/support/map.h"

static double real(double x, double slope) { return x < 0 ? slope * x : x; }
static int64_t integer(int64_t x, int64_t slope) { return x < 0 ? (int64_t)((uint64_t)slope * (uint64_t)x) : x; }
static uint64_t natural(uint64_t x, uint64_t slope) { return (void)slope, x; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = real, .integer = integer, .natural = natural});
}

const ob_kernel_t ob_ref_PRelu = {.op = "PRelu", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
