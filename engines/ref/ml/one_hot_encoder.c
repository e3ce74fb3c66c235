/* OneHotEncoder: a row of zeros and a one for each category. */
#include <math.h>

#include "ref/ml/ml.h"

static bool is_category(const ob_tensor_t *x, size_t at, const ob_attribute_view_t *categories, size_t k) {
  if (x->dtype == OB_STRING) return ob_ref_same_string((const ob_string_t *)x->data + at, &categories->strings[k]);
  if (!ob_ref_is_real(x->dtype)) return ob_ref_get_int(x->dtype, x->data, at) == categories->ints[k];
  return trunc(ob_ref_get(x->dtype, x->data, at)) == (double)categories->ints[k];
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_attribute_view_t *categories = ob_node_attribute(call->node, x->dtype == OB_STRING ? "cats_strings" : "cats_int64s");
  float *y = call->outputs[0]->data;
  size_t count = ob_tensor_count(x);
  bool lenient = ob_kernel_int(call, "zeros", 1) != 0;
  for (size_t i = 0; i < count; i++) {
    bool found = false;
    for (size_t k = 0; k < categories->count; k++) {
      bool here = !found && is_category(x, i, categories, k);
      y[i * categories->count + k] = here ? 1 : 0;
      found = found || here;
    }
    if (!found && !lenient) return ob_fail(OB_OUT_OF_RANGE, "element %zu of 'X' is none of the categories, and 'zeros' is 0", i);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_OneHotEncoder = {.op = "OneHotEncoder", .domain = "ai.onnx.ml", .run = run};
