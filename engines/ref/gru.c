/* GRU: gated recurrent unit, gates in the order z, r, h; both forms of the reset gate. */
#include "ref/support/recurrent.h"

/* What R gives for the h gate, from a state that the reset gate has already scaled. */
static double reset_sum(const ob_ref_recurrent_t *r, const double *scaled, size_t i) {
  size_t row = 2 * r->hidden + i;
  double sum = r->b[3 * r->hidden + row];
  for (size_t k = 0; k < r->hidden; k++) sum += r->r[row * r->hidden + k] * scaled[k];
  return sum;
}

static void cell(ob_ref_recurrent_t *r, size_t d, const void *arg) {
  bool linear_before_reset = *(const bool *)arg;
  size_t n = r->hidden;
  double *scaled = r->c; /* GRU has no cell state: its room is free */
  ob_ref_recurrent_sums(r);
  const double *from_h = r->sums + 3 * n;
  for (size_t i = 0; i < n; i++) scaled[i] = ob_ref_activate(r, d, 0, r->sums[n + i] + from_h[n + i]) * (linear_before_reset ? 1 : r->h[i]);
  for (size_t i = 0; i < n; i++) {
    double update = ob_ref_activate(r, d, 0, r->sums[i] + from_h[i]);
    double recurrent = linear_before_reset ? scaled[i] * from_h[2 * n + i] : reset_sum(r, scaled, i);
    /* scaled holds all that the state is still needed for, so the new one may take its place */
    r->h[i] = (1 - update) * ob_ref_activate(r, d, 1, r->sums[2 * n + i] + recurrent) + update * r->h[i];
  }
}

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_recurrent_prepare(setup, 3); }

static ob_status_t run(const ob_kernel_call_t *call) {
  static const char *const defaults[] = {"Sigmoid", "Tanh", NULL};
  ob_ref_recurrent_t r;
  bool linear_before_reset = ob_kernel_int(call, "linear_before_reset", 0) != 0;
  OB_TRY(ob_ref_recurrent_begin(call, 3, defaults, &r));
  return ob_ref_recurrent_run(&r, cell, false, &linear_before_reset);
}

const ob_kernel_t ob_ref_GRU = {.op = "GRU", .domain = "", .prepare = prepare, .run = run};
