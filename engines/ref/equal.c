/* Equal: C = (A == B); NaN equals nothing. */
#include <string.h>

#include "ref/support/map.h"

static bool real(double a, double b) { return a == b; }
static bool integer(int64_t a, int64_t b) { return a == b; }
static bool string(const ob_string_t *a, const ob_string_t *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_map_relation(call, &(ob_ref_relation_t){.real = real, .integer = integer, .string = string});
}

const ob_kernel_t ob_ref_Equal = {.op = "Equal", .domain = "", .run = run};
