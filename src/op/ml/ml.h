/* What the operators of ai.onnx.ml share: types of features, labels that are strings or integers, sizes of lists. */
#ifndef OB_OP_ML_ML_H
#define OB_OP_ML_ML_H

#include "op/infer_util.h"

/* Features that a classifier or a scaler takes. */
#define OB_TYPES_FEATURES (OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_FLOAT64) | OB_TYPES_INDEX)

#endif
