/* MaxPool: the largest element of each window (NaN wins), and where it was. */
#include <math.h>

#include "ref/support/pool.h"

static void take(ob_ref_pool_t *pool, double x, size_t at) {
  if (pool->taken > 1 && !(x > pool->value) && !(isnan(x) && !isnan(pool->value))) return;
  pool->value = x;
  pool->at = at;
}

static double finish(const ob_ref_pool_t *pool) { return pool->value; }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_pool(call, &(ob_ref_pooling_t){.take = take, .finish = finish, .first = -INFINITY});
}

const ob_kernel_t ob_ref_MaxPool = {.op = "MaxPool", .domain = "", .run = run};
