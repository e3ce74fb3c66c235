/* Classification losses: see loss.h. */
#include "ref/support/loss.h"

#include <string.h>

ob_status_t ob_ref_loss(const ob_kernel_call_t *call, ob_ref_log_probability_t log_probability) {
  const ob_tensor_t *x = call->inputs[0], *target = call->inputs[1], *weights = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0];
  const char *reduction = ob_kernel_string(call, "reduction", "mean");
  bool ignores = ob_node_attribute(call->node, "ignore_index") != NULL, none = strcmp(reduction, "none") == 0;
  int64_t ignored = ob_kernel_int(call, "ignore_index", 0), classes = x->rank > 1 ? x->dims[1] : 0;
  size_t inner = x->rank > 1 ? ob_ref_product(x->dims, 2, x->rank) : 0, count = ob_tensor_count(target);
  if (x->rank < 2 || count != (size_t)x->dims[0] * inner || (weights && ob_tensor_count(weights) != (size_t)classes))
    return ob_fail(OB_INVALID_ARGUMENT, "targets or weights do not fit the scores");
  double sum = 0, total = 0;
  for (size_t i = 0; i < count; i++) {
    int64_t class = ob_ref_get_int(target->dtype, target->data, i);
    bool skip = ignores && class == ignored;
    if (!skip && (class < 0 || class >= classes))
      return ob_fail(OB_OUT_OF_RANGE, "target %lld (element %zu) of %lld classes", (long long)class, i, (long long)classes);
    double weight = skip ? 0 : weights ? ob_ref_get(weights->dtype, weights->data, (size_t)class) : 1;
    double loss = skip ? 0 : -weight * log_probability(x, i / inner, (size_t)class, i % inner);
    if (none) ob_ref_set(y->dtype, y->data, i, loss);
    sum += loss;
    total += weight;
  }
  if (!none) ob_ref_set(y->dtype, y->data, 0, strcmp(reduction, "sum") == 0 ? sum : sum / total);
  return OB_OK;
}
