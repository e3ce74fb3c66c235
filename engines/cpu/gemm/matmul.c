/* MatMul and Gemm. A constant second operand is used as panels, which the host keeps in the artifact. */
#include <math.h>
#include <string.h>

#include "cpu/gemm/gemm.h"
#include "cpu/move/copy.h"

/* Work worth a thread, in multiplications. */
#define GRAIN ((size_t)100000)

typedef struct plan {
  const ob_isa_t *isa;
  ob_gemm_t gemm; /* without pointers to the call's data */
  ob_gemm_cut_t cut;
  size_t batch, scratch;
  int32_t rank; /* of the batch dims */
  int64_t dims[OB_MAX_RANK], a_strides[OB_MAX_RANK], b_strides[OB_MAX_RANK]; /* in elements */
} plan_t;

/* The panels of a matrix [.., k, n], or [n, k] when transposed. */
static ob_layout_t panel_layout(int32_t rank, bool transposed) {
  ob_layout_t layout = {.rank = rank, .block_count = 1};
  for (int32_t i = 0; i < rank; i++) layout.order[i] = (uint8_t)i;
  const int32_t n = transposed ? rank - 2 : rank - 1;
  layout.order[rank - 2] = (uint8_t)n;
  layout.order[rank - 1] = (uint8_t)(transposed ? rank - 1 : rank - 2);
  layout.block_dim[0] = (uint8_t)n;
  layout.block_size[0] = (int32_t)ob_cpu_isa()->gemm_columns;
  return layout;
}

static bool is_transposed(const ob_node_view_t *node, const char *name) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && attribute->ints[0] != 0;
}

/* The constant second operand as panels, or as it is when it is a vector. */
static ob_status_t constant_b(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node, const void **data) {
  const ob_value_view_t *b = node->inputs[1];
  ob_layout_t layout = {.rank = b->rank};
  if (b->rank >= 2) layout = panel_layout(b->rank, is_transposed(node, "transB"));
  return host->constant(region, b->index, &layout, data);
}

static ob_status_t compile(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node) {
  const void *data;
  return node->inputs[1]->is_constant ? constant_b(host, region, node, &data) : OB_OK;
}

/* Where B is, and how its elements follow each other. `k` x `n` matrices. */
static ob_status_t set_b(ob_kernel_setup_t *setup, plan_t *plan, bool transposed) {
  ob_gemm_t *g = &plan->gemm;
  g->b_row = transposed ? 1 : g->n;
  g->b_column = transposed ? g->k : 1;
  if (!setup->node->inputs[1]->is_constant) return OB_OK;
  const void *data;
  OB_TRY(constant_b(setup->host, setup->region, setup->node, &data));
  if (setup->inputs[1]->rank >= 2)
    g->packed_b = data;
  else
    g->b = data;
  return OB_OK;
}

static ob_status_t finish_plan(ob_kernel_setup_t *setup, plan_t *plan) {
  ob_gemm_t *g = &plan->gemm;
  plan->isa = ob_cpu_isa();
  g->ldc = g->n;
  g->low = -INFINITY;
  g->high = INFINITY;
  plan->cut = ob_gemm_cut(plan->isa, g->m, g->n, plan->batch, setup->threads);
  plan->scratch = ob_gemm_scratch(plan->isa, &plan->cut, g->k);
  setup->state = plan;
  if (!ob_mul_size(plan->scratch, setup->threads, &setup->scratch_bytes)) return ob_fail_memory();
  return OB_OK;
}

/* Strides of the batch dims of an operand, aligned at the right; 0 where it is broadcast. */
static void batch_strides(const plan_t *plan, const ob_tensor_t *x, int64_t matrix, int64_t *strides) {
  for (int32_t i = plan->rank - 1; i >= 0; i--) {
    const int32_t own = i - plan->rank + (x->rank - 2);
    strides[i] = own >= 0 && x->dims[own] != 1 ? matrix : 0;
    if (own >= 0) matrix *= x->dims[own];
  }
}

static ob_status_t prepare_matmul(ob_kernel_setup_t *setup) {
  const ob_tensor_t *a = setup->inputs[0], *b = setup->inputs[1], *y = setup->outputs[0];
  plan_t *plan;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  ob_gemm_t *g = &plan->gemm;
  g->alpha = 1.0f;
  g->m = a->rank >= 2 ? (size_t)a->dims[a->rank - 2] : 1;
  g->k = a->rank > 0 ? (size_t)a->dims[a->rank - 1] : 1;
  g->n = b->rank >= 2 ? (size_t)b->dims[b->rank - 1] : 1;
  g->a_row = g->k;
  g->a_column = 1;
  plan->rank = y->rank - (a->rank >= 2 ? 1 : 0) - (b->rank >= 2 ? 1 : 0);
  plan->batch = 1;
  for (int32_t i = 0; i < plan->rank; i++) plan->batch *= (size_t)(plan->dims[i] = y->dims[i]);
  if (b->rank <= 2) { /* one matrix for all: the batch is more rows */
    g->m *= plan->batch;
    plan->batch = 1;
    plan->rank = 0;
  }
  int64_t matrix = (int64_t)(g->k * g->n);
  OB_TRY(set_b(setup, plan, false));
  if (g->packed_b) matrix = (int64_t)ob_gemm_packed_b_size(ob_cpu_isa(), g->n, g->k);
  batch_strides(plan, a, (int64_t)(g->m * g->k), plan->a_strides);
  batch_strides(plan, b, matrix, plan->b_strides);
  return finish_plan(setup, plan);
}

