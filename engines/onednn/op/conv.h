/* A convolution as its operator and the pair of two convolutions describe it. */
#ifndef OB_ONEDNN_CONV_H
#define OB_ONEDNN_CONV_H

#include "onednn/onednn.h"

/* Sizes of one node. The caller sets plan, op and rank. */
typedef struct dn_conv {
  dn_plan_t *plan;
  const dn_op_t *op;
  int32_t rank, weights_rank;
  int64_t weights_dims[DN_MAX_RANK];
  dn_axes_t axes;
  dn_conv_desc_t desc;
} dn_conv_t;

/* Fills in the rest but desc.weights. */
OB_MUST_CHECK ob_status_t dn_conv_describe(dn_conv_t *conv);
/* A 1x1 convolution and the depthwise one behind it as one primitive, where oneDNN has a fast one: then *paired, the step is
 * there, and so is the value of the second. */
OB_MUST_CHECK ob_status_t dn_conv_pair(dn_conv_t *first, bool *paired);
/* The convolution by Winograd's algorithm, where that is faster: then *done, the step is there, and so is the value. */
OB_MUST_CHECK ob_status_t dn_conv_winograd(dn_conv_t *conv, bool *done);

#endif
