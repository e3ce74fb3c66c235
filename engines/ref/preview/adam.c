/* Adam: running averages of the gradient and of its square; the step is the one over the root of the other. */
#include <math.h>

#include "ref/preview/optimizer.h"

typedef struct parameters {
  double alpha, beta, norm, norm_post, epsilon;
} parameters_t;

static void update(const ob_ref_step_t *step, const double *in, double *out) {
  const parameters_t *p = step->arg;
  double gradient = p->norm * in[0] + in[1], rate = step->rate, t = (double)step->count;
  out[1] = p->alpha * in[2] + (1 - p->alpha) * gradient;
  out[2] = p->beta * in[3] + (1 - p->beta) * gradient * gradient;
  if (step->count > 0) rate *= sqrt(1 - pow(p->beta, t)) / (1 - pow(p->alpha, t));
  out[0] = (1 - p->norm_post) * (in[0] - rate * out[1] / (sqrt(out[2]) + p->epsilon));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "alpha", 0.9f), (double)ob_kernel_float(call, "beta", 0.999f), (double)ob_kernel_float(call, "norm_coefficient", 0), (double)ob_kernel_float(call, "norm_coefficient_post", 0), (double)ob_kernel_float(call, "epsilon", 1e-6f)};
  return ob_ref_optimize(call, 4, 3, update, &p);
}

const ob_kernel_t ob_ref_training_Adam = {.op = "Adam", .domain = "ai.onnx.preview.training", .run = run};
