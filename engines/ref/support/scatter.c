/* Reductions of scattered updates: see scatter.h. */
#include "ref/support/scatter.h"

#include <math.h>
#include <string.h>

ob_ref_scatter_t ob_ref_scatter_mode(const ob_kernel_call_t *call) {
  static const struct {
    const char *name;
    ob_ref_scatter_t mode;
  } modes[] = {{"add", OB_REF_ADD}, {"mul", OB_REF_MUL}, {"min", OB_REF_MIN}, {"max", OB_REF_MAX}};
  const char *name = ob_kernel_string(call, "reduction", "none");
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (strcmp(modes[i].name, name) == 0) return modes[i].mode;
  return OB_REF_PUT;
}

static double reals(ob_ref_scatter_t mode, double a, double b) {
  switch (mode) {
    case OB_REF_ADD: return a + b;
    case OB_REF_MUL: return a * b;
    case OB_REF_MIN: return isnan(a) || a < b ? a : b;
    case OB_REF_MAX: return isnan(a) || a > b ? a : b;
    default: return b;
  }
}

static int64_t integers(ob_ref_scatter_t mode, bool natural, int64_t a, int64_t b) {
  bool less = natural ? (uint64_t)a < (uint64_t)b : a < b;
  switch (mode) {
    case OB_REF_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
    case OB_REF_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
    case OB_REF_MIN: return less ? a : b;
    case OB_REF_MAX: return less ? b : a;
    default: return b;
  }
}

void ob_ref_scatter(ob_ref_scatter_t mode, ob_tensor_t *y, size_t to, const ob_tensor_t *u, size_t from) {
  if (mode == OB_REF_PUT)
    ob_ref_copy(y->dtype, y->data, to, u->data, from, 1);
  else if (ob_ref_is_real(y->dtype))
    ob_ref_set(y->dtype, y->data, to, reals(mode, ob_ref_get(y->dtype, y->data, to), ob_ref_get(u->dtype, u->data, from)));
  else
    ob_ref_set_int(y->dtype, y->data, to,
                   integers(mode, y->dtype == OB_UINT64, ob_ref_get_int(y->dtype, y->data, to), ob_ref_get_int(u->dtype, u->data, from)));
}
