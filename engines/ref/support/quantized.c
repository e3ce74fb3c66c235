/* Zero points of matrices: see quantized.h. The scratch holds m + n of them before the product's. */
#include "ref/support/quantized.h"

static size_t zeros_bytes(const ob_ref_matmul_t *shape) { return (shape->m + shape->n + 7) / 8 * 64; }

ob_status_t ob_ref_quantized_prepare(ob_kernel_setup_t *setup, size_t a, size_t b) {
  ob_ref_matmul_t shape;
  size_t offset;
  OB_TRY(ob_ref_matmul_shape(setup->inputs[a], setup->inputs[b], &shape));
  OB_TRY(ob_ref_reserve(setup, shape.m + shape.n, sizeof(double), &offset));
  return ob_ref_product_prepare(setup, shape.m, shape.k, shape.n, NULL);
}

/* Spreads one zero point, or one a line, over `count` lines. */
static ob_status_t spread(const ob_tensor_t *zero, size_t count, double *out) {
  size_t given = zero ? ob_tensor_count(zero) : 0;
  if (given > 1 && given != count) return ob_fail(OB_UNSUPPORTED, "%zu zero points for %zu lines", given, count);
  for (size_t i = 0; i < count; i++) out[i] = given == 0 ? 0 : ob_ref_get(zero->dtype, zero->data, given == 1 ? 0 : i);
  return OB_OK;
}

ob_status_t ob_ref_quantized_begin(const ob_kernel_call_t *call, ob_ref_quantized_t *q) {
  double *zeros = call->scratch;
  OB_TRY(ob_ref_matmul_shape(q->a, q->b, &q->shape));
  q->product = zeros_bytes(&q->shape);
  OB_TRY(spread(q->a_zero, q->shape.m, zeros));
  return spread(q->b_zero, q->shape.n, zeros + q->shape.m);
}

ob_status_t ob_ref_quantized_product(const ob_kernel_call_t *call, const ob_ref_quantized_t *q, size_t batch, double **c) {
  const ob_ref_matmul_t *s = &q->shape;
  double *zeros = call->scratch;
  ob_ref_matrix_t a = {.tensor = q->a, .row = (int64_t)s->k, .column = 1, .minus = zeros, .minus_row = 1};
  ob_ref_matrix_t b = {.tensor = q->b, .row = (int64_t)s->n, .column = 1, .minus = zeros + s->m, .minus_column = 1};
  ob_ref_matmul_batch(s, batch, &a.at, &b.at);
  return ob_ref_matrix_product(call, &a, &b, s->m, s->k, s->n, q->product, c);
}
