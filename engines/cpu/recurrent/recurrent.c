/* The frame of recurrent layers: see recurrent.h. */
#include "cpu/recurrent/recurrent.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* From so many rows on a blocked product beats row by row. */
enum { FEW_ROWS = 4 };

/* [direction][rows][k] as panels [direction][rows / NR][k][NR]. */
static ob_status_t constant_weights(const ob_host_t *host, const ob_region_view_t *region, const ob_value_view_t *w, const void **data) {
  const ob_layout_t layout = {
      .rank = 3, .order = {0, 1, 2}, .block_count = 1, .block_dim = {1}, .block_size = {(int32_t)ob_cpu_isa()->gemm_columns}};
  return host->constant(region, w->index, &layout, data);
}

ob_status_t ob_recurrent_compile(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node) {
  const void *data;
  for (size_t i = 1; i < 3; i++)
    if (node->inputs[i]->is_constant) OB_TRY(constant_weights(host, region, node->inputs[i], &data));
  return OB_OK;
}

static size_t lines(size_t floats) { return (floats + 15) / 16 * 16; }

static void lay_out(ob_recurrent_t *p) {
  size_t at = 0;
#define ROOM(member, floats) (p->member = at, at += lines(floats))
  ROOM(w_at, p->w ? 0 : p->directions * p->w_size);
  ROOM(r_at, p->r ? 0 : p->directions * p->r_size);
  ROOM(sums_at, p->steps * p->batch * p->rows);
  ROOM(bias_at, p->rows);
  ROOM(h_at, p->batch * p->hidden);
  ROOM(c_at, p->batch * p->hidden);
  ROOM(spare_at, 2 * p->hidden);
  p->gemm_at = at;
#undef ROOM
}

ob_status_t ob_recurrent_prepare(ob_kernel_setup_t *setup, size_t gates) {
  const ob_tensor_t *x = setup->inputs[0], *w = setup->inputs[1], *r = setup->inputs[2];
  ob_recurrent_t *p;
  OB_TRY(OB_ARENA_NEW(setup->arena, &p));
  p->isa = ob_cpu_isa();
  p->gates = gates;
  p->batch_major = ob_setup_int(setup, "layout", 0) != 0;
  p->reverse = strcmp(ob_node_text(setup->node, "direction", "forward"), "reverse") == 0;
  p->steps = (size_t)x->dims[p->batch_major];
  p->batch = (size_t)x->dims[!p->batch_major];
  p->input = (size_t)x->dims[2];
  p->directions = (size_t)w->dims[0];
  p->hidden = (size_t)r->dims[2];
  p->rows = gates * p->hidden;
  if (w->dims[1] != (int64_t)p->rows || w->dims[2] != (int64_t)p->input || r->dims[1] != (int64_t)p->rows || r->dims[0] != w->dims[0])
    return ob_fail(OB_INVALID_ARGUMENT, "the shapes of X, W and R do not fit each other");
  const void *data = NULL;
  if (setup->node->inputs[1]->is_constant) OB_TRY(constant_weights(setup->host, setup->region, setup->node->inputs[1], &data));
  p->w = data;
  data = NULL;
  if (setup->node->inputs[2]->is_constant) OB_TRY(constant_weights(setup->host, setup->region, setup->node->inputs[2], &data));
  p->r = data;
  p->w_size = ob_gemm_packed_b_size(p->isa, p->rows, p->input);
  p->r_size = ob_gemm_packed_b_size(p->isa, p->rows, p->hidden);
  p->cut = ob_gemm_cut(p->isa, p->steps * p->batch, p->rows, 1, setup->threads);
  p->gemm_bytes = ob_gemm_scratch(p->isa, &p->cut, p->input);
  lay_out(p);
  setup->state = p;
  if (!ob_mul_size(p->gemm_bytes, setup->threads, &setup->scratch_bytes) ||
      !ob_add_size(setup->scratch_bytes, p->gemm_at * sizeof(float), &setup->scratch_bytes))
    return ob_fail_memory();
  return OB_OK;
}

