/* Not: Y = not X, of bools. */
#include "ref/support/map.h"

static double real(double x, const void *arg) {
  (void)arg;
  return x == 0;
}

static int64_t integer(int64_t x, const void *arg) {
  (void)arg;
  return x == 0;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real, .integer = integer}, NULL);
}

const ob_kernel_t ob_ref_Not = {.op = "Not", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
