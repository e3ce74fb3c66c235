/* Adagrad: steps divided by the root of all squared gradients so far. */
#include <math.h>

#include "ref/preview/optimizer.h"

typedef struct parameters {
  double norm, decay, epsilon;
} parameters_t;

static void update(const ob_ref_step_t *step, const double *in, double *out) {
  const parameters_t *p = step->arg;
  double gradient = p->norm * in[0] + in[1];
  out[1] = in[2] + gradient * gradient;
  out[0] = in[0] - step->rate / (1 + (double)step->count * p->decay) * gradient / (sqrt(out[1]) + p->epsilon);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const parameters_t p = {(double)ob_kernel_float(call, "norm_coefficient", 0), (double)ob_kernel_float(call, "decay_factor", 0), (double)ob_kernel_float(call, "epsilon", 1e-6f)};
  return ob_ref_optimize(call, 3, 2, update, &p);
}

const ob_kernel_t ob_ref_training_Adagrad = {.op = "Adagrad", .domain = "ai.onnx.preview.training", .run = run};
