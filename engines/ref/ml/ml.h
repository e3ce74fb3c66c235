/* What the operators of ai.onnx.ml share: lists of attributes as numbers, rows of features, labels, transforms of scores. */
#ifndef OB_REF_ML_ML_H
#define OB_REF_ML_ML_H

#include "ref/support/text.h"

/* A list attribute, FLOATS, INTS or a tensor, as numbers; `count` 0: it is not there. */
typedef struct ob_ref_list {
  const ob_attribute_view_t *view;
  size_t count;
} ob_ref_list_t;
/* The attribute, else the one called `other` (NULL: none). */
ob_ref_list_t ob_ref_list(const ob_node_view_t *node, const char *name, const char *other);
double ob_ref_list_get(const ob_ref_list_t *list, size_t index);
int64_t ob_ref_list_int(const ob_ref_list_t *list, size_t index);

/* [N, features] or [features]. */
typedef struct ob_ref_rows {
  size_t rows, features;
} ob_ref_rows_t;
ob_ref_rows_t ob_ref_rows(const ob_tensor_t *x);

/* Room for `count` doubles that lives as long as the call. */
OB_MUST_CHECK ob_status_t ob_ref_doubles(const ob_kernel_call_t *call, size_t count, double **doubles);
/* Element `row` of output 0 becomes label number `index` of the one list that there is. */
void ob_ref_put_label(const ob_kernel_call_t *call, const char *strings, const char *integers, size_t row, size_t index);
/* The same for a label that is no class of the model: 0 or "0". */
void ob_ref_put_no_label(const ob_kernel_call_t *call, size_t row);
/* Index of the largest; the first of equal ones. */
size_t ob_ref_largest(const double *values, size_t count);
/* NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT over the scores of a row. */
void ob_ref_transform(const char *name, double *scores, size_t count);

/* One class's score becomes those of two: `positive`: 1 - s and s, else -s and s, then the transform. */
void ob_ref_second_class(const char *transform, bool positive, double scores[2]);

bool ob_ref_same_string(const ob_string_t *a, const ob_string_t *b);

#endif