typedef struct product {
  const ob_recurrent_t *plan;
  ob_gemm_t gemm;
  char *scratch;
} product_t;

static void run_blocks(void *arg, size_t piece, size_t begin, size_t end) {
  const product_t *p = arg;
  for (size_t i = begin; i < end; i++) ob_gemm_block(p->plan->isa, &p->gemm, &p->plan->cut, i, p->scratch + piece * p->plan->gemm_bytes);
}

/* sums = X W + bias, all steps at once. */
static void input_sums(const ob_recurrent_run_t *run, const float *w, const float *bias) {
  const ob_recurrent_t *p = run->plan;
  const float *x = run->call->inputs[0]->data;
  const size_t count = p->steps * p->batch;
  if (count <= FEW_ROWS) {
    for (size_t i = 0; i < count; i++) {
      memcpy(run->sums + i * p->rows, bias, p->rows * sizeof(float));
      p->isa->gemv(x + i * p->input, w, p->input, 0, p->rows, run->sums + i * p->rows);
    }
    return;
  }
  product_t product = {.plan = p, .scratch = (char *)((float *)run->call->scratch + p->gemm_at)};
  product.gemm = (ob_gemm_t){.m = count,
                             .n = p->rows,
                             .k = p->input,
                             .a = x,
                             .a_row = p->input,
                             .a_column = 1,
                             .alpha = 1.0f,
                             .packed_b = w,
                             .c = run->sums,
                             .ldc = p->rows,
                             .column_bias = bias,
                             .low = -INFINITY,
                             .high = INFINITY};
  ob_cpu_split(run->call->host, run->call->threads, p->cut.row_blocks * p->cut.column_blocks, 1, run_blocks, &product);
}

static const ob_tensor_t *optional(const ob_kernel_call_t *call, size_t input) {
  return ob_cpu_has(call->node, input) ? call->inputs[input] : NULL;
}
static ob_tensor_t *wanted(const ob_kernel_call_t *call, size_t output) {
  return output < call->node->output_count ? call->outputs[output] : NULL;
}

/* First element of a state [directions][batch][hidden], or [batch][directions][hidden] for layout 1. */
static size_t state_at(const ob_recurrent_run_t *run, size_t n) {
  const ob_recurrent_t *p = run->plan;
  return (p->batch_major ? n * p->directions + run->direction : run->direction * p->batch + n) * p->hidden;
}

static void load_states(const ob_recurrent_run_t *run, size_t input, float *state) {
  const ob_tensor_t *initial = optional(run->call, input);
  const size_t hidden = run->plan->hidden;
  for (size_t n = 0; n < run->plan->batch; n++)
    if (initial)
      memcpy(state + n * hidden, (const float *)initial->data + state_at(run, n), hidden * sizeof *state);
    else
      memset(state + n * hidden, 0, hidden * sizeof *state);
}

static void store_states(const ob_recurrent_run_t *run, size_t output, const float *state) {
  const ob_tensor_t *final = wanted(run->call, output);
  const size_t hidden = run->plan->hidden;
  for (size_t n = 0; final && n < run->plan->batch; n++)
    memcpy((float *)final->data + state_at(run, n), state + n * hidden, hidden * sizeof *state);
}

static void run_direction(ob_recurrent_run_t *run, ob_cell_t cell, bool has_cell) {
  const ob_recurrent_t *p = run->plan;
  const ob_tensor_t *y = wanted(run->call, 0);
  const bool backwards = p->reverse || run->direction == 1;
  load_states(run, 5, run->h);
  if (has_cell) load_states(run, 6, run->c);
  for (size_t s = 0; s < p->steps; s++) {
    const size_t t = backwards ? p->steps - 1 - s : s;
    for (size_t n = 0; n < p->batch; n++) {
      const size_t row = p->batch_major ? n * p->steps + t : t * p->batch + n;
      float *h = run->h + n * p->hidden;
      cell(run, run->sums + row * p->rows, h, run->c + n * p->hidden);
      if (!y) continue;
      const size_t at = p->batch_major ? row * p->directions + run->direction : (t * p->directions + run->direction) * p->batch + n;
      memcpy((float *)y->data + at * p->hidden, h, p->hidden * sizeof *h);
    }
  }
  store_states(run, 1, run->h);
  if (has_cell) store_states(run, 2, run->c);
}

