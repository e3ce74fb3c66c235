/* What the operators of ai.onnx.ml share: types of features, labels that are strings or integers, rows, lists of attributes. */
#ifndef OB_OP_ML_ML_H
#define OB_OP_ML_ML_H

#include "op/infer_util.h"

/* Features that a classifier or a scaler takes. */
#define OB_TYPES_FEATURES (OB_TYPES_FLOAT32 | OB_DTYPE_BIT(OB_FLOAT64) | OB_TYPES_INDEX)
/* Labels of classes, and values that are looked up. */
#define OB_TYPES_LABELS (OB_TYPES_STRING | OB_TYPES_INT64)

/* Number of elements of a list attribute; 0 where it is not stated. */
size_t ob_ml_count(const ob_infer_t *infer, const char *name);
/* Just one of two lists (strings, integers) has elements: its type and their number. Fails with OB_UNDEFINED. */
ob_dtype_t ob_ml_labels(ob_infer_t *infer, const char *strings, const char *integers, size_t *count);
/* [N, features] or [features]: N, and 1. Fails on another rank; *features is the last dim. */
ob_dim_t ob_ml_rows(ob_infer_t *infer, ob_dim_t *features);
/* Checks post_transform. */
void ob_ml_check_transform(ob_infer_t *infer);
/* Output `index` is [rows, columns]. */
ob_status_t ob_ml_set_rows(ob_infer_t *infer, size_t index, ob_dtype_t dtype, ob_dim_t rows, ob_dim_t columns);
/* Lists that belong together: the same number of elements in each that is stated. Names end with NULL. */
void ob_ml_check_parallel(ob_infer_t *infer, const char *const *names);

#endif
