/* Resize: every output element is a weighted sum of input elements around the place where it comes from. The axes are separable:
 * nearest mode looks its element up, linear and cubic modes go over the tensor once an axis, in double. */
#include <math.h>
#include <string.h>

#include "ref/support/resample.h"
#include "ref/support/sample.h"

static size_t largest(const ob_kernel_setup_t *setup) {
  size_t count = 1;
  for (int32_t i = 0; i < setup->inputs[0]->rank; i++) {
    int64_t in = setup->inputs[0]->dims[i], out = setup->outputs[0]->dims[i];
    count *= (size_t)(in > out ? in : out);
  }
  return count;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0], *y = setup->outputs[0];
  size_t offset, indices = 0;
  if (x->rank != y->rank) return ob_fail(OB_INVALID_ARGUMENT, "input has rank %d, output %d", (int)x->rank, (int)y->rank);
  for (int32_t i = 0; i < y->rank; i++) indices += (size_t)y->dims[i];
  if (strcmp(ob_node_text(setup->node, "mode", "nearest"), "nearest") == 0) return ob_ref_reserve(setup, indices, sizeof(int64_t), &offset);
  size_t count = largest(setup);
  OB_TRY(ob_ref_reserve(setup, count, sizeof(double), &offset));
  return ob_ref_reserve(setup, count, sizeof(double), &offset);
}

/* Looks each element up; the index of an extrapolated one is -1. */
static void look_up(const ob_tensor_t *x, ob_tensor_t *y, const ob_ref_resample_t *axes, int64_t *indices) {
  int64_t index[OB_MAX_RANK] = {0}, strides[OB_MAX_RANK], *list = indices;
  ob_ref_strides(x->rank, x->dims, strides);
  for (int32_t i = 0; i < x->rank; list += y->dims[i++])
    for (int64_t o = 0; o < y->dims[i]; o++) list[o] = ob_ref_resample_nearest(&axes[i], o);
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    int64_t from = 0;
    list = indices;
    for (int32_t i = 0; i < x->rank; list += y->dims[i++]) from = from < 0 || list[index[i]] < 0 ? -1 : from + list[index[i]] * strides[i];
    if (from >= 0)
      ob_ref_copy(y->dtype, y->data, at, x->data, (size_t)from, 1);
    else
      ob_ref_set(y->dtype, y->data, at, axes[0].extrapolation);
    ob_ref_next(y->rank, y->dims, index);
  }
}

/* Interpolates along axis `axis`: `in` has the output's dims before it and the input's after it. */
static void interpolate(const ob_ref_resample_t *axis, size_t outer, size_t inner, const double *in, double *out) {
  for (int64_t o = 0; o < axis->out; o++) {
    ob_ref_taps_t taps = ob_ref_resample_taps(axis, o);
    for (size_t a = 0; a < outer; a++)
      for (size_t b = 0; b < inner; b++) {
        double sum = taps.outside ? axis->extrapolation : 0;
        for (int64_t t = 0; !taps.outside && t < taps.count; t++)
          sum += ob_ref_resample_weight(axis, &taps, t) * in[(a * (size_t)axis->in + (size_t)ob_ref_resample_clamp(axis, taps.first + t)) * inner + b];
        out[(a * (size_t)axis->out + (size_t)o) * inner + b] = sum;
      }
  }
}

/* Stores; integers are rounded (ties to even) and saturated. */
static void store(const double *values, ob_tensor_t *y) {
  bool real = ob_ref_is_real(y->dtype);
  for (size_t i = 0; i < ob_tensor_count(y); i++) ob_ref_set(y->dtype, y->data, i, real ? values[i] : nearbyint(values[i]));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  ob_ref_resample_t axes[OB_MAX_RANK];
  OB_TRY(ob_ref_resample_begin(call, x, y, axes));
  if (ob_tensor_count(y) == 0) return OB_OK;
  if (ob_tensor_count(x) == 0) return ob_fail(OB_OUT_OF_RANGE, "nothing to resize");
  if (x->rank == 0) {
    ob_ref_copy(x->dtype, y->data, 0, x->data, 0, 1);
    return OB_OK;
  }
  if (axes[0].mode == OB_REF_NEAREST) {
    look_up(x, y, axes, call->scratch);
    return OB_OK;
  }
  size_t room = 1;
  for (int32_t i = 0; i < x->rank; i++) room *= (size_t)(axes[i].in > axes[i].out ? axes[i].in : axes[i].out);
  double *now = call->scratch, *next = now + (room + 7) / 8 * 8;
  ob_ref_load(x->dtype, x->data, 0, 1, ob_tensor_count(x), now);
  for (int32_t i = 0; i < x->rank; i++) {
    if (axes[i].identity) continue;
    interpolate(&axes[i], ob_ref_product(y->dims, 0, i), ob_ref_product(x->dims, i + 1, x->rank), now, next);
    double *swap = now;
    now = next;
    next = swap;
  }
  store(now, y);
  return OB_OK;
}

const ob_kernel_t ob_ref_Resize = {.op = "Resize", .domain = "", .supports = ob_ref_takes_numbers, .prepare = prepare, .run = run};
