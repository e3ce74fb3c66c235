/* MatMulInteger and QLinearMatMul: A with one zero point, B with one or one a column. */
#include <string.h>

#include "cpu/gemm/integer.h"

/* Multiplications worth a thread; rows of a unit. */
enum { GRAIN = 200000, ROWS = 16 };

/* Which input is what; 0: there is none of it. */
typedef struct places {
  size_t a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero;
} places_t;
static const places_t integer_places = {.a = 0, .b = 1, .a_zero = 2, .b_zero = 3};
static const places_t linear_places = {.a = 0, .a_scale = 1, .a_zero = 2, .b = 3, .b_scale = 4, .b_zero = 5, .y_scale = 6, .y_zero = 7};
static const places_t *places_of(const ob_node_view_t *node) { return node->op[0] == 'Q' ? &linear_places : &integer_places; }

typedef struct plan {
  size_t batch, m, n, k, pitch;
  bool one_b;             /* one matrix B for all */
  const int16_t *b;       /* constant, widened; NULL: in each call */
  size_t b_at, scales_at; /* in the scratch, after A */
} plan_t;

static const ob_tensor_t *input(const ob_tensor_t *const *inputs, const ob_node_view_t *node, size_t i) {
  return ob_cpu_has(node, i) ? inputs[i] : NULL;
}

/* Columns of `count` matrices B become rows. */
static void turn_b(const plan_t *plan, const ob_tensor_t *b, const ob_tensor_t *zero, size_t count, int16_t *to) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < plan->n; j++, to += plan->pitch)
      ob_integer_widen(b->dtype, b->data, i * plan->k * plan->n + j, plan->n, plan->k, ob_integer_at(zero, j), to, plan->pitch);
}

static ob_status_t lay_scratch(ob_kernel_setup_t *setup, plan_t *plan) {
  size_t rows, bytes, b_rows = plan->b ? 0 : plan->n * (plan->one_b ? 1 : plan->batch);
  if (!ob_mul_size(plan->batch * plan->m, plan->pitch * sizeof(int16_t), &plan->b_at) || !ob_mul_size(b_rows, plan->pitch * sizeof(int16_t), &rows) ||
      !ob_add_size(plan->b_at, rows, &plan->scales_at) || !ob_mul_size(plan->n + 1, sizeof(double), &bytes) ||
      !ob_add_size(plan->scales_at, bytes, &setup->scratch_bytes))
    return ob_fail_memory();
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const places_t *p = places_of(setup->node);
  const ob_tensor_t *a = setup->inputs[p->a], *b = setup->inputs[p->b], *zero = input(setup->inputs, setup->node, p->b_zero);
  plan_t *plan;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  plan->m = (size_t)a->dims[a->rank - 2];
  plan->k = (size_t)a->dims[a->rank - 1];
  plan->n = (size_t)b->dims[b->rank - 1];
  plan->pitch = ob_integer_pitch(plan->k);
  plan->one_b = b->rank == 2;
  plan->batch = 1;
  for (int32_t i = 0; i < a->rank - 2; i++) plan->batch *= (size_t)a->dims[i];
  if (plan->one_b) { /* the batch is more rows */
    plan->m *= plan->batch;
    plan->batch = 1;
  }
  if (zero && ob_tensor_count(zero) != 1 && ob_tensor_count(zero) != plan->n)
    return ob_fail(OB_INVALID_ARGUMENT, "%zu zero points for %zu columns", ob_tensor_count(zero), plan->n);
  setup->state = plan;
  if (plan->one_b && b->data && (!zero || zero->data) && setup->node->inputs[p->b]->is_constant) {
    int16_t *turned;
    OB_TRY(ob_arena_alloc_array(setup->arena, plan->n * plan->pitch + 32, sizeof *turned, (void **)&turned));
    turn_b(plan, b, zero, 1, turned);
    plan->b = turned;
  }
  return lay_scratch(setup, plan);
}

typedef struct job {
  const plan_t *plan;
  const int16_t *a, *b;
  ob_integer_end_t end;
} job_t;

static size_t row_blocks(const plan_t *plan) { return (plan->m + ROWS - 1) / ROWS; }
static size_t column_blocks(const plan_t *plan) { return (plan->n + OB_INTEGER_COLUMNS - 1) / OB_INTEGER_COLUMNS; }

static void run_units(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const size_t columns = column_blocks(plan), rows = row_blocks(plan);
  (void)piece;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t batch = unit / (rows * columns), row = unit / columns % rows * ROWS, column = unit % columns * OB_INTEGER_COLUMNS;
    const size_t size = job->end.dtype == OB_INT32 ? 4 : 1;
    ob_integer_end_t last = job->end;
    last.y = (char *)last.y + batch * plan->m * plan->n * size;
    const ob_integer_block_t block = {.isa = ob_cpu_isa(),
                                      .a = job->a + batch * plan->m * plan->pitch,
                                      .b = job->b + ((plan->one_b ? 0 : batch * plan->n) + column) * plan->pitch,
                                      .pitch = plan->pitch,
                                      .row = row,
                                      .row_end = row + ROWS < plan->m ? row + ROWS : plan->m,
                                      .column = column,
                                      .columns = plan->n - column < OB_INTEGER_COLUMNS ? plan->n - column : OB_INTEGER_COLUMNS};
    ob_integer_multiply(&block, &last);
  }
}