static ob_status_t prepare_gemm(ob_kernel_setup_t *setup) {
  const ob_tensor_t *a = setup->inputs[0], *y = setup->outputs[0];
  const bool turned = is_transposed(setup->node, "transA");
  plan_t *plan;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  ob_gemm_t *g = &plan->gemm;
  g->alpha = ob_setup_float(setup, "alpha", 1.0f);
  g->m = (size_t)y->dims[0];
  g->n = (size_t)y->dims[1];
  g->k = (size_t)a->dims[turned ? 0 : 1];
  g->a_row = turned ? 1 : g->k;
  g->a_column = turned ? g->m : 1;
  plan->batch = 1;
  OB_TRY(set_b(setup, plan, is_transposed(setup->node, "transB")));
  return finish_plan(setup, plan);
}

typedef struct job {
  const plan_t *plan;
  ob_gemm_t gemm; /* of the first matrices */
  char *scratch;
} job_t;

static void run_units(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const size_t blocks = plan->cut.row_blocks * plan->cut.column_blocks;
  for (size_t unit = begin; unit < end; unit++) {
    ob_gemm_t g = job->gemm;
    size_t rest = unit / blocks;
    g.c += rest * g.m * g.n;
    for (int32_t i = plan->rank - 1; i >= 0; i--) {
      const int64_t at = (int64_t)(rest % (size_t)plan->dims[i]);
      rest /= (size_t)plan->dims[i];
      g.a += at * plan->a_strides[i];
      if (g.packed_b)
        g.packed_b += at * plan->b_strides[i];
      else
        g.b += at * plan->b_strides[i];
    }
    ob_gemm_block(plan->isa, &g, &plan->cut, unit % blocks, job->scratch + piece * plan->scratch);
  }
}

static void multiply(const ob_kernel_call_t *call, job_t *job) {
  const plan_t *plan = job->plan;
  const size_t work = plan->cut.rows * plan->cut.columns * (plan->gemm.k + 1);
  job->scratch = call->scratch;
  job->gemm.a = call->inputs[0]->data;
  if (!job->gemm.packed_b && !job->gemm.b) job->gemm.b = call->inputs[1]->data;
  job->gemm.c = call->outputs[0]->data;
  if (plan->gemm.m == 0 || plan->gemm.n == 0) return;
  ob_cpu_split(call->host, call->threads, plan->batch * plan->cut.row_blocks * plan->cut.column_blocks, GRAIN / (work + 1) + 1, run_units, job);
}

static ob_status_t run_matmul(const ob_kernel_call_t *call) {
  job_t job = {.plan = call->state};
  job.gemm = job.plan->gemm;
  multiply(call, &job);
  return OB_OK;
}

/* C, broadcast and times beta, becomes what the product is added to. */
static void start_from(const ob_kernel_call_t *call, const ob_tensor_t *c, float beta) {
  const ob_tensor_t *y = call->outputs[0];
  ob_copy_plan_t plan = {.size = sizeof(float)};
  const int64_t columns = c->rank > 0 ? c->dims[c->rank - 1] : 1, rows = c->rank > 1 ? c->dims[0] : 1;
  ob_copy_dim(&plan, y->dims[0], rows != 1 ? columns : 0, y->dims[1]);
  ob_copy_dim(&plan, y->dims[1], columns != 1 ? 1 : 0, 1);
  ob_copy_run(call, &plan, c->data, y->data);
  if (beta != 1.0f) ob_cpu_isa()->scale_shift(y->data, y->data, ob_tensor_count(y), beta, 0.0f);
}

static ob_status_t run_gemm(const ob_kernel_call_t *call) {
  job_t job = {.plan = call->state};
  const float beta = ob_kernel_float(call, "beta", 1.0f);
  const ob_tensor_t *c = ob_cpu_has(call->node, 2) && beta != 0.0f ? call->inputs[2] : NULL;
  job.gemm = job.plan->gemm;
  if (c && beta == 1.0f && ob_tensor_count(c) == job.gemm.n && c->rank > 0 && c->dims[c->rank - 1] == (int64_t)job.gemm.n) {
    job.gemm.column_bias = c->data;
  } else if (c) {
    start_from(call, c, beta);
    job.gemm.accumulate = true;
  }
  multiply(call, &job);
  return OB_OK;
}

static bool matmul_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  for (size_t i = 0; i < 2; i++)
    if (node->inputs[i]->rank == 0) return ob_cpu_refuse(node, reason, size, "operand %zu is a scalar", i);
  return ob_cpu_takes_f32(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_MatMul = {.op = "MatMul",
                                          .domain = "",
                                          .packs = 1u << 1,
                                          .supports = matmul_supports,
                                          .compile = compile,
                                          .prepare = prepare_matmul,
                                          .run = run_matmul};
const ob_kernel_t ob_cpu_kernel_Gemm = {.op = "Gemm",
                                        .domain = "",
                                        .packs = 1u << 1,
                                        .supports = ob_cpu_takes_f32,
                                        .compile = compile,
                                        .prepare = prepare_gemm,
                                        .run = run_gemm};
