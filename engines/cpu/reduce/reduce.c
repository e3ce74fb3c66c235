/* Reductions over any axes: rows, columns, or, when the axes are scattered, rows of a transposed copy. */
#include <math.h>
#include <string.h>

#include "cpu/move/copy.h"
#include "cpu/reduce/reduce.h"

/* What an operator does beyond the loop: a change of the result. */
typedef enum finish { FINISH_NONE, FINISH_MEAN, FINISH_SQRT, FINISH_LOG, FINISH_LOG_SUM_EXP } finish_t;

typedef struct reduction {
  const char *op;
  ob_reduce_t loop;
  finish_t finish;
  float start;
} reduction_t;

static const reduction_t reductions[] = {
    {"ReduceSum", OB_REDUCE_SUM, FINISH_NONE, 0},       {"ReduceMean", OB_REDUCE_SUM, FINISH_MEAN, 0},
    {"ReduceMax", OB_REDUCE_MAX, FINISH_NONE, -INFINITY}, {"ReduceMin", OB_REDUCE_MIN, FINISH_NONE, INFINITY},
    {"ReduceProd", OB_REDUCE_PROD, FINISH_NONE, 1},     {"ReduceL1", OB_REDUCE_SUM_ABS, FINISH_NONE, 0},
    {"ReduceL2", OB_REDUCE_SUM_SQUARE, FINISH_SQRT, 0}, {"ReduceSumSquare", OB_REDUCE_SUM_SQUARE, FINISH_NONE, 0},
    {"ReduceLogSum", OB_REDUCE_SUM, FINISH_LOG, 0},     {"ReduceLogSumExp", OB_REDUCE_SUM, FINISH_LOG_SUM_EXP, 0},
};

typedef struct plan {
  const reduction_t *reduction;
  const ob_isa_t *isa;
  const ob_reduce_loops_t *loops; /* of elements that are not float32; NULL */
  size_t size;                    /* of an element */
  size_t outer, axis, inner; /* of what is reduced: the input, or its transposed copy */
  bool turned;               /* the copy comes first */
  ob_copy_plan_t turn;
} plan_t;

static const reduction_t *find(const char *op) {
  for (size_t i = 0; i < sizeof reductions / sizeof *reductions; i++)
    if (strcmp(reductions[i].op, op) == 0) return &reductions[i];
  return NULL;
}

/* Which axes go. Returns how many; none given means all, or none with noop_with_empty_axes. */
static ob_status_t read_axes(const ob_kernel_setup_t *setup, bool *gone) {
  const ob_tensor_t *x = setup->inputs[0], *axes = ob_cpu_has(setup->node, 1) ? setup->inputs[1] : NULL;
  const size_t count = axes ? ob_tensor_count(axes) : 0;
  if (axes && count > 0 && !axes->data) return ob_fail(OB_UNSUPPORTED, "the axes are not known when the shapes are");
  for (int32_t i = 0; i < x->rank; i++) gone[i] = count == 0 && ob_setup_int(setup, "noop_with_empty_axes", 0) == 0;
  for (size_t i = 0; i < count; i++) {
    const int64_t axis = ob_cpu_axis(ob_cpu_index(axes, i), x->rank);
    if (axis < 0 || axis >= x->rank) return ob_fail(OB_OUT_OF_RANGE, "axis %lld of a tensor of rank %d", (long long)axis, (int)x->rank);
    gone[axis] = true;
  }
  return OB_OK;
}

int32_t ob_reduce_fold(const ob_tensor_t *x, const bool *gone, int64_t *dims, bool *folded) {
  int32_t rank = 0;
  for (int32_t i = 0; i < x->rank; i++) {
    if (x->dims[i] == 1) continue;
    if (rank > 0 && folded[rank - 1] == gone[i]) {
      dims[rank - 1] *= x->dims[i];
    } else {
      dims[rank] = x->dims[i];
      folded[rank++] = gone[i];
    }
  }
  return rank;
}

/* Axes that stay first, those that go last. */
static void plan_turn(plan_t *plan, int32_t rank, const int64_t *dims, const bool *gone) {
  int64_t strides[OB_MAX_RANK], to = 1;
  ob_copy_strides(rank, dims, strides);
  plan->turned = true;
  plan->turn = (ob_copy_plan_t){.size = plan->size};
  for (int pass = 0; pass < 2; pass++)
    for (int32_t i = 0; i < rank; i++)
      if (gone[i] == (pass == 1)) ob_copy_dim(&plan->turn, dims[i], strides[i], 0);
  for (int32_t i = plan->turn.rank - 1; i >= 0; i--) {
    plan->turn.to[i] = to;
    to *= plan->turn.dims[i];
  }
}

static void plan_shape(plan_t *plan, const ob_tensor_t *x, const bool *gone) {
  int64_t dims[OB_MAX_RANK];
  bool folded[OB_MAX_RANK];
  const int32_t rank = ob_reduce_fold(x, gone, dims, folded);
  int runs = 0;
  plan->outer = plan->axis = plan->inner = 1;
  for (int32_t i = 0; i < rank; i++)
    if (folded[i]) {
      runs++;
      plan->axis *= (size_t)dims[i];
    }
  size_t kept = 1;
  for (int32_t i = 0; i < rank; i++)
    if (!folded[i]) kept *= (size_t)dims[i];
  plan->outer = kept;
  const bool in_rows = runs == 0 || (runs == 1 && folded[rank - 1]);
  if (in_rows) return;
  if (runs > 1 || plan->reduction->finish == FINISH_LOG_SUM_EXP) {
    plan_turn(plan, rank, dims, folded);
    return;
  }
  plan->inner = (size_t)dims[rank - 1];
  plan->outer = kept / (plan->inner > 0 ? plan->inner : 1);
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0];
  plan_t *plan;
  bool gone[OB_MAX_RANK];
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  plan->reduction = find(setup->node->op);
  plan->isa = ob_cpu_isa();
  plan->loops = ob_reduce_loops(x->dtype);
  plan->size = ob_cpu_size(x->dtype);
  OB_TRY(read_axes(setup, gone));
  plan_shape(plan, x, gone);
  setup->state = plan;
  if (plan->turned) setup->scratch_bytes = ob_tensor_count(x) * plan->size;
  return OB_OK;
}

