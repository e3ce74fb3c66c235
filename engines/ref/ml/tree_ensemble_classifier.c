/* TreeEnsembleClassifier: decision trees that vote for classes. With two labels and votes for one class only, that class's score
 * decides alone, as ONNX Runtime has it: against 1/2 when no weight is negative, else against 0. */
#include "ref/ml/forest.h"

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  return ob_ref_forest_prepare(setup, "class", ob_ref_list(setup->node, "classlabels_strings", "classlabels_int64s").count);
}

/* What all rows have in common. */
typedef struct model {
  const char *transform;
  size_t labels;
  bool one_sided, positive; /* all votes are for one class of two; no weight is negative */
  ob_ref_list_t base;
} model_t;

static model_t describe(const ob_kernel_call_t *call) {
  const ob_ref_forest_t *forest = call->state;
  model_t model = {.transform = ob_kernel_string(call, "post_transform", "NONE"),
                   .labels = ob_ref_list(call->node, "classlabels_strings", "classlabels_int64s").count,
                   .positive = true,
                   .base = ob_ref_list(call->node, "base_values", "base_values_as_tensor")};
  model.one_sided = model.labels == 2;
  for (size_t v = 0; v < forest->vote_count; v++) {
    model.one_sided = model.one_sided && forest->votes[v].target == forest->votes[0].target;
    model.positive = model.positive && forest->votes[v].weight >= 0;
  }
  return model;
}

static size_t one_of_two(const model_t *model, double *scores) {
  const double score = scores[0];
  ob_ref_second_class(model->transform, model->positive, scores);
  return score > (model->positive ? 0.5 : 0);
}

/* The index of the label; scores become what the second output has. */
static size_t decide(const model_t *model, double *scores, const bool *voted) {
  size_t best = SIZE_MAX;
  if (model->one_sided) {
    scores[0] = voted[1] ? scores[1] : scores[0];
    if (model->base.count > 0) scores[0] += ob_ref_list_get(&model->base, model->base.count - 1);
    return one_of_two(model, scores);
  }
  for (size_t t = 0; t < model->labels && t < model->base.count; t++) scores[t] += ob_ref_list_get(&model->base, t);
  for (size_t t = 0; t < model->labels; t++)
    if ((voted[t] || t < model->base.count) && (best == SIZE_MAX || scores[t] > scores[best])) best = t;
  ob_ref_transform(model->transform, scores, model->labels);
  return best == SIZE_MAX ? 0 : best;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *z = ob_ref_output(call, 1);
  const model_t model = describe(call);
  size_t rows = ob_ref_rows(x).rows;
  double *scores;
  bool *voted;
  if (model.base.count > 1 && model.base.count != model.labels)
    return ob_fail(OB_INVALID_MODEL, "attribute 'base_values' has %zu elements, expected %zu", model.base.count, model.labels);
  OB_TRY(ob_ref_doubles(call, model.labels + 1, &scores));
  OB_TRY(ob_kernel_memory(call, model.labels + 1, (void **)&voted));
  for (size_t row = 0; row < rows; row++) {
    OB_TRY(ob_ref_forest_vote(call->state, x, row, OB_REF_SUM, model.labels, scores, voted));
    ob_ref_put_label(call, "classlabels_strings", "classlabels_int64s", row, decide(&model, scores, voted));
    if (z) ob_ref_store(z->dtype, z->data, row * model.labels, model.labels, scores);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_TreeEnsembleClassifier = {.op = "TreeEnsembleClassifier", .domain = "ai.onnx.ml", .prepare = prepare, .run = run};
