/* MatMul: matrix product as numpy.matmul; sums of floats in double, of integers in int64 with wrap-around. */
#include "ref/support/contract.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  ob_ref_matmul_t s;
  OB_TRY(ob_ref_matmul_shape(setup->inputs[0], setup->inputs[1], &s));
  return ob_ref_is_real(setup->inputs[0]->dtype) ? ob_ref_product_prepare(setup, s.m, s.k, s.n, NULL) : OB_OK;
}

static void integers(const ob_ref_matmul_t *s, const ob_tensor_t *a, int64_t a_at, const ob_tensor_t *b, int64_t b_at, ob_tensor_t *y, size_t at) {
  for (size_t i = 0; i < s->m; i++)
    for (size_t j = 0; j < s->n; j++) {
      uint64_t sum = 0;
      for (size_t k = 0; k < s->k; k++)
        sum += (uint64_t)ob_ref_get_int(a->dtype, a->data, (size_t)a_at + i * s->k + k) *
               (uint64_t)ob_ref_get_int(b->dtype, b->data, (size_t)b_at + k * s->n + j);
      ob_ref_set_int(y->dtype, y->data, at + i * s->n + j, (int64_t)sum);
    }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *a = call->inputs[0], *b = call->inputs[1];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_matmul_t s;
  double *c;
  OB_TRY(ob_ref_matmul_shape(a, b, &s));
  OB_TRY(ob_kernel_allocate(call, 0, s.out_rank, s.out_dims));
  for (size_t batch = 0; batch < s.batches; batch++) {
    ob_ref_matrix_t left = {.tensor = a, .row = (int64_t)s.k, .column = 1}, right = {.tensor = b, .row = (int64_t)s.n, .column = 1};
    ob_ref_matmul_batch(&s, batch, &left.at, &right.at);
    if (!ob_ref_is_real(a->dtype)) {
      integers(&s, a, left.at, b, right.at, y, batch * s.m * s.n);
      continue;
    }
    OB_TRY(ob_ref_matrix_product(call, &left, &right, s.m, s.k, s.n, 0, &c));
    ob_ref_store(y->dtype, y->data, batch * s.m * s.n, s.m * s.n, c);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_MatMul = {.op = "MatMul", .domain = "", .prepare = prepare, .run = run};
