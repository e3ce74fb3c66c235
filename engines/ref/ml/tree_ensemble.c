/* TreeEnsemble: decision trees whose leaves are added up, averaged, or the least or largest of them taken. */
#include "ref/ml/forest.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  return ob_ref_forest_prepare_split(setup, (size_t)ob_setup_int(setup, "n_targets", 1));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  static const char *const transforms[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  size_t rows = ob_ref_rows(x).rows, targets = (size_t)y->dims[1];
  const char *transform = transforms[ob_kernel_int(call, "post_transform", 0)];
  double *scores;
  bool *voted;
  OB_TRY(ob_ref_doubles(call, targets, &scores));
  OB_TRY(ob_kernel_memory(call, targets, (void **)&voted));
  for (size_t row = 0; row < rows; row++) {
    OB_TRY(ob_ref_forest_vote(call->state, x, row, (ob_ref_aggregate_t)ob_kernel_int(call, "aggregate_function", 1), targets, scores, voted));
    ob_ref_transform(transform, scores, targets);
    ob_ref_store(y->dtype, y->data, row * targets, targets, scores);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_TreeEnsemble = {.op = "TreeEnsemble", .domain = "ai.onnx.ml", .prepare = prepare, .run = run};
