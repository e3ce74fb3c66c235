/* LSTM, GRU and RNN: one step of one sequence. */
#include <string.h>

#include "cpu/recurrent/recurrent.h"

static void lstm_cell(const ob_recurrent_run_t *run, float *sums, float *h, float *c) {
  const ob_recurrent_t *p = run->plan;
  p->isa->gemv(h, run->r, p->hidden, 0, p->rows, sums);
  p->isa->lstm_gates(sums, c, h, p->hidden);
}

static ob_status_t prepare_lstm(ob_kernel_setup_t *setup) { return ob_recurrent_prepare(setup, 4); }
static ob_status_t run_lstm(const ob_kernel_call_t *call) { return ob_recurrent_run(call, lstm_cell, true, 0); }

static bool lstm_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  static const char *const usual[] = {"Sigmoid", "Tanh", "Tanh"};
  (void)region;
  return ob_recurrent_supports(node, usual, 3, reason, size);
}

static void apply(const ob_recurrent_t *p, ob_unary_t op, float *x, size_t n) {
  const ob_tile_t tile = {.in = {x}, .out = x, .n = n};
  p->isa->unary[op](&tile);
}

/* h = (1 - z) * candidate + z * h */
static void gru_mix(const float *z, const float *candidate, float *h, size_t n) {
  for (size_t i = 0; i < n; i++) h[i] = candidate[i] + z[i] * (h[i] - candidate[i]);
}

/* The reset gate scales the state before the product with R. */
static void gru_cell(const ob_recurrent_run_t *run, float *sums, float *h, float *c) {
  const ob_recurrent_t *p = run->plan;
  const size_t n = p->hidden;
  (void)c;
  p->isa->gemv(h, run->r, n, 0, 2 * n, sums);
  apply(p, OB_UNARY_sigmoid, sums, 2 * n);
  for (size_t i = 0; i < n; i++) run->spare[i] = sums[n + i] * h[i];
  p->isa->gemv(run->spare, run->r, n, 2 * n, n, sums + 2 * n);
  apply(p, OB_UNARY_tanh, sums + 2 * n, n);
  gru_mix(sums, sums + 2 * n, h, n);
}

/* linear_before_reset: it scales the product, bias included. */
static void gru_cell_linear(const ob_recurrent_run_t *run, float *sums, float *h, float *c) {
  const ob_recurrent_t *p = run->plan;
  const size_t n = p->hidden;
  (void)c;
  p->isa->gemv(h, run->r, n, 0, 2 * n, sums);
  apply(p, OB_UNARY_sigmoid, sums, 2 * n);
  for (size_t i = 0; i < n; i++) run->spare[i] = run->bias ? run->bias[p->rows + 2 * n + i] : 0.0f;
  p->isa->gemv(h, run->r, n, 2 * n, n, run->spare);
  for (size_t i = 0; i < n; i++) sums[2 * n + i] += sums[n + i] * run->spare[i];
  apply(p, OB_UNARY_tanh, sums + 2 * n, n);
  gru_mix(sums, sums + 2 * n, h, n);
}

static ob_status_t prepare_gru(ob_kernel_setup_t *setup) { return ob_recurrent_prepare(setup, 3); }

static ob_status_t run_gru(const ob_kernel_call_t *call) {
  const ob_recurrent_t *p = call->state;
  const bool linear = ob_kernel_int(call, "linear_before_reset", 0) != 0;
  return ob_recurrent_run(call, linear ? gru_cell_linear : gru_cell, false, linear ? p->hidden : 0);
}

static bool gru_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  static const char *const usual[] = {"Sigmoid", "Tanh"};
  (void)region;
  return ob_recurrent_supports(node, usual, 2, reason, size);
}

/* H = tanh(W x + R h + biases) */
static void rnn_cell(const ob_recurrent_run_t *run, float *sums, float *h, float *c) {
  const ob_recurrent_t *p = run->plan;
  (void)c;
  p->isa->gemv(h, run->r, p->hidden, 0, p->hidden, sums);
  apply(p, OB_UNARY_tanh, sums, p->hidden);
  memcpy(h, sums, p->hidden * sizeof *h);
}

static ob_status_t prepare_rnn(ob_kernel_setup_t *setup) { return ob_recurrent_prepare(setup, 1); }
static ob_status_t run_rnn(const ob_kernel_call_t *call) { return ob_recurrent_run(call, rnn_cell, false, 0); }

static bool rnn_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  static const char *const usual[] = {"Tanh"};
  (void)region;
  return ob_recurrent_supports(node, usual, 1, reason, size);
}

const ob_kernel_t ob_cpu_kernel_LSTM = {.op = "LSTM",
                                        .domain = "",
                                        .packs = 1u << 1 | 1u << 2,
                                        .supports = lstm_supports,
                                        .compile = ob_recurrent_compile,
                                        .prepare = prepare_lstm,
                                        .run = run_lstm};
const ob_kernel_t ob_cpu_kernel_GRU = {.op = "GRU",
                                       .domain = "",
                                       .packs = 1u << 1 | 1u << 2,
                                       .supports = gru_supports,
                                       .compile = ob_recurrent_compile,
                                       .prepare = prepare_gru,
                                       .run = run_gru};
const ob_kernel_t ob_cpu_kernel_RNN = {.op = "RNN",
                                       .domain = "",
                                       .packs = 1u << 1 | 1u << 2,
                                       .supports = rnn_supports,
                                       .compile = ob_recurrent_compile,
                                       .prepare = prepare_rnn,
                                       .run = run_rnn};
