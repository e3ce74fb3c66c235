/* Attributes of sliding windows: see window.h. */
#include "ref/support/window.h"

#include <string.h>

/* A list attribute with one positive entry a spatial axis; 1 each when it is not stated. */
static ob_status_t get_list(const ob_kernel_call_t *call, const char *name, int32_t rank, int64_t *list) {
  size_t count;
  const int64_t *ints = ob_kernel_ints(call, name, &count);
  for (int32_t i = 0; i < rank; i++) list[i] = 1;
  if (!ints || count == 0) return OB_OK;
  if (count != (size_t)rank) return ob_fail(OB_INVALID_ARGUMENT, "%s has %zu entries for %d axes", name, count, (int)rank);
  for (int32_t i = 0; i < rank; i++) {
    if (ints[i] < 1 || ints[i] > INT32_MAX) return ob_fail(OB_OUT_OF_RANGE, "%s has an entry %lld", name, (long long)ints[i]);
    list[i] = ints[i];
  }
  return OB_OK;
}

/* Padding so that the output has ceil(in / stride) elements; the odd one goes to the end, or to the beginning for SAME_LOWER. */
static void pad_same(ob_ref_window_t *w, bool lower) {
  for (int32_t i = 0; i < w->rank; i++) {
    int64_t total = (w->out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1 - w->in[i];
    if (total < 0) total = 0;
    w->begin[i] = lower ? total - total / 2 : total / 2;
    w->end[i] = total - w->begin[i];
  }
}

static ob_status_t pad_stated(const ob_kernel_call_t *call, ob_ref_window_t *w) {
  size_t count;
  const int64_t *pads = ob_kernel_ints(call, "pads", &count);
  if (!pads || count == 0) return OB_OK;
  if (count != 2 * (size_t)w->rank) return ob_fail(OB_INVALID_ARGUMENT, "pads has %zu entries for %d axes", count, (int)w->rank);
  for (int32_t i = 0; i < w->rank; i++) {
    w->begin[i] = pads[i];
    w->end[i] = pads[w->rank + i];
    if (w->begin[i] < -INT32_MAX || w->begin[i] > INT32_MAX) return ob_fail(OB_OUT_OF_RANGE, "pads has an entry %lld", (long long)w->begin[i]);
  }
  return OB_OK;
}

ob_status_t ob_ref_window(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *y, const int64_t *kernel, ob_ref_window_t *w) {
  memset(w, 0, sizeof *w);
  if (x->rank < 2 || y->rank != x->rank) return ob_fail(OB_INVALID_ARGUMENT, "input has rank %d, output %d", (int)x->rank, (int)y->rank);
  w->rank = x->rank - 2;
  w->in = x->dims + 2;
  w->out = y->dims + 2;
  OB_TRY(get_list(call, "kernel_shape", w->rank, w->kernel));
  if (kernel) memcpy(w->kernel, kernel, (size_t)w->rank * sizeof *kernel);
  OB_TRY(get_list(call, "strides", w->rank, w->stride));
  OB_TRY(get_list(call, "dilations", w->rank, w->dilation));
  const char *mode = ob_kernel_string(call, "auto_pad", "NOTSET");
  if (strncmp(mode, "SAME_", 5) == 0)
    pad_same(w, strcmp(mode, "SAME_LOWER") == 0);
  else if (strcmp(mode, "VALID") != 0)
    OB_TRY(pad_stated(call, w));
  return OB_OK;
}
