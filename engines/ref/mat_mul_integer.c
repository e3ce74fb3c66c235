/* MatMulInteger: product of 8-bit integer matrices less their zero points, as int32. Zero points: one for all, one a row of A, one
 * a column of B. */
#include "ref/support/quantized.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) { return ob_ref_quantized_prepare(setup, 0, 1); }

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_ref_quantized_t q = {.a = call->inputs[0], .b = call->inputs[1], .a_zero = ob_ref_input(call, 2), .b_zero = ob_ref_input(call, 3)};
  OB_TRY(ob_ref_quantized_begin(call, &q));
  OB_TRY(ob_kernel_allocate(call, 0, q.shape.out_rank, q.shape.out_dims));
  ob_tensor_t *y = call->outputs[0];
  for (size_t batch = 0; batch < q.shape.batches; batch++) {
    double *c;
    OB_TRY(ob_ref_quantized_product(call, &q, batch, &c));
    ob_ref_store(y->dtype, y->data, batch * q.shape.m * q.shape.n, q.shape.m * q.shape.n, c);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_MatMulInteger = {.op = "MatMulInteger", .domain = "", .prepare = prepare, .run = run};
