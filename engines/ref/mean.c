/* Mean: element-wise mean of any number of tensors, with broadcasting; summed up in double. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *y = call->outputs[0];
  int64_t index[OB_MAX_RANK] = {0};
  size_t count = call->node->input_count;
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    double sum = 0;
    for (size_t t = 0; t < count; t++) {
      const ob_tensor_t *x = call->inputs[t];
      int64_t from = 0;
      for (int32_t i = 0; i < x->rank; i++) {
        int64_t dim = x->dims[i], out = y->rank - x->rank + i;
        if (out < 0 || (dim != 1 && dim != y->dims[out])) return ob_fail(OB_INVALID_ARGUMENT, "input %zu does not broadcast", t);
        from = from * dim + (dim == 1 ? 0 : index[out]);
      }
      sum += ob_ref_get(x->dtype, x->data, (size_t)from);
    }
    ob_ref_set(y->dtype, y->data, at, sum / (double)count);
    ob_ref_next(y->rank, y->dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Mean = {.op = "Mean", .domain = "", .run = run};
