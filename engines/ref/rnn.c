/* RNN: the plain recurrent layer, H = f(W x + Wb + R h + Rb). */
#include "ref/support/recurrent.h"

static void cell(ob_ref_recurrent_t *r, size_t d, const void *arg) {
  (void)arg;
  ob_ref_recurrent_sums(r);
  for (size_t i = 0; i < r->hidden; i++) r->h[i] = ob_ref_activate(r, d, 0, r->sums[i] + r->sums[r->hidden + i]);
}

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_recurrent_prepare(setup, 1); }

static ob_status_t run(const ob_kernel_call_t *call) {
  static const char *const defaults[] = {"Tanh", NULL};
  ob_ref_recurrent_t r;
  OB_TRY(ob_ref_recurrent_begin(call, 1, defaults, &r));
  return ob_ref_recurrent_run(&r, cell, false, NULL);
}

const ob_kernel_t ob_ref_RNN = {.op = "RNN", .domain = "", .prepare = prepare, .run = run};
