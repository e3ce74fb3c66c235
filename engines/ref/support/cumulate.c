/* Running sums and products: see cumulate.h. */
#include "ref/support/cumulate.h"

typedef struct running {
  double real;
  uint64_t integer;
} running_t;

static void take(running_t *r, const ob_tensor_t *x, size_t at, bool product) {
  if (ob_ref_is_real(x->dtype)) {
    double v = ob_ref_get(x->dtype, x->data, at);
    r->real = product ? r->real * v : r->real + v;
  } else {
    uint64_t v = (uint64_t)ob_ref_get_int(x->dtype, x->data, at);
    r->integer = product ? r->integer * v : r->integer + v;
  }
}

static void give(const running_t *r, ob_tensor_t *y, size_t at) {
  if (ob_ref_is_real(y->dtype))
    ob_ref_set(y->dtype, y->data, at, r->real);
  else
    ob_ref_set_int(y->dtype, y->data, at, (int64_t)r->integer);
}

ob_status_t ob_ref_cumulate(const ob_kernel_call_t *call, bool product) {
  const ob_tensor_t *x = call->inputs[0], *which = call->inputs[1];
  ob_tensor_t *y = call->outputs[0];
  bool exclusive = ob_kernel_int(call, "exclusive", 0) != 0, reverse = ob_kernel_int(call, "reverse", 0) != 0;
  int32_t axis;
  OB_TRY(ob_ref_axis(ob_ref_get_int(which->dtype, which->data, 0), x->rank, &axis));
  OB_TRY(ob_ref_same_shape(x, y, "input and output"));
  size_t length = (size_t)x->dims[axis], inner = ob_ref_product(x->dims, axis + 1, x->rank), rows = ob_ref_product(x->dims, 0, axis) * inner;
  for (size_t r = 0; r < rows; r++) {
    running_t running = {product, product};
    for (size_t i = 0; i < length; i++) {
      size_t at = r / inner * length * inner + r % inner + (reverse ? length - 1 - i : i) * inner;
      if (exclusive) give(&running, y, at);
      take(&running, x, at, product);
      if (!exclusive) give(&running, y, at);
    }
  }
  return OB_OK;
}
