/* Gelu and its relatives. */
#include "import/onnx/contrib/contrib.h"

static ob_value_t *by_tanh(ob_contrib_t *c, ob_value_t *x) {
  ob_contrib_with_string(c, "approximate", "tanh");
  return OB_MAKE(c, "Gelu", x);
}

void ob_contrib_gelu(ob_contrib_t *c) { ob_contrib_give(c, 0, OB_MAKE(c, "Gelu", ob_contrib_need(c, 0))); }

void ob_contrib_fast_gelu(ob_contrib_t *c) {
  ob_contrib_give(c, 0, by_tanh(c, ob_contrib_add(c, ob_contrib_need(c, 0), ob_contrib_input(c, 1))));
}

void ob_contrib_gemm_fast_gelu(ob_contrib_t *c) {
  ob_value_t *product = OB_MAKE(c, "MatMul", ob_contrib_need(c, 0), ob_contrib_need(c, 1));
  ob_contrib_give(c, 0, by_tanh(c, ob_contrib_add(c, product, ob_contrib_input(c, 2))));
}

void ob_contrib_bias_gelu(ob_contrib_t *c) {
  ob_value_t *sum = OB_MAKE(c, "Add", ob_contrib_need(c, 0), ob_contrib_need(c, 1));
  ob_contrib_give(c, 0, OB_MAKE(c, "Gelu", sum));
}

void ob_contrib_quick_gelu(ob_contrib_t *c) {
  ob_contrib_with_float(c, "alpha", ob_contrib_float(c, "alpha", 1.702f));
  ob_contrib_give(c, 0, OB_MAKE(c, "Swish", ob_contrib_need(c, 0)));
}

/* The first half of the last axis times the Gelu of the second. */
void ob_contrib_bias_split_gelu(ob_contrib_t *c) {
  ob_value_t *halves[2], *sum = OB_MAKE(c, "Add", ob_contrib_need(c, 0), ob_contrib_need(c, 1));
  ob_contrib_with_int(c, "axis", -1);
  ob_contrib_with_int(c, "num_outputs", 2);
  ob_contrib_make_many(c, "Split", &sum, 1, halves, 2);
  ob_contrib_give(c, 0, OB_MAKE(c, "Mul", halves[0], OB_MAKE(c, "Gelu", halves[1])));
}
