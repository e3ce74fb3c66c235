/* Shared by the optimisers: see optimizer.h. */
#include "ref/preview/optimizer.h"

#include "ref/support/shape.h"

ob_status_t ob_ref_optimize(const ob_kernel_call_t *call, size_t in, size_t out, ob_ref_update_t update, const void *arg) {
  size_t count = (call->node->input_count - 2) / in;
  const ob_ref_step_t step = {ob_ref_get(call->inputs[0]->dtype, call->inputs[0]->data, 0),
                              ob_ref_get_int(call->inputs[1]->dtype, call->inputs[1]->data, 0), arg};
  for (size_t t = 0; t < count; t++) {
    size_t elements = ob_tensor_count(call->inputs[2 + t]);
    for (size_t i = 0; i < elements; i++) {
      double before[4], after[4];
      for (size_t list = 0; list < in; list++) {
        const ob_tensor_t *x = call->inputs[2 + list * count + t];
        before[list] = ob_ref_get(x->dtype, x->data, i);
      }
      update(&step, before, after);
      for (size_t list = 0; list < out; list++) {
        ob_tensor_t *y = ob_ref_output(call, list * count + t);
        if (y) ob_ref_set(y->dtype, y->data, i, after[list]);
      }
    }
  }
  return OB_OK;
}
