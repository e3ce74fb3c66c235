/* Gelu: Y = X * P(N <= X), exactly by erf or approximately by tanh. */
#include <math.h>
#include <string.h>

#include "ref/support/map.h"

static double exact(double x, const void *arg) {
  (void)arg;
  return 0.5 * x * erfc(-x * 0.70710678118654752440);
}

static double by_tanh(double x, const void *arg) {
  (void)arg;
  return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  bool approximate = strcmp(ob_kernel_string(call, "approximate", "none"), "tanh") == 0;
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = approximate ? by_tanh : exact}, NULL);
}

const ob_kernel_t ob_ref_Gelu = {.op = "Gelu", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
