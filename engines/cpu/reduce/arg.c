/* ArgMax, ArgMin and TopK. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

/* Is a before b? NaN counts as the largest. */
static inline bool above(float a, float b) { return a > b || (isnan(a) && !isnan(b)); }
static inline bool below(float a, float b) { return a < b || (isnan(a) && !isnan(b)); }

typedef struct arg_job {
  const float *x;
  int64_t *y;
  ob_cpu_around_t around;
  bool smallest, last; /* last: of equals the last */
} arg_job_t;

static void run_args(void *arg, size_t piece, size_t begin, size_t end) {
  const arg_job_t *job = arg;
  const size_t inner = job->around.inner, count = job->around.axis;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i / inner * count * inner + i % inner;
    size_t best = 0;
    for (size_t k = 1; k < count; k++) {
      const float v = x[k * inner], b = x[best * inner];
      const bool better = job->smallest ? below(v, b) : above(v, b);
      if (better || (job->last && (v == b || (isnan(v) && isnan(b))))) best = k;
    }
    job->y[i] = (int64_t)best;
  }
}

static ob_status_t run_arg(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  arg_job_t job = {.x = x->data, .y = call->outputs[0]->data, .around = ob_cpu_around(x, axis, axis + 1)};
  job.smallest = strcmp(call->node->op, "ArgMin") == 0;
  job.last = ob_kernel_int(call, "select_last_index", 0) != 0;
  const size_t rows = job.around.outer * job.around.inner;
  if (rows > 0 && job.around.axis == 0) return ob_fail(OB_OUT_OF_RANGE, "the axis has no elements");
  ob_cpu_split(call->host, call->threads, rows, ob_cpu_row_grain(job.around.axis), run_args, &job);
  return OB_OK;
}

static bool first_is_f32(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  if (node->inputs[0]->dtype == OB_FLOAT32) return true;
  return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(node->inputs[0]->dtype));
}

/* ---------------------------------------------------------------- TopK */

typedef struct top_job {
  const float *x;
  float *values;
  int64_t *indices;
  ob_cpu_around_t around;
  size_t k;
  bool smallest;
} top_job_t;

/* Does element a of a row come before b in the answer? Of equals the lower index does. */
static inline bool precedes(const top_job_t *job, const float *x, int64_t a, int64_t b) {
  const float u = x[(size_t)a * job->around.inner], v = x[(size_t)b * job->around.inner];
  if (job->smallest ? above(v, u) : above(u, v)) return true;
  return !(job->smallest ? above(u, v) : above(v, u)) && a < b;
}

/* A heap of indices `stride` apart whose top is the one that comes last. */
static void sift(const top_job_t *job, const float *x, int64_t *heap, size_t stride, size_t at, size_t count) {
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= count) return;
    if (child + 1 < count && precedes(job, x, heap[child * stride], heap[(child + 1) * stride])) child++;
    if (!precedes(job, x, heap[at * stride], heap[child * stride])) return;
    const int64_t kept = heap[at * stride];
    heap[at * stride] = heap[child * stride];
    heap[child * stride] = kept;
    at = child;
  }
}

/* The best k in a heap, then taken out from the last to the first. */
static void select_row(const top_job_t *job, const float *x, int64_t *heap) {
  const size_t stride = job->around.inner, k = job->k;
  for (size_t i = 0; i < k; i++) heap[i * stride] = (int64_t)i;
  for (size_t i = k / 2; i-- > 0;) sift(job, x, heap, stride, i, k);
  for (size_t i = k; i < job->around.axis; i++) {
    if (!precedes(job, x, (int64_t)i, heap[0])) continue;
    heap[0] = (int64_t)i;
    sift(job, x, heap, stride, 0, k);
  }
  for (size_t n = k; n > 1; n--) {
    const int64_t kept = heap[0];
    heap[0] = heap[(n - 1) * stride];
    heap[(n - 1) * stride] = kept;
    sift(job, x, heap, stride, 0, n - 1);
  }
}

static void run_tops(void *arg, size_t piece, size_t begin, size_t end) {
  const top_job_t *job = arg;
  const size_t inner = job->around.inner;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    const float *x = job->x + i / inner * job->around.axis * inner + i % inner;
    const size_t at = i / inner * job->k * inner + i % inner;
    int64_t *indices = job->indices + at;
    select_row(job, x, indices);
    for (size_t k = 0; job->values && k < job->k; k++) job->values[at + k * inner] = x[(size_t)indices[k * inner] * inner];
  }
}

static ob_status_t run_top(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->outputs[1];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", -1), x->rank);
  top_job_t job = {.x = x->data, .indices = indices->data, .around = ob_cpu_around(x, axis, axis + 1)};
  job.values = call->outputs[0] ? call->outputs[0]->data : NULL;
  job.k = (size_t)indices->dims[axis];
  job.smallest = ob_kernel_int(call, "largest", 1) == 0;
  if (job.k == 0) return OB_OK;
  if (job.k > job.around.axis) return ob_fail(OB_OUT_OF_RANGE, "%zu of %zu elements are asked for", job.k, job.around.axis);
  ob_cpu_split(call->host, call->threads, job.around.outer * job.around.inner, ob_cpu_row_grain(4 * job.around.axis), run_tops, &job);
  return OB_OK;
}

/* The indices are the working memory. */
static bool top_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  if (node->output_count < 2 || !node->outputs[1]) return ob_cpu_refuse(node, reason, size, "the indices are not wanted");
  if (node->outputs[1]->rank < 0) return ob_cpu_refuse(node, reason, size, "k is known only at run time");
  return first_is_f32(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_ArgMax = {.op = "ArgMax", .domain = "", .supports = first_is_f32, .run = run_arg};
const ob_kernel_t ob_cpu_kernel_ArgMin = {.op = "ArgMin", .domain = "", .supports = first_is_f32, .run = run_arg};
const ob_kernel_t ob_cpu_kernel_TopK = {.op = "TopK", .domain = "", .supports = top_supports, .run = run_top};
