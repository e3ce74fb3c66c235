/* ArgMax, ArgMin and TopK. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

typedef struct arg_job {
  const void *x;
  int64_t *y;
  ob_cpu_around_t around;
  bool smallest, last; /* last: of equals the last */
} arg_job_t;

typedef struct top_job {
  const void *x;
  void *values;
  int64_t *indices;
  ob_cpu_around_t around;
  size_t k;
  bool smallest;
} top_job_t;

/* Is a before b? */
#define ABOVE(a, b) ((a) > (b) || (IS_NAN(a) && !IS_NAN(b)))
#define BELOW(a, b) ((a) < (b) || (IS_NAN(a) && !IS_NAN(b)))

#define IS_NAN(x) isnan(x)
#define T float
#define NAME(x) f32_##x
#include "cpu/reduce/arg.inc"
#define T double
#define NAME(x) f64_##x
#include "cpu/reduce/arg.inc"
#undef IS_NAN
#define IS_NAN(x) false
#define T int8_t
#define NAME(x) i8_##x
#include "cpu/reduce/arg.inc"
#define T uint8_t
#define NAME(x) u8_##x
#include "cpu/reduce/arg.inc"
#define T int16_t
#define NAME(x) i16_##x
#include "cpu/reduce/arg.inc"
#define T uint16_t
#define NAME(x) u16_##x
#include "cpu/reduce/arg.inc"
#define T int32_t
#define NAME(x) i32_##x
#include "cpu/reduce/arg.inc"
#define T uint32_t
#define NAME(x) u32_##x
#include "cpu/reduce/arg.inc"
#define T int64_t
#define NAME(x) i64_##x
#include "cpu/reduce/arg.inc"
#define T uint64_t
#define NAME(x) u64_##x
#include "cpu/reduce/arg.inc"

typedef struct loops {
  ob_cpu_body_t args, tops;
} loops_t;

static const loops_t loops[OB_DTYPE_COUNT] = {
    [OB_FLOAT32] = {f32_run_args, f32_run_tops},
    [OB_FLOAT64] = {f64_run_args, f64_run_tops},
    [OB_INT8] = {i8_run_args, i8_run_tops},
    [OB_UINT8] = {u8_run_args, u8_run_tops},
    [OB_INT16] = {i16_run_args, i16_run_tops},
    [OB_UINT16] = {u16_run_args, u16_run_tops},
    [OB_INT32] = {i32_run_args, i32_run_tops},
    [OB_UINT32] = {u32_run_args, u32_run_tops},
    [OB_INT64] = {i64_run_args, i64_run_tops},
    [OB_UINT64] = {u64_run_args, u64_run_tops},
};

static ob_status_t run_arg(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  arg_job_t job = {.x = x->data, .y = call->outputs[0]->data, .around = ob_cpu_around(x, axis, axis + 1)};
  job.smallest = strcmp(call->node->op, "ArgMin") == 0;
  job.last = ob_kernel_int(call, "select_last_index", 0) != 0;
  const size_t rows = job.around.outer * job.around.inner;
  if (rows > 0 && job.around.axis == 0) return ob_fail(OB_OUT_OF_RANGE, "the axis has no elements");
  ob_cpu_split(call->host, call->threads, rows, ob_cpu_row_grain(job.around.axis), loops[x->dtype].args, &job);
  return OB_OK;
}

static bool takes_first(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  if (loops[node->inputs[0]->dtype].args) return true;
  return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(node->inputs[0]->dtype));
}

/* ---------------------------------------------------------------- TopK */

static ob_status_t run_top(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->outputs[1];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", -1), x->rank);
  top_job_t job = {.x = x->data, .indices = indices->data, .around = ob_cpu_around(x, axis, axis + 1)};
  job.values = call->outputs[0] ? call->outputs[0]->data : NULL;
  job.k = (size_t)indices->dims[axis];
  job.smallest = ob_kernel_int(call, "largest", 1) == 0;
  if (job.k == 0) return OB_OK;
  if (job.k > job.around.axis) return ob_fail(OB_OUT_OF_RANGE, "%zu of %zu elements are asked for", job.k, job.around.axis);
  ob_cpu_split(call->host, call->threads, job.around.outer * job.around.inner, ob_cpu_row_grain(4 * job.around.axis), loops[x->dtype].tops, &job);
  return OB_OK;
}

/* The indices are the working memory. */
static bool top_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  if (node->output_count < 2 || !node->outputs[1]) return ob_cpu_refuse(node, reason, size, "the indices are not wanted");
  if (node->outputs[1]->rank < 0) return ob_cpu_refuse(node, reason, size, "k is known only at run time");
  return takes_first(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_ArgMax = {.op = "ArgMax", .domain = "", .supports = takes_first, .run = run_arg};
const ob_kernel_t ob_cpu_kernel_ArgMin = {.op = "ArgMin", .domain = "", .supports = takes_first, .run = run_arg};
const ob_kernel_t ob_cpu_kernel_TopK = {.op = "TopK", .domain = "", .supports = top_supports, .run = run_top};
