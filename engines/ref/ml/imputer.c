/* Imputer: one value replaced by others, NaN by being NaN. */
#include <math.h>

#include "ref/ml/ml.h"
#include "ref/support/map.h"

static ob_status_t run_reals(const ob_kernel_call_t *call, const ob_ref_list_t *values, size_t length) {
  const ob_tensor_t *x = call->inputs[0];
  double old = (double)ob_kernel_float(call, "replaced_value_float", 0);
  size_t count = ob_tensor_count(x);
  for (size_t i = 0; i < count; i++) {
    double value = ob_ref_get(x->dtype, x->data, i);
    if (value == old || (isnan(value) && isnan(old))) value = ob_ref_list_get(values, values->count == 1 ? 0 : i % length);
    ob_ref_set(x->dtype, call->outputs[0]->data, i, value);
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  bool real = ob_ref_is_real(x->dtype);
  const char *name = real ? "imputed_value_floats" : "imputed_value_int64s";
  const ob_ref_list_t values = ob_ref_list(call->node, name, NULL);
  int64_t old = ob_kernel_int(call, "replaced_value_int64", 0);
  size_t count = ob_tensor_count(x), length = (size_t)x->dims[x->rank - 1];
  if (values.count != 1 && values.count != length)
    return ob_fail(OB_INVALID_ARGUMENT, "attribute '%s' has %zu elements, expected 1 or %zu", name, values.count, length);
  if (real) return run_reals(call, &values, length);
  for (size_t i = 0; i < count; i++) {
    int64_t value = ob_ref_get_int(x->dtype, x->data, i);
    if (value == old) value = ob_ref_list_int(&values, values.count == 1 ? 0 : i % length);
    ob_ref_set_int(x->dtype, call->outputs[0]->data, i, value);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_Imputer = {.op = "Imputer", .domain = "ai.onnx.ml", .prepare = ob_ref_prepare_in_place, .run = run};
