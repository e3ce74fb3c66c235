/* LpPool: the p-norm of each window. */
#include <math.h>

#include "ref/support/pool.h"

static void take(ob_ref_pool_t *pool, double x, size_t at) {
  (void)at;
  pool->value += pow(fabs(x), pool->arg);
}

static double finish(const ob_ref_pool_t *pool) { return pow(pool->value, 1 / pool->arg); }

static ob_status_t run(const ob_kernel_call_t *call) {
  return ob_ref_pool(call, &(ob_ref_pooling_t){.take = take, .finish = finish, .arg = (double)ob_kernel_int(call, "p", 2)});
}

const ob_kernel_t ob_ref_LpPool = {.op = "LpPool", .domain = "", .run = run};
