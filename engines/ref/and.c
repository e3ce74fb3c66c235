/* And: C = A and B, of bools. */
#include "ref/support/map.h"

static int64_t integer(int64_t a, int64_t b) { return a && b; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_binary(call, &(ob_ref_binary_t){.integer = integer});
}

const ob_kernel_t ob_ref_And = {.op = "And", .domain = "", .prepare = ob_ref_prepare_in_place, .run = run};
