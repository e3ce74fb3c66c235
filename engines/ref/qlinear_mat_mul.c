/* QLinearMatMul: product of quantised matrices: exact sums, scaled once, rounded and saturated. */
#include "ref/support/quantized.h"
#include "ref/support/scale.h"

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO };

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_quantized_prepare(setup, A, B); }

/* Scales: one for all, one a row of A (`step` of the row), one a column of B. */
static double scale_at(const ob_tensor_t *scale, size_t i) { return ob_ref_get(scale->dtype, scale->data, ob_tensor_count(scale) == 1 ? 0 : i); }

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *const *in = call->inputs;
  ob_ref_quantized_t q = {.a = in[A], .b = in[B], .a_zero = in[A_ZERO], .b_zero = in[B_ZERO]};
  OB_TRY(ob_ref_quantized_begin(call, &q));
  OB_TRY(ob_kernel_allocate(call, 0, q.shape.out_rank, q.shape.out_dims));
  size_t a_scales = ob_tensor_count(in[A_SCALE]), b_scales = ob_tensor_count(in[B_SCALE]);
  if ((a_scales != 1 && a_scales != q.shape.m) || (b_scales != 1 && b_scales != q.shape.n))
    return ob_fail(OB_UNSUPPORTED, "%zu and %zu scales for %zu rows and %zu columns", a_scales, b_scales, q.shape.m, q.shape.n);
  ob_tensor_t *y = call->outputs[0];
  int64_t zero = ob_ref_get_int(in[Y_ZERO]->dtype, in[Y_ZERO]->data, 0);
  for (size_t batch = 0; batch < q.shape.batches; batch++) {
    double *c;
    OB_TRY(ob_ref_quantized_product(call, &q, batch, &c));
    for (size_t i = 0; i < q.shape.m * q.shape.n; i++) {
      double scale = scale_at(in[A_SCALE], i / q.shape.n) * scale_at(in[B_SCALE], i % q.shape.n) / scale_at(in[Y_SCALE], 0);
      ob_ref_set_int(y->dtype, y->data, batch * q.shape.m * q.shape.n + i, ob_ref_quantize(c[i] * scale, 1, zero, OB_FLOAT32, y->dtype));
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_QLinearMatMul = {.op = "QLinearMatMul", .domain = "", .prepare = prepare, .run = run};
