/* LinearClassifier: scores of a linear model, and the class with the largest. */
#include "ref/ml/ml.h"

typedef struct linear {
  ob_ref_list_t coefficients, intercepts;
  size_t features, targets;
} linear_t;

static double score(const linear_t *model, const ob_tensor_t *x, size_t row, size_t target) {
  double sum = model->intercepts.count ? ob_ref_list_get(&model->intercepts, target) : 0;
  for (size_t i = 0; i < model->features; i++)
    sum += ob_ref_get(x->dtype, x->data, row * model->features + i) * ob_ref_list_get(&model->coefficients, target * model->features + i);
  return sum;
}

static void put_class(const ob_kernel_call_t *call, size_t row, const double *scores, size_t targets, size_t labels) {
  size_t best = targets > 1 ? ob_ref_largest(scores, targets) : labels > 1 && scores[0] > 0;
  if (targets == 1 && labels == 1 && !(scores[0] > 0))
    ob_ref_put_no_label(call, row);
  else
    ob_ref_put_label(call, "classlabels_strings", "classlabels_ints", row, best);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *z = ob_ref_output(call, 1);
  ob_ref_rows_t in = ob_ref_rows(x);
  linear_t model = {ob_ref_list(call->node, "coefficients", NULL), ob_ref_list(call->node, "intercepts", NULL), in.features, 0};
  size_t labels = ob_ref_list(call->node, "classlabels_strings", "classlabels_ints").count;
  const char *transform = ob_kernel_string(call, "post_transform", "NONE");
  double *scores;
  model.targets = in.features ? model.coefficients.count / in.features : model.intercepts.count;
  if (model.targets == 0 || model.coefficients.count != model.targets * in.features ||
      (model.intercepts.count && model.intercepts.count != model.targets) || (model.targets != labels && model.targets != 1))
    return ob_fail(OB_INVALID_ARGUMENT, "attribute 'coefficients' has %zu elements, which does not fit %zu features and %zu labels",
                   model.coefficients.count, in.features, labels);
  OB_TRY(ob_ref_doubles(call, model.targets + 1, &scores));
  for (size_t row = 0; row < in.rows; row++) {
    size_t columns = model.targets;
    for (size_t t = 0; t < columns; t++) scores[t] = score(&model, x, row, t);
    put_class(call, row, scores, columns, labels);
    if (columns == 1 && labels == 2) {
      ob_ref_second_class(transform, false, scores);
      columns = 2;
    } else {
      ob_ref_transform(transform, scores, columns);
    }
    if (z) ob_ref_store(z->dtype, z->data, row * columns, columns, scores);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_LinearClassifier = {.op = "LinearClassifier", .domain = "ai.onnx.ml", .run = run};
