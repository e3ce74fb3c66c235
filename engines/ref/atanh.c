/* Atanh: Y = atanh(X). */
#include <math.h>

#include "ref/support/map.h"

static double real(double x, const void *arg) {
  (void)arg;
  return atanh(x);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_unary(call, &(ob_ref_unary_t){.real = real}, NULL);
}

const ob_kernel_t ob_ref_Atanh = {.op = "Atanh", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
