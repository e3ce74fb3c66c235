/* Pad: adds elements before and after along axes: a constant, the mirrored tensor, its edge, or the tensor again; negative numbers
 * take elements away. */
#include <string.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef enum { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode_t;

static pad_mode_t find_mode(const char *name) {
  return strcmp(name, "reflect") == 0 ? PAD_REFLECT : strcmp(name, "edge") == 0 ? PAD_EDGE : strcmp(name, "wrap") == 0 ? PAD_WRAP : PAD_CONSTANT;
}

/* Which element of an axis of `dim` elements stands at `at`, which may be outside; -1: the constant. */
static int64_t source(pad_mode_t mode, int64_t at, int64_t dim) {
  if (at >= 0 && at < dim) return at;
  if (mode == PAD_CONSTANT || dim == 0) return -1;
  if (mode == PAD_EDGE) return at < 0 ? 0 : dim - 1;
  int64_t period = mode == PAD_WRAP ? dim : dim == 1 ? 1 : 2 * (dim - 1);
  at = (at % period + period) % period;
  return at < dim ? at : period - at;
}

static ob_status_t find_pads(const ob_kernel_call_t *call, const ob_tensor_t *x, int64_t *begin, int64_t *dims) {
  const ob_tensor_t *pads = call->inputs[1];
  int32_t axes[OB_MAX_RANK], count;
  OB_TRY(ob_ref_axes(call, 3, NULL, x->rank, axes, &count));
  if (!ob_ref_input(call, 3))
    for (count = 0; count < x->rank; count++) axes[count] = count;
  if (ob_tensor_count(pads) != 2 * (size_t)count) return ob_fail(OB_OUT_OF_RANGE, "%zu pads for %d axes", ob_tensor_count(pads), (int)count);
  for (int32_t i = 0; i < x->rank; i++) {
    begin[i] = 0;
    dims[i] = x->dims[i];
  }
  for (int32_t i = 0; i < count; i++) {
    int64_t before = ob_ref_get_int(pads->dtype, pads->data, (size_t)i), after = ob_ref_get_int(pads->dtype, pads->data, (size_t)(i + count));
    begin[axes[i]] = before;
    if (!ob_add_i64(dims[axes[i]], before, &dims[axes[i]]) || !ob_add_i64(dims[axes[i]], after, &dims[axes[i]]) || dims[axes[i]] < 0)
      return ob_fail(OB_OUT_OF_RANGE, "axis %d of %lld elements padded by %lld and %lld", (int)axes[i], (long long)x->dims[axes[i]],
                     (long long)before, (long long)after);
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *constant = ob_ref_input(call, 2);
  pad_mode_t mode = find_mode(ob_kernel_string(call, "mode", "constant"));
  int64_t begin[OB_MAX_RANK], dims[OB_MAX_RANK], index[OB_MAX_RANK] = {0}, strides[OB_MAX_RANK];
  OB_TRY(find_pads(call, x, begin, dims));
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_tensor_t *y = call->outputs[0];
  ob_ref_strides(x->rank, x->dims, strides);
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    int64_t from = 0;
    for (int32_t i = 0; from >= 0 && i < x->rank; i++) {
      int64_t element = source(mode, index[i] - begin[i], x->dims[i]);
      from = element < 0 ? -1 : from + element * strides[i];
    }
    if (from >= 0)
      ob_ref_copy(y->dtype, y->data, at, x->data, (size_t)from, 1);
    else if (constant)
      ob_ref_copy(y->dtype, y->data, at, constant->data, 0, 1);
    else
      ob_ref_zero(y->dtype, y->data, at, 1);
    ob_ref_next(x->rank, dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Pad = {.op = "Pad", .domain = "", .run = run};
