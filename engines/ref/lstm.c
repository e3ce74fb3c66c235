/* LSTM: long short-term memory, gates in the order i, o, f, c; peepholes, clip, input_forget and both layouts. */
#include "ref/support/recurrent.h"

typedef struct lstm {
  const ob_tensor_t *peepholes; /* [directions, 3 * hidden]: i, o, f; or NULL */
  bool input_forget;
} lstm_t;

static double peephole(const ob_ref_recurrent_t *r, const lstm_t *l, size_t direction, size_t gate, size_t i) {
  if (!l->peepholes) return 0;
  return ob_ref_get(l->peepholes->dtype, l->peepholes->data, (direction * 3 + gate) * r->hidden + i);
}

static void cell(ob_ref_recurrent_t *r, size_t d, const void *arg) {
  const lstm_t *l = arg;
  size_t n = r->hidden;
  ob_ref_recurrent_sums(r);
  for (size_t i = 0; i < 4 * n; i++) r->sums[i] += r->sums[4 * n + i];
  for (size_t i = 0; i < n; i++) {
    double in = ob_ref_activate(r, d, 0, r->sums[i] + peephole(r, l, d, 0, i) * r->c[i]);
    double forget = l->input_forget ? 1 - in : ob_ref_activate(r, d, 0, r->sums[2 * n + i] + peephole(r, l, d, 2, i) * r->c[i]);
    double fresh = ob_ref_activate(r, d, 1, r->sums[3 * n + i]);
    r->c[i] = forget * r->c[i] + in * fresh;
    double out = ob_ref_activate(r, d, 0, r->sums[n + i] + peephole(r, l, d, 1, i) * r->c[i]);
    r->h[i] = out * ob_ref_activate(r, d, 2, r->c[i]);
  }
}

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_recurrent_prepare(setup, 4); }

static ob_status_t run(const ob_kernel_call_t *call) {
  static const char *const defaults[] = {"Sigmoid", "Tanh", "Tanh", NULL};
  ob_ref_recurrent_t r;
  lstm_t l = {ob_ref_input(call, 7), ob_kernel_int(call, "input_forget", 0) != 0};
  OB_TRY(ob_ref_recurrent_begin(call, 4, defaults, &r));
  if (l.peepholes && ob_tensor_count(l.peepholes) != r.directions * 3 * r.hidden)
    return ob_fail(OB_INVALID_ARGUMENT, "P has %zu elements", ob_tensor_count(l.peepholes));
  return ob_ref_recurrent_run(&r, cell, true, &l);
}

const ob_kernel_t ob_ref_LSTM = {.op = "LSTM", .domain = "", .prepare = prepare, .run = run};
