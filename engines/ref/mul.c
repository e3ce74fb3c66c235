/* Mul: C = A * B with broadcasting; integers wrap around. */
#include "ref/support/map.h"

static double real(double a, double b) { return a * b; }
static int64_t integer(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.real = real, .integer = integer});
}

const ob_kernel_t ob_ref_Mul = {.op = "Mul", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
