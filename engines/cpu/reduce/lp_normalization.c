/* LpNormalization and Hardmax: vectors along an axis, as rows or as strips of columns. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

typedef struct job {
  const ob_isa_t *isa;
  const float *x;
  float *y;
  ob_cpu_around_t around;
  ob_reduce_t sum; /* LpNormalization: of absolute values or squares */
} job_t;

static float norm_of(const job_t *job, float sum) { return job->sum == OB_REDUCE_SUM_SQUARE ? sqrtf(sum) : sum; }

static void normalise_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const size_t n = job->around.axis;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i * n, norm = norm_of(job, job->isa->reduce[job->sum](x, n, 0.0f));
    float *y = job->y + i * n;
    for (size_t k = 0; k < n; k++) y[k] = norm == 0.0f ? 0.0f : x[k] / norm; /* a vector of zeros stays */
  }
}

/* The part of columns that a unit of work is. */
typedef struct strip {
  size_t at, n;
} strip_t;

static strip_t strip_of(const job_t *job, size_t unit) {
  const size_t inner = job->around.inner, strips = (inner + OB_TILE - 1) / OB_TILE, first = unit % strips * OB_TILE;
  return (strip_t){unit / strips * job->around.axis * inner + first, inner - first < OB_TILE ? inner - first : OB_TILE};
}

static void normalise_columns(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  float norms[OB_TILE];
  (void)piece;
  for (size_t unit = begin; unit < end; unit++) {
    const strip_t s = strip_of(job, unit);
    memset(norms, 0, s.n * sizeof *norms);
    for (size_t k = 0; k < job->around.axis; k++) job->isa->combine[job->sum](job->x + s.at + k * job->around.inner, norms, s.n);
    for (size_t i = 0; i < s.n; i++) norms[i] = norm_of(job, norms[i]);
    for (size_t k = 0; k < job->around.axis; k++) {
      const float *x = job->x + s.at + k * job->around.inner;
      float *y = job->y + s.at + k * job->around.inner;
      for (size_t i = 0; i < s.n; i++) y[i] = norms[i] == 0.0f ? 0.0f : x[i] / norms[i];
    }
  }
}

/* NaN is the largest; of equals the first. */
static bool above(float a, float b) { return a > b || (isnan(a) && !isnan(b)); }

static void harden_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const size_t n = job->around.axis;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i * n, largest = job->isa->reduce[OB_REDUCE_MAX](x, n, -INFINITY);
    size_t best = 0;
    while (isnan(largest) ? !isnan(x[best]) : x[best] != largest) best++;
    memset(job->y + i * n, 0, n * sizeof *x);
    job->y[i * n + best] = 1.0f;
  }
}

static void harden_columns(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const size_t inner = job->around.inner;
  uint32_t best[OB_TILE];
  (void)piece;
  for (size_t unit = begin; unit < end; unit++) {
    const strip_t s = strip_of(job, unit);
    const float *x = job->x + s.at;
    float *y = job->y + s.at;
    memset(best, 0, s.n * sizeof *best);
    for (size_t k = 1; k < job->around.axis; k++)
      for (size_t i = 0; i < s.n; i++)
        if (above(x[k * inner + i], x[best[i] * inner + i])) best[i] = (uint32_t)k;
    for (size_t k = 0; k < job->around.axis; k++)
      for (size_t i = 0; i < s.n; i++) y[k * inner + i] = best[i] == k ? 1.0f : 0.0f;
  }
}

static ob_status_t begin(const ob_kernel_call_t *call, job_t *job) {
  const ob_tensor_t *x = call->inputs[0], *y = call->outputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", -1), x->rank);
  *job = (job_t){.isa = ob_cpu_isa(), .x = x->data, .y = y->data, .around = ob_cpu_around(x, axis, axis + 1), .sum = OB_REDUCE_SUM_SQUARE};
  return job->around.axis <= UINT32_MAX ? OB_OK : ob_fail(OB_UNSUPPORTED, "an axis of %zu elements", job->around.axis);
}

static void split(const ob_kernel_call_t *call, job_t *job, ob_cpu_body_t columns) {
  const size_t strips = (job->around.inner + OB_TILE - 1) / OB_TILE;
  if (ob_tensor_count(call->inputs[0]) == 0) return;
  ob_cpu_split(call->host, call->threads, job->around.outer * strips, ob_cpu_row_grain(job->around.axis * job->around.inner / strips), columns, job);
}

static ob_status_t run_norm(const ob_kernel_call_t *call) {
  job_t job;
  OB_TRY(begin(call, &job));
  if (ob_kernel_int(call, "p", 2) == 1) job.sum = OB_REDUCE_SUM_ABS;
  split(call, &job, job.around.inner == 1 ? normalise_rows : normalise_columns);
  return OB_OK;
}

static ob_status_t run_hardmax(const ob_kernel_call_t *call) {
  job_t job;
  OB_TRY(begin(call, &job));
  split(call, &job, job.around.inner == 1 ? harden_rows : harden_columns);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_LpNormalization = {.op = "LpNormalization", .domain = "", .supports = ob_cpu_takes_f32, .run = run_norm};
const ob_kernel_t ob_cpu_kernel_Hardmax = {.op = "Hardmax", .domain = "", .supports = ob_cpu_takes_f32, .run = run_hardmax};