/* Weights that are no constants, as panels. */
static const float *packed(const ob_kernel_call_t *call, size_t input, size_t size, float *to) {
  const ob_recurrent_t *p = call->state;
  const ob_tensor_t *w = call->inputs[input];
  const size_t k = (size_t)w->dims[2], nr = p->isa->gemm_columns;
  for (size_t d = 0; d < p->directions; d++)
    for (size_t n = 0; n < p->rows; n += nr)
      p->isa->pack_rows((const float *)w->data + (d * p->rows + n) * k, k, p->rows - n < nr ? p->rows - n : nr, k, 1.0f, to + d * size + n * k, nr);
  return to;
}

ob_status_t ob_recurrent_run(const ob_kernel_call_t *call, ob_cell_t cell, bool has_cell, size_t skip_rows) {
  const ob_recurrent_t *p = call->state;
  float *scratch = call->scratch, *bias = scratch + p->bias_at;
  const ob_tensor_t *b = optional(call, 3);
  const float *w = p->w ? p->w : packed(call, 1, p->w_size, scratch + p->w_at);
  const float *r = p->r ? p->r : packed(call, 2, p->r_size, scratch + p->r_at);
  for (size_t d = 0; d < p->directions; d++) {
    ob_recurrent_run_t run = {.plan = p,
                              .call = call,
                              .direction = d,
                              .r = r + d * p->r_size,
                              .bias = b ? (const float *)b->data + d * 2 * p->rows : NULL,
                              .sums = scratch + p->sums_at,
                              .h = scratch + p->h_at,
                              .c = scratch + p->c_at,
                              .spare = scratch + p->spare_at};
    memset(bias, 0, p->rows * sizeof *bias);
    if (b) memcpy(bias, run.bias, p->rows * sizeof *bias);
    if (b) p->isa->combine[OB_REDUCE_SUM](run.bias + p->rows, bias, p->rows - skip_rows);
    input_sums(&run, w + d * p->w_size, bias);
    run_direction(&run, cell, has_cell);
  }
  return OB_OK;
}

/* The operator's own activations, once or twice over. */
static bool has_usual_activations(const ob_node_view_t *node, const char *const *activations, size_t count) {
  const ob_attribute_view_t *names = ob_node_attribute(node, "activations");
  for (size_t i = 0; names && i < names->count; i++)
    if (strcasecmp(names->strings[i].data, activations[i % count]) != 0) return false;
  return true;
}

bool ob_recurrent_supports(const ob_node_view_t *node, const char *const *activations, size_t count, char *reason, size_t size) {
  const ob_attribute_view_t *clip = ob_node_attribute(node, "clip"), *forget = ob_node_attribute(node, "input_forget");
  if (!has_usual_activations(node, activations, count)) return ob_cpu_refuse(node, reason, size, "activations other than the usual ones");
  if (clip && clip->floats[0] != 0.0f) return ob_cpu_refuse(node, reason, size, "clip");
  if (forget && forget->ints[0] != 0) return ob_cpu_refuse(node, reason, size, "input_forget");
  if (ob_cpu_has(node, 4)) return ob_cpu_refuse(node, reason, size, "sequence lengths");
  if (ob_cpu_has(node, 7)) return ob_cpu_refuse(node, reason, size, "peepholes");
  return ob_cpu_takes(node, OB_DTYPE_BIT(OB_FLOAT32), reason, size);
}
