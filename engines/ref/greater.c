/* Greater: C = (A > B). */
#include "ref/support/map.h"

static bool real(double a, double b) { return a > b; }
static bool integer(int64_t a, int64_t b) { return a > b; }
static bool natural(uint64_t a, uint64_t b) { return a > b; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_relation(call, &(ob_ref_relation_t){.real = real, .integer = integer, .natural = natural});
}

const ob_kernel_t ob_ref_Greater = {.op = "Greater", .domain = "", .run = run};
