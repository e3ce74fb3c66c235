/* Shared by the operators of ai.onnx.ml: see ml.h. */
#include "ref/ml/ml.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------ attributes */

ob_ref_list_t ob_ref_list(const ob_node_view_t *node, const char *name, const char *other) {
  const ob_attribute_view_t *view = ob_node_attribute(node, name);
  if (other && (!view || view->count == 0)) view = ob_node_attribute(node, other);
  if (!view) return (ob_ref_list_t){NULL, 0};
  return (ob_ref_list_t){view, view->tensor ? ob_tensor_count(view->tensor) : view->count};
}

double ob_ref_list_get(const ob_ref_list_t *list, size_t index) {
  if (list->view->tensor) return ob_ref_get(list->view->tensor->dtype, list->view->tensor->data, index);
  return list->view->floats ? (double)list->view->floats[index] : (double)list->view->ints[index];
}

int64_t ob_ref_list_int(const ob_ref_list_t *list, size_t index) {
  if (list->view->tensor) return ob_ref_get_int(list->view->tensor->dtype, list->view->tensor->data, index);
  return list->view->ints[index];
}

/* ------------------------------------------------------------ rows and labels */

ob_ref_rows_t ob_ref_rows(const ob_tensor_t *x) {
  if (x->rank < 2) return (ob_ref_rows_t){1, x->rank == 1 ? (size_t)x->dims[0] : 1};
  return (ob_ref_rows_t){(size_t)x->dims[0], ob_ref_product(x->dims, 1, x->rank)};
}

ob_status_t ob_ref_doubles(const ob_kernel_call_t *call, size_t count, double **doubles) {
  size_t bytes;
  *doubles = NULL;
  if (!ob_mul_size(count, sizeof **doubles, &bytes)) return ob_fail_memory();
  return ob_kernel_memory(call, bytes, (void **)doubles);
}

void ob_ref_put_label(const ob_kernel_call_t *call, const char *strings, const char *integers, size_t row, size_t index) {
  ob_tensor_t *y = ob_ref_output(call, 0);
  if (!y) return;
  if (y->dtype == OB_STRING)
    ((ob_string_t *)y->data)[row] = ob_node_attribute(call->node, strings)->strings[index];
  else
    ((int64_t *)y->data)[row] = ob_node_attribute(call->node, integers)->ints[index];
}

void ob_ref_put_no_label(const ob_kernel_call_t *call, size_t row) {
  ob_tensor_t *y = ob_ref_output(call, 0);
  if (!y) return;
  if (y->dtype == OB_STRING)
    ((ob_string_t *)y->data)[row] = (ob_string_t){"0", 1};
  else
    ((int64_t *)y->data)[row] = 0;
}

size_t ob_ref_largest(const double *values, size_t count) {
  size_t largest = 0;
  for (size_t i = 1; i < count; i++)
    if (values[i] > values[largest]) largest = i;
  return largest;
}

bool ob_ref_same_string(const ob_string_t *a, const ob_string_t *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* ------------------------------------------------------------ transforms */

static double logistic(double x) {
  double positive = 1 / (1 + exp(-fabs(x)));
  return x < 0 ? 1 - positive : positive;
}

/* The quantile of the normal distribution, by Winitzki's approximation of the inverse error function: what everybody computes. */
static double probit(double p) {
  double x = 2 * p - 1, rest = (1 - x) * (1 + x);
  if (rest == 0) return x < 0 ? -(double)INFINITY : (double)INFINITY;
  double logarithm = log(rest), a = 2 / (3.14159 * 0.147) + 0.5 * logarithm, b = logarithm / 0.147;
  return 1.41421356 * (x < 0 ? -1 : 1) * sqrt(-a + sqrt(a * a - b));
}

/* Scores that are 0 stay (nearly) 0 with `keep_zeros`. */
static void softmax(double *scores, size_t count, bool keep_zeros) {
  double top = scores[ob_ref_largest(scores, count)], sum = 0;
  for (size_t i = 0; i < count; i++) {
    bool zero = keep_zeros && fabs(scores[i]) <= 1e-7;
    scores[i] = zero ? scores[i] * exp(-top) : exp(scores[i] - top);
    if (!zero) sum += scores[i];
  }
  for (size_t i = 0; i < count; i++) scores[i] = sum == 0 ? 0.5 : scores[i] / sum;
}

void ob_ref_transform(const char *name, double *scores, size_t count) {
  if (count == 0 || strcmp(name, "NONE") == 0) return;
  if (strncmp(name, "SOFTMAX", 7) == 0) {
    softmax(scores, count, strcmp(name, "SOFTMAX_ZERO") == 0);
    return;
  }
  for (size_t i = 0; i < count; i++) scores[i] = strcmp(name, "LOGISTIC") == 0 ? logistic(scores[i]) : probit(scores[i]);
}

void ob_ref_second_class(const char *transform, bool positive, double scores[2]) {
  scores[1] = scores[0];
  scores[0] = positive ? 1 - scores[1] : -scores[1];
  if (!positive) ob_ref_transform(transform, scores, 2);
}
