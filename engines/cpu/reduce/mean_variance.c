/* MeanVarianceNormalization: (X - mean) / (deviation + 1e-9) over any axes. What goes lies in runs: the axes at the end that go, together. */
#include <math.h>
#include <string.h>

#include "cpu/reduce/reduce.h"

typedef struct plan {
  int32_t kept, gone; /* folded axes without the run */
  int64_t kept_dims[OB_MAX_RANK], kept_steps[OB_MAX_RANK], gone_dims[OB_MAX_RANK], gone_steps[OB_MAX_RANK];
  size_t groups, runs, run; /* groups of `runs` runs of `run` elements */
} plan_t;

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0];
  bool gone[OB_MAX_RANK] = {false}, folded[OB_MAX_RANK];
  int64_t dims[OB_MAX_RANK], step = 1;
  size_t count;
  plan_t *plan;
  const int64_t *axes = ob_setup_ints(setup, "axes", &count);
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  for (size_t i = 0; i < count; i++) {
    const int64_t axis = ob_cpu_axis(axes[i], x->rank);
    if (axis < 0 || axis >= x->rank) return ob_fail(OB_OUT_OF_RANGE, "axis %lld of a tensor of rank %d", (long long)axis, (int)x->rank);
    gone[axis] = true;
  }
  const int32_t rank = ob_reduce_fold(x, gone, dims, folded);
  plan->groups = plan->runs = plan->run = 1;
  for (int32_t i = rank; i-- > 0; step *= dims[i]) {
    if (folded[i] && i == rank - 1) {
      plan->run = (size_t)dims[i];
    } else if (folded[i]) {
      plan->gone_dims[plan->gone] = dims[i];
      plan->gone_steps[plan->gone++] = step;
      plan->runs *= (size_t)dims[i];
    } else {
      plan->kept_dims[plan->kept] = dims[i];
      plan->kept_steps[plan->kept++] = step;
      plan->groups *= (size_t)dims[i];
    }
  }
  setup->state = plan;
  setup->in_place = 0;
  return OB_OK;
}

static size_t offset(size_t index, int32_t rank, const int64_t *dims, const int64_t *steps) {
  size_t at = 0;
  for (int32_t i = 0; i < rank; i++) {
    at += index % (size_t)dims[i] * (size_t)steps[i];
    index /= (size_t)dims[i];
  }
  return at;
}

typedef struct job {
  const plan_t *plan;
  const float *x;
  float *y;
} job_t;

/* Sums of x - shift and of its squares; lanes of their own let the compiler work on several at once. */
static void add_up(const float *x, size_t n, double shift, double sums[2]) {
  enum { LANES = 8 };
  double first[LANES] = {0}, second[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) {
      const double d = (double)x[i + k] - shift;
      first[k] += d;
      second[k] += d * d;
    }
  for (; i < n; i++) {
    const double d = (double)x[i] - shift;
    first[0] += d;
    second[0] += d * d;
  }
  for (size_t k = 0; k < LANES; k++) {
    sums[0] += first[k];
    sums[1] += second[k];
  }
}

/* Around the first element, so that what is squared is as small as the deviation, not as the mean. */
static void measure(const job_t *job, size_t base, double *mean, double *deviation) {
  const plan_t *p = job->plan;
  const double shift = (double)job->x[base], n = (double)p->run * (double)p->runs;
  double sums[2] = {0};
  for (size_t r = 0; r < p->runs; r++) add_up(job->x + base + offset(r, p->gone, p->gone_dims, p->gone_steps), p->run, shift, sums);
  const double variance = (sums[1] - sums[0] * sums[0] / n) / n;
  *mean = shift + sums[0] / n;
  *deviation = variance < 0 ? 0 : sqrt(variance);
}

static void run_groups(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *p = job->plan;
  (void)piece;
  for (size_t g = begin; g < end; g++) {
    const size_t base = offset(g, p->kept, p->kept_dims, p->kept_steps);
    double mean, deviation;
    measure(job, base, &mean, &deviation);
    const double scale = 1 / (deviation + 1e-9);
    for (size_t r = 0; r < p->runs; r++) {
      const size_t at = base + offset(r, p->gone, p->gone_dims, p->gone_steps);
      for (size_t i = at; i < at + p->run; i++) job->y[i] = (float)(((double)job->x[i] - mean) * scale);
    }
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  job_t job = {.plan = plan, .x = call->inputs[0]->data, .y = call->outputs[0]->data};
  if (ob_tensor_count(call->inputs[0]) == 0) return OB_OK;
  ob_cpu_split(call->host, call->threads, plan->groups, ob_cpu_row_grain(4 * plan->runs * plan->run), run_groups, &job);
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_MeanVarianceNormalization = {
    .op = "MeanVarianceNormalization", .domain = "", .supports = ob_cpu_takes_f32, .prepare = prepare, .run = run};
