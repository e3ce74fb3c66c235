/* TreeEnsembleRegressor: decision trees whose leaves are added up, averaged, or the least or largest of them taken. */
#include <string.h>

#include "ref/ml/forest.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  return ob_ref_forest_prepare(setup, "target", (size_t)ob_setup_int(setup, "n_targets", 1));
}

static ob_ref_aggregate_t aggregate_of(const ob_kernel_call_t *call) {
  const char *name = ob_kernel_string(call, "aggregate_function", "SUM");
  if (strcmp(name, "SUM") == 0) return OB_REF_SUM;
  if (strcmp(name, "AVERAGE") == 0) return OB_REF_AVERAGE;
  return strcmp(name, "MIN") == 0 ? OB_REF_MIN : OB_REF_MAX;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  const ob_ref_list_t base = ob_ref_list(call->node, "base_values", "base_values_as_tensor");
  size_t rows = ob_ref_rows(x).rows, targets = (size_t)y->dims[1];
  double *scores;
  bool *voted;
  if (base.count > 1 && base.count != targets)
    return ob_fail(OB_INVALID_MODEL, "attribute 'base_values' has %zu elements, expected %zu", base.count, targets);
  OB_TRY(ob_ref_doubles(call, targets, &scores));
  OB_TRY(ob_kernel_memory(call, targets, (void **)&voted));
  for (size_t row = 0; row < rows; row++) {
    OB_TRY(ob_ref_forest_vote(call->state, x, row, aggregate_of(call), targets, scores, voted));
    for (size_t t = 0; t < targets && base.count > 0; t++) scores[t] += ob_ref_list_get(&base, base.count == 1 ? 0 : t);
    ob_ref_transform(ob_kernel_string(call, "post_transform", "NONE"), scores, targets);
    ob_ref_store(y->dtype, y->data, row * targets, targets, scores);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_TreeEnsembleRegressor = {.op = "TreeEnsembleRegressor", .domain = "ai.onnx.ml", .prepare = prepare, .run = run};