static float finish(finish_t how, float x, size_t count) {
  switch (how) {
    case FINISH_MEAN: return x / (float)count;
    case FINISH_SQRT: return sqrtf(x);
    case FINISH_LOG: return logf(x);
    default: return x;
  }
}

static double finish_f64(finish_t how, double x, size_t count) {
  switch (how) {
    case FINISH_MEAN: return x / (double)count;
    case FINISH_SQRT: return sqrt(x);
    case FINISH_LOG: return log(x);
    default: return x;
  }
}

typedef struct job {
  const plan_t *plan;
  const void *x;
  void *y;
} job_t;

/* Strips of columns, or rows, of elements that are not float32. */
static void reduce_typed(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const reduction_t *r = plan->reduction;
  const size_t strips = (plan->inner + OB_TILE - 1) / OB_TILE;
  (void)piece;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t outer = unit / strips, first = unit % strips * OB_TILE;
    const size_t n = plan->inner - first < OB_TILE ? plan->inner - first : OB_TILE;
    const char *x = (const char *)job->x + (outer * plan->axis * plan->inner + first) * plan->size;
    char *y = (char *)job->y + (outer * plan->inner + first) * plan->size;
    if (plan->inner == 1)
      plan->loops->row(r->loop, x, plan->axis, y);
    else
      plan->loops->columns(r->loop, x, plan->axis, plan->inner, n, y);
    double *reals = (double *)(void *)y; /* only float64 has a finish */
    for (size_t i = 0; r->finish != FINISH_NONE && i < n; i++) reals[i] = finish_f64(r->finish, reals[i], plan->axis);
  }
}

static void reduce_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const reduction_t *r = plan->reduction;
  (void)piece;
  for (size_t row = begin; row < end; row++) {
    const float *x = (const float *)job->x + row * plan->axis;
    ((float *)job->y)[row] = r->finish == FINISH_LOG_SUM_EXP
                                   ? plan->isa->log_sum_exp(x, plan->axis)
                                   : finish(r->finish, plan->isa->reduce[r->loop](x, plan->axis, r->start), plan->axis);
  }
}

/* Columns are taken in strips that stay in the L1 cache. */
static void reduce_columns(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const reduction_t *r = plan->reduction;
  const size_t strips = (plan->inner + OB_TILE - 1) / OB_TILE;
  (void)piece;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t outer = unit / strips, first = unit % strips * OB_TILE;
    const size_t n = plan->inner - first < OB_TILE ? plan->inner - first : OB_TILE;
    const float *x = (const float *)job->x + outer * plan->axis * plan->inner + first;
    float *y = (float *)job->y + outer * plan->inner + first;
    for (size_t i = 0; i < n; i++) y[i] = r->start;
    for (size_t k = 0; k < plan->axis; k++) plan->isa->combine[r->loop](x + k * plan->inner, y, n);
    for (size_t i = 0; r->finish != FINISH_NONE && i < n; i++) y[i] = finish(r->finish, y[i], plan->axis);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  job_t job = {.plan = plan, .x = call->inputs[0]->data, .y = call->outputs[0]->data};
  if (plan->turned) {
    ob_copy_run(call, &plan->turn, job.x, call->scratch);
    job.x = call->scratch;
  }
  if (plan->outer * plan->inner == 0) return OB_OK;
  const size_t strips = (plan->inner + OB_TILE - 1) / OB_TILE, grain = ob_cpu_row_grain(plan->axis * plan->inner / strips);
  ob_cpu_split(call->host, call->threads, plan->outer * strips, grain,
               plan->loops ? reduce_typed : plan->inner == 1 ? reduce_rows : reduce_columns, &job);
  return OB_OK;
}

/* Means, roots and logarithms of integers are for `ref`. */
static bool takes_type(const ob_node_view_t *node) {
  const ob_dtype_t dtype = node->inputs[0]->dtype;
  const finish_t how = find(node->op)->finish;
  if (dtype == OB_FLOAT32) return true;
  return ob_reduce_loops(dtype) && (how == FINISH_NONE || (dtype == OB_FLOAT64 && how != FINISH_LOG_SUM_EXP));
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  if (!takes_type(node)) return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(node->inputs[0]->dtype));
  if (ob_cpu_has(node, 1) && !node->inputs[1]->is_constant && !node->inputs[1]->has_content)
    return ob_cpu_refuse(node, reason, size, "the axes are not known when the shapes are");
  return true;
}

#define REDUCE(name) \
  const ob_kernel_t ob_cpu_kernel_##name = {.op = #name, .domain = "", .supports = supports, .prepare = prepare, .run = run};
REDUCE(ReduceSum)
REDUCE(ReduceMean)
REDUCE(ReduceMax)
REDUCE(ReduceMin)
REDUCE(ReduceProd)
REDUCE(ReduceL1)
REDUCE(ReduceL2)
REDUCE(ReduceSumSquare)
REDUCE(ReduceLogSum)
REDUCE(ReduceLogSumExp)
