/* Support vectors: what SVMClassifier and SVMRegressor share. */
#ifndef OB_REF_ML_SVM_H
#define OB_REF_ML_SVM_H

#include "ref/ml/ml.h"

typedef struct ob_ref_svm {
  ob_ref_list_t coefficients, rho, vectors;
  size_t features, vector_count; /* 0: a linear model without vectors */
  char kernel;                   /* first letter of kernel_type */
  double gamma, coef0, degree;
} ob_ref_svm_t;

/* From the attributes; `vectors`: how many there are. Errors: the attributes do not fit the features. */
OB_MUST_CHECK ob_status_t ob_ref_svm_begin(const ob_kernel_call_t *call, size_t vectors, ob_ref_svm_t *svm);
/* The kernel function of a row and the `index`-th of a list's rows. */
double ob_ref_svm_kernel(const ob_ref_svm_t *svm, const ob_tensor_t *x, size_t row, const ob_ref_list_t *list, size_t index);

#endif
