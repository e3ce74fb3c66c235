/* NegativeLogLikelihoodLoss: the negative log likelihood of each target, or their mean or sum. */
#include "op/loss.h"

const ob_op_t ob_op_NegativeLogLikelihoodLoss = {
    .name = "NegativeLogLikelihoodLoss",
    .domain = "",
    .since = 22,
    OB_INPUTS(2, OB_PARAM("input", 'T', OB_TYPES_FLOATS), OB_PARAM("target", 'i', OB_TYPES_INDEX),
              OB_OPTIONAL_PARAM("weight", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("loss", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MAYBE("ignore_index", INT), OB_TEXT("reduction", "mean")),
    .infer = ob_infer_loss,
    .doc = "the negative log likelihood of each target, or their mean or sum",
};
