/* Momentum: the step is a running sum of gradients, or looks ahead of it (Nesterov). */
#include <string.h>

#include "ref/preview/optimizer.h"

typedef struct parameters {
  double alpha, beta, norm;
  bool nesterov;
} parameters_t;

static void update(const ob_ref_step_t *step, const double *in, double *out) {
  const parameters_t *p = step->arg;
  double gradient = p->norm * in[0] + in[1];
  out[1] = p->alpha * in[2] + (step->count > 0 ? p->beta : 1) * gradient;
  out[0] = in[0] - step->rate * (p->nesterov ? gradient + p->alpha * out[1] : out[1]);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "alpha", 0), (double)ob_kernel_float(call, "beta", 0), (double)ob_kernel_float(call, "norm_coefficient", 0), strcmp(ob_kernel_string(call, "mode", "standard"), "nesterov") == 0};
  return ob_ref_optimize(call, 3, 2, update, &p);
}

const ob_kernel_t ob_ref_training_Momentum = {.op = "Momentum", .domain = "ai.onnx.preview.training", .run = run};
