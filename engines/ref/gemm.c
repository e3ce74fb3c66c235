/* Gemm: Y = alpha * A' * B' + beta * C, where A' and B' may be transposed and C is broadcast; in double throughout. */
#include "ref/support/contract.h"

/* m, k, n from the shapes; fails when they do not fit. */
static ob_status_t sizes(const ob_tensor_t *a, const ob_tensor_t *b, bool trans_a, bool trans_b, size_t *m, size_t *k, size_t *n) {
  if (a->rank != 2 || b->rank != 2) return ob_fail(OB_INVALID_ARGUMENT, "operands of rank %d and %d", (int)a->rank, (int)b->rank);
  *m = (size_t)a->dims[trans_a];
  *k = (size_t)a->dims[!trans_a];
  *n = (size_t)b->dims[!trans_b];
  if ((size_t)b->dims[trans_b] != *k) return ob_fail(OB_INVALID_ARGUMENT, "rows of %zu elements times columns of %lld", *k, (long long)b->dims[trans_b]);
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  size_t m = 0, k = 0, n = 0;
  OB_TRY(sizes(setup->inputs[0], setup->inputs[1], ob_setup_int(setup, "transA", 0), ob_setup_int(setup, "transB", 0), &m, &k, &n));
  return ob_ref_is_real(setup->inputs[0]->dtype) ? ob_ref_product_prepare(setup, m, k, n, NULL) : OB_OK;
}

static ob_ref_matrix_t matrix(const ob_tensor_t *tensor, bool transposed) {
  return (ob_ref_matrix_t){.tensor = tensor, .row = transposed ? 1 : tensor->dims[1], .column = transposed ? tensor->dims[1] : 1};
}

/* One element of an integer product, with wrap-around. */
static int64_t integer_dot(const ob_ref_matrix_t *a, const ob_ref_matrix_t *b, size_t i, size_t j, size_t count) {
  uint64_t sum = 0;
  for (size_t k = 0; k < count; k++)
    sum += (uint64_t)ob_ref_get_int(a->tensor->dtype, a->tensor->data, (size_t)((int64_t)i * a->row + (int64_t)k * a->column)) *
           (uint64_t)ob_ref_get_int(b->tensor->dtype, b->tensor->data, (size_t)((int64_t)k * b->row + (int64_t)j * b->column));
  return (int64_t)sum;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *addend = ob_ref_input(call, 2);
  bool trans_a = ob_kernel_int(call, "transA", 0) != 0, trans_b = ob_kernel_int(call, "transB", 0) != 0;
  double alpha = (double)ob_kernel_float(call, "alpha", 1), beta = (double)ob_kernel_float(call, "beta", 1), *c = NULL;
  ob_ref_matrix_t a = matrix(call->inputs[0], trans_a), b = matrix(call->inputs[1], trans_b);
  size_t m = 0, k = 0, n = 0, at = 0;
  bool real = ob_ref_is_real(a.tensor->dtype);
  OB_TRY(sizes(a.tensor, b.tensor, trans_a, trans_b, &m, &k, &n));
  int64_t dims[2] = {(int64_t)m, (int64_t)n};
  OB_TRY(ob_kernel_allocate(call, 0, 2, dims));
  ob_tensor_t *y = call->outputs[0];
  if (real) OB_TRY(ob_ref_matrix_product(call, &a, &b, m, k, n, 0, &c));
  ob_ref_walk_t walk;
  OB_TRY(ob_ref_walk_begin(&walk, 2, dims, &addend, addend ? 1 : 0));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (size_t j = 0; j < n; j++, at++) {
      size_t from = (size_t)(walk.offsets[0] + (int64_t)j * walk.steps[0]);
      if (real)
        ob_ref_set(y->dtype, y->data, at, alpha * c[at] + (addend ? beta * ob_ref_get(addend->dtype, addend->data, from) : 0));
      else
        ob_ref_set_int(y->dtype, y->data, at,
                       (int64_t)(alpha * (double)integer_dot(&a, &b, at / n, j, k)) +
                           (addend ? (int64_t)(beta * (double)ob_ref_get_int(addend->dtype, addend->data, from)) : 0));
    }
  return OB_OK;
}

const ob_kernel_t ob_ref_Gemm = {.op = "Gemm", .domain = "", .prepare = prepare, .run = run};
