/* Softmax and LogSoftmax along any axis. */
#include <string.h>

#include "cpu/cpu.h"

typedef struct job {
  const ob_isa_t *isa;
  const float *x;
  float *y;
  ob_cpu_around_t around;
  bool logarithm;
} job_t;

static void run_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const size_t n = job->around.axis;
  void (*row)(const float *, float *, size_t) = job->logarithm ? job->isa->log_softmax : job->isa->softmax;
  (void)piece;
  for (size_t i = begin; i < end; i++) row(job->x + i * n, job->y + i * n, n);
}

/* Strips of columns; a strip is small enough for the stack of the loop. */
static void run_columns(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const size_t inner = job->around.inner, strips = (inner + OB_TILE - 1) / OB_TILE;
  (void)piece;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t first = unit % strips * OB_TILE, at = unit / strips * job->around.axis * inner + first;
    job->isa->softmax_columns(job->x + at, job->y + at, job->around.axis, inner, inner - first < OB_TILE ? inner - first : OB_TILE);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", -1), x->rank);
  job_t job = {.isa = ob_cpu_isa(), .x = x->data, .y = y->data, .logarithm = strcmp(call->node->op, "LogSoftmax") == 0};
  job.around = ob_cpu_around(x, axis, axis + 1);
  const size_t count = ob_tensor_count(x), grain = ob_cpu_row_grain(4 * job.around.axis);
  if (count == 0) return OB_OK;
  if (job.around.inner == 1) {
    ob_cpu_split(call->host, call->threads, job.around.outer, grain, run_rows, &job);
    return OB_OK;
  }
  const size_t strips = (job.around.inner + OB_TILE - 1) / OB_TILE;
  ob_cpu_split(call->host, call->threads, job.around.outer * strips, ob_cpu_row_grain(4 * job.around.axis * job.around.inner / strips),
               run_columns, &job);
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  setup->in_place = 0;
  return OB_OK;
}

/* ln of a softmax that came out as 0 is lost, so LogSoftmax has rows only. */
static bool log_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_attribute_view_t *axis = ob_node_attribute(node, "axis");
  const int32_t rank = node->inputs[0]->rank;
  if (axis && axis->ints[0] != -1 && axis->ints[0] != rank - 1)
    return ob_cpu_refuse(node, reason, size, "axis %lld is not the last", (long long)axis->ints[0]);
  return ob_cpu_takes_f32(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_Softmax = {
    .op = "Softmax", .domain = "", .supports = ob_cpu_takes_f32, .prepare = prepare, .run = run};
const ob_kernel_t ob_cpu_kernel_LogSoftmax = {
    .op = "LogSoftmax", .domain = "", .supports = log_supports, .prepare = prepare, .run = run};