/* One factor for all sums, or one a column. */
static ob_status_t set_scales(const ob_kernel_call_t *call, const places_t *p, job_t *job) {
  const plan_t *plan = job->plan;
  const ob_tensor_t *b = call->inputs[p->b_scale];
  const size_t count = ob_tensor_count(b);
  double *scales = (double *)(void *)((char *)call->scratch + plan->scales_at);
  if (count != 1 && count != plan->n) return ob_fail(OB_INVALID_ARGUMENT, "%zu scales for %zu columns", count, plan->n);
  const double a = (double)*(const float *)call->inputs[p->a_scale]->data, y = (double)*(const float *)call->inputs[p->y_scale]->data;
  for (size_t i = 0; i < count; i++) scales[i] = a * (double)((const float *)b->data)[i] / y;
  job->end.scales = scales;
  job->end.scale_column = count > 1;
  job->end.zero = ob_integer_at(call->inputs[p->y_zero], 0);
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const places_t *p = places_of(call->node);
  const ob_tensor_t *a = call->inputs[p->a], *y = call->outputs[0];
  int16_t *wide = call->scratch, *turned = (int16_t *)(void *)((char *)call->scratch + plan->b_at);
  job_t job = {.plan = plan, .a = wide, .b = plan->b ? plan->b : turned, .end = {.dtype = y->dtype, .y = y->data, .ldy = plan->n}};
  if (ob_tensor_count(y) == 0) return OB_OK;
  const int32_t zero = ob_integer_at(input(call->inputs, call->node, p->a_zero), 0);
  for (size_t i = 0; i < plan->batch * plan->m; i++)
    ob_integer_widen(a->dtype, a->data, i * plan->k, 1, plan->k, zero, wide + i * plan->pitch, plan->pitch);
  if (!plan->b) turn_b(plan, call->inputs[p->b], input(call->inputs, call->node, p->b_zero), plan->one_b ? 1 : plan->batch, turned);
  if (p->a_scale) OB_TRY(set_scales(call, p, &job));
  const size_t work = ROWS * OB_INTEGER_COLUMNS * (plan->pitch + 1);
  ob_cpu_split(call->host, call->threads, plan->batch * row_blocks(plan) * column_blocks(plan), GRAIN / work + 1, run_units, &job);
  return OB_OK;
}

/* Equal batch dims, as numbers or as expressions. */
static bool same_batch(const ob_value_view_t *a, const ob_value_view_t *b) {
  if (a->rank != b->rank) return false;
  for (int32_t i = 0; i < a->rank - 2; i++)
    if (a->dims[i] != b->dims[i] || (a->dims[i] < 0 && strcmp(a->dim_texts[i], b->dim_texts[i]) != 0)) return false;
  return true;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const places_t *p = places_of(node);
  const ob_value_view_t *a = node->inputs[p->a], *b = node->inputs[p->b];
  (void)region;
  if (a->rank < 2 || b->rank < 2 || (b->rank > 2 && !same_batch(a, b)))
    return ob_cpu_refuse(node, reason, size, "operands of rank %d and %d, whose batches differ", (int)a->rank, (int)b->rank);
  if (!ob_integer_is_byte(node, p->a, reason, size) || !ob_integer_is_byte(node, p->b, reason, size)) return false;
  if (!ob_integer_is_single(node, p->a_zero, false, reason, size) || !ob_integer_is_single(node, p->b_zero, true, reason, size)) return false;
  if (!p->a_scale) return true;
  for (size_t i = 0; i < 2; i++) {
    const size_t at = i ? p->y_scale : p->a_scale;
    if (!ob_integer_is_f32(node, at, reason, size) || !ob_integer_is_single(node, at, false, reason, size)) return false;
  }
  return ob_integer_is_f32(node, p->b_scale, reason, size) && ob_integer_is_single(node, p->b_scale, true, reason, size) &&
         ob_integer_is_byte(node, p->y_zero, reason, size) && ob_integer_is_single(node, p->y_zero, false, reason, size);
}

const ob_kernel_t ob_cpu_kernel_MatMulInteger = {.op = "MatMulInteger", .domain = "", .supports = supports, .prepare = prepare, .run = run};
const ob_kernel_t ob_cpu_kernel_QLinearMatMul = {.op = "QLinearMatMul", .domain = "", .supports = supports, .prepare = prepare, .run = run};
