/* What the optimisers of ai.onnx.preview.training share. */
#ifndef OB_OP_PREVIEW_TRAINING_H
#define OB_OP_PREVIEW_TRAINING_H

#include "op/infer_util.h"

#define OB_TYPES_TRAINED (OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_FLOAT64))

/* Inputs are a rate, a count, then `in` lists of n tensors; outputs are `out` lists. The i-th tensors of all lists have one shape and
 * type; output list 0 is the new values (list 0), the k-th other one is the state of input list 1 + k. */
ob_status_t ob_infer_optimizer(ob_infer_t *infer, size_t in, size_t out);

#endif
