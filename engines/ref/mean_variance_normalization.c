/* MeanVarianceNormalization: (X - mean) / (deviation + 1e-9) over axes. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* Sum of f over all elements that agree with `index` outside of the axes: the plain way. */
static double mean_of(const ob_tensor_t *x, const bool *along, const int64_t *index, double minus, double power) {
  int64_t at[OB_MAX_RANK], strides[OB_MAX_RANK], dims[OB_MAX_RANK];
  double sum = 0, count = 0;
  ob_ref_strides(x->rank, x->dims, strides);
  for (int32_t i = 0; i < x->rank; i++) {
    at[i] = 0;
    dims[i] = along[i] ? x->dims[i] : 1;
  }
  do {
    int64_t from = 0;
    for (int32_t i = 0; i < x->rank; i++) from += (along[i] ? at[i] : index[i]) * strides[i];
    sum += pow(ob_ref_get(x->dtype, x->data, (size_t)from) - minus, power);
    count++;
  } while (ob_ref_next(x->rank, dims, at));
  return sum / count;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  int32_t axes[OB_MAX_RANK], count;
  int64_t group[OB_MAX_RANK], outer[OB_MAX_RANK] = {0}, strides[OB_MAX_RANK];
  bool along[OB_MAX_RANK] = {false};
  OB_TRY(ob_ref_axes(call, SIZE_MAX, "axes", x->rank, axes, &count));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  if (ob_tensor_count(x) == 0) return OB_OK;
  for (int32_t i = 0; i < count; i++) along[axes[i]] = true;
  for (int32_t i = 0; i < x->rank; i++) group[i] = along[i] ? 1 : x->dims[i];
  ob_ref_strides(x->rank, x->dims, strides);
  do {
    double mean = mean_of(x, along, outer, 0, 1), deviation = sqrt(mean_of(x, along, outer, mean, 2));
    int64_t inner[OB_MAX_RANK] = {0}, dims[OB_MAX_RANK];
    for (int32_t i = 0; i < x->rank; i++) dims[i] = along[i] ? x->dims[i] : 1;
    do {
      int64_t at = 0;
      for (int32_t i = 0; i < x->rank; i++) at += (outer[i] + inner[i]) * strides[i];
      ob_ref_set(y->dtype, y->data, (size_t)at, (ob_ref_get(x->dtype, x->data, (size_t)at) - mean) / (deviation + 1e-9));
    } while (ob_ref_next(x->rank, dims, inner));
  } while (ob_ref_next(x->rank, group, outer));
  return OB_OK;
}

const ob_kernel_t ob_ref_MeanVarianceNormalization = {.op = "MeanVarianceNormalization", .domain = "", .run = run};
