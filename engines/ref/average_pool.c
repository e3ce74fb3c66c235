/* AveragePool: the mean of each window; padding counts, as zeros, only with count_include_pad. */
#include <math.h>

#include "ref/support/pool.h"

static void take(ob_ref_pool_t *pool, double x, size_t at) {
  (void)at;
  pool->value += x;
}

static double over_taken(const ob_ref_pool_t *pool) { return pool->value / (double)pool->taken; }
static double over_places(const ob_ref_pool_t *pool) { return pool->value / (double)pool->places; }

static ob_status_t run(const ob_kernel_call_t *call) {
  bool padding = ob_kernel_int(call, "count_include_pad", 0) != 0;
  return ob_ref_pool(call, &(ob_ref_pooling_t){.take = take, .finish = padding ? over_places : over_taken});
}

const ob_kernel_t ob_ref_AveragePool = {.op = "AveragePool", .domain = "", .run = run};
