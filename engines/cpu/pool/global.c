/* GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one number a plane. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

typedef struct job {
  const ob_isa_t *isa;
  const float *x;
  float *y;
  size_t n;
  bool average;
  int64_t p; /* GlobalLpPool; 0: another */
} job_t;

static float norm(const ob_isa_t *isa, const float *x, size_t n, int64_t p) {
  if (p == 1) return isa->reduce[OB_REDUCE_SUM_ABS](x, n, 0.0f);
  if (p == 2) return sqrtf(isa->reduce[OB_REDUCE_SUM_SQUARE](x, n, 0.0f));
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)powf(fabsf(x[i]), (float)p);
  return powf((float)sum, 1.0f / (float)p);
}

static void run_planes(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const ob_isa_t *isa = job->isa;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i * job->n;
    if (job->p > 0)
      job->y[i] = norm(isa, x, job->n, job->p);
    else
      job->y[i] = job->average ? isa->reduce[OB_REDUCE_SUM](x, job->n, 0.0f) / (float)job->n : isa->reduce[OB_REDUCE_MAX](x, job->n, -INFINITY);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_cpu_around_t around = ob_cpu_around(call->inputs[0], 2, call->inputs[0]->rank);
  job_t job = {.isa = ob_cpu_isa(), .x = call->inputs[0]->data, .y = call->outputs[0]->data, .n = around.axis};
  job.average = strcmp(call->node->op, "GlobalAveragePool") == 0;
  if (strcmp(call->node->op, "GlobalLpPool") == 0) job.p = ob_kernel_int(call, "p", 2);
  ob_cpu_split(call->host, call->threads, around.outer, ob_cpu_row_grain(job.n), run_planes, &job);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_GlobalAveragePool = {.op = "GlobalAveragePool", .domain = "", .supports = ob_cpu_takes_f32, .run = run};
const ob_kernel_t ob_cpu_kernel_GlobalMaxPool = {.op = "GlobalMaxPool", .domain = "", .supports = ob_cpu_takes_f32, .run = run};
static bool lp_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_attribute_view_t *p = ob_node_attribute(node, "p");
  if (p && p->ints[0] < 1) return ob_cpu_refuse(node, reason, size, "p is %lld", (long long)p->ints[0]);
  return ob_cpu_takes_f32(region, node, reason, size);
}
const ob_kernel_t ob_cpu_kernel_GlobalLpPool = {.op = "GlobalLpPool", .domain = "", .supports = lp_supports, .run = run};
