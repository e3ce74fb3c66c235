/* MaxUnpool: puts elements back to where MaxPool took them from; the rest is zero. */
#include "ref/support/index.h"
#include "ref/support/move.h"

/* The size that the attributes alone give: indices count in it. */
static ob_status_t inferred_size(const ob_kernel_call_t *call, const ob_tensor_t *x, int64_t *dims) {
  size_t kernels, strides, pads;
  const int64_t *kernel = ob_kernel_ints(call, "kernel_shape", &kernels), *stride = ob_kernel_ints(call, "strides", &strides);
  const int64_t *pad = ob_kernel_ints(call, "pads", &pads);
  size_t rank = x->rank < 2 ? 0 : (size_t)x->rank - 2;
  if (!kernel || kernels != rank || (stride && strides != rank) || (pad && pads != 2 * rank))
    return ob_fail(OB_INVALID_ARGUMENT, "kernel_shape, strides or pads do not fit %zu axes", rank);
  dims[0] = x->dims[0];
  dims[1] = x->dims[1];
  for (size_t i = 0; i < rank; i++) {
    dims[i + 2] = (x->dims[i + 2] - 1) * (stride ? stride[i] : 1) - (pad ? pad[i] + pad[rank + i] : 0) + kernel[i];
    if (dims[i + 2] < 0) return ob_fail(OB_OUT_OF_RANGE, "axis %zu would have %lld elements", i + 2, (long long)dims[i + 2]);
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *indices = call->inputs[1], *shape = ob_ref_input(call, 2);
  int64_t inner[OB_MAX_RANK], dims[OB_MAX_RANK];
  OB_TRY(inferred_size(call, x, inner));
  OB_TRY(ob_ref_same_shape(x, indices, "X and I"));
  for (int32_t i = 0; i < x->rank; i++) dims[i] = inner[i];
  if (shape && ob_tensor_count(shape) != (size_t)x->rank) return ob_fail(OB_OUT_OF_RANGE, "output_shape has %zu entries", ob_tensor_count(shape));
  for (int32_t i = 0; shape && i < x->rank; i++) {
    dims[i] = ob_ref_get_int(shape->dtype, shape->data, (size_t)i);
    if (dims[i] < inner[i]) return ob_fail(OB_OUT_OF_RANGE, "axis %d of output_shape is %lld, at least %lld is needed", (int)i, (long long)dims[i], (long long)inner[i]);
  }
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_tensor_t *y = call->outputs[0];
  int64_t total = (int64_t)ob_ref_product(inner, 0, x->rank), strides[OB_MAX_RANK];
  ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  ob_ref_strides(x->rank, dims, strides);
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    int64_t at, to = 0;
    OB_TRY(ob_ref_index(indices, i, 0, total, &at));
    for (int32_t d = x->rank; d-- > 0; at /= inner[d]) to += at % inner[d] * strides[d];
    ob_ref_copy(x->dtype, y->data, (size_t)to, x->data, i, 1);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_MaxUnpool = {.op = "MaxUnpool", .domain = "", .run = run};
