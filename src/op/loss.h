/* Losses of classes: what NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss have in common. */
#ifndef OB_OP_LOSS_H
#define OB_OP_LOSS_H

#include "op/infer_util.h"

/* Output 0 has the targets' shape, or is a scalar where the reduction is no "none". */
ob_status_t ob_infer_loss(ob_infer_t *infer);

#endif
