/* GlobalAveragePool and GlobalMaxPool: one number a plane. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

typedef struct job {
  const ob_isa_t *isa;
  const float *x;
  float *y;
  size_t n;
  bool average;
} job_t;

static void run_planes(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const ob_isa_t *isa = job->isa;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i * job->n;
    job->y[i] = job->average ? isa->reduce[OB_REDUCE_SUM](x, job->n, 0.0f) / (float)job->n : isa->reduce[OB_REDUCE_MAX](x, job->n, -INFINITY);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_cpu_around_t around = ob_cpu_around(call->inputs[0], 2, call->inputs[0]->rank);
  job_t job = {.isa = ob_cpu_isa(), .x = call->inputs[0]->data, .y = call->outputs[0]->data, .n = around.axis};
  job.average = strcmp(call->node->op, "GlobalAveragePool") == 0;
  ob_cpu_split(call->host, call->threads, around.outer, ob_cpu_row_grain(job.n), run_planes, &job);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_GlobalAveragePool = {.op = "GlobalAveragePool", .domain = "", .supports = ob_cpu_takes_f32, .run = run};
const ob_kernel_t ob_cpu_kernel_GlobalMaxPool = {.op = "GlobalMaxPool", .domain = "", .supports = ob_cpu_takes_f32, .run = run};
