/* SoftmaxCrossEntropyLoss: cross entropy of scores and labels, or their mean or sum. */
#include "op/loss.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t scores = ob_infer_shape(infer, 0);
  OB_TRY(ob_infer_loss(infer));
  return ob_infer_set(infer, 1, OB_UNDEFINED, &scores);
}

const ob_op_t ob_op_SoftmaxCrossEntropyLoss = {
    .name = "SoftmaxCrossEntropyLoss",
    .domain = "",
    .since = 13,
    OB_INPUTS(2, OB_PARAM("scores", 'T', OB_TYPES_FLOATS), OB_PARAM("labels", 'i', OB_TYPES_INDEX),
              OB_OPTIONAL_PARAM("weights", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("log_prob", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MAYBE("ignore_index", INT), OB_TEXT("reduction", "mean")),
    .infer = infer,
    .doc = "cross entropy of scores and labels, or their mean or sum",
};
