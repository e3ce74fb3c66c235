/* SVMClassifier: each pair of classes has a score, and the class that wins most pairs is it; or, without support vectors, each class
 * has a linear score. */
#include <math.h>
#include <string.h>

#include "ref/ml/svm.h"

typedef struct model {
  ob_ref_svm_t svm;
  ob_ref_list_t per_class, a, b;
  size_t labels, pairs;
  bool positive; /* no coefficient is negative */
  const char *transform;
  double *kernels, *scores, *votes, *matrix, *work; /* of a row */
} model_t;

static ob_status_t check(const model_t *m) {
  size_t coefficients = m->svm.vector_count > 0 ? (m->labels - 1) * m->svm.vector_count : m->labels * m->svm.features;
  size_t rho = m->svm.vector_count > 0 ? m->pairs : 1;
  if (m->svm.coefficients.count != coefficients)
    return ob_fail(OB_INVALID_ARGUMENT, "attribute 'coefficients' has %zu elements, expected %zu", m->svm.coefficients.count, coefficients);
  if (m->svm.rho.count < rho) return ob_fail(OB_INVALID_ARGUMENT, "attribute 'rho' has %zu elements, expected %zu", m->svm.rho.count, rho);
  if (m->svm.vector_count > 0 && (m->a.count != m->b.count || (m->a.count > 0 && m->a.count < m->pairs)))
    return ob_fail(OB_INVALID_ARGUMENT, "attributes 'prob_a' and 'prob_b' have %zu and %zu elements, expected %zu", m->a.count, m->b.count, m->pairs);
  return OB_OK;
}

static ob_status_t begin(const ob_kernel_call_t *call, model_t *m) {
  size_t vectors = 0;
  *m = (model_t){.per_class = ob_ref_list(call->node, "vectors_per_class", NULL),
                 .a = ob_ref_list(call->node, "prob_a", NULL),
                 .b = ob_ref_list(call->node, "prob_b", NULL),
                 .labels = ob_ref_list(call->node, "classlabels_strings", "classlabels_ints").count,
                 .positive = true,
                 .transform = ob_kernel_string(call, "post_transform", "NONE")};
  m->pairs = m->labels * (m->labels - 1) / 2;
  for (size_t i = 0; i < m->per_class.count; i++) {
    int64_t count = ob_ref_list_int(&m->per_class, i);
    if (count < 0 || count > INT32_MAX) return ob_fail(OB_INVALID_ARGUMENT, "element %zu of 'vectors_per_class' is %lld", i, (long long)count);
    vectors += (size_t)count;
  }
  OB_TRY(ob_ref_svm_begin(call, vectors, &m->svm));
  OB_TRY(check(m));
  for (size_t i = 0; i < m->svm.coefficients.count; i++) m->positive = m->positive && ob_ref_list_get(&m->svm.coefficients, i) >= 0;
  OB_TRY(ob_ref_doubles(call, vectors, &m->kernels));
  OB_TRY(ob_ref_doubles(call, m->pairs + m->labels + 1, &m->scores));
  OB_TRY(ob_ref_doubles(call, m->labels, &m->votes));
  OB_TRY(ob_ref_doubles(call, 2 * m->labels * m->labels, &m->matrix));
  return ob_ref_doubles(call, 2 * m->labels, &m->work);
}

/* Sum over the support vectors of one class, with one row of coefficients. */
static double sum_class(const model_t *m, size_t line, size_t first, size_t count) {
  double sum = 0;
  for (size_t v = first; v < first + count; v++) sum += ob_ref_list_get(&m->svm.coefficients, line * m->svm.vector_count + v) * m->kernels[v];
  return sum;
}

/* A score for each pair of classes, and how many pairs each class won. */
static void score_pairs(model_t *m, const ob_tensor_t *x, size_t row) {
  size_t pair = 0, first_i = 0;
  for (size_t v = 0; v < m->svm.vector_count; v++) m->kernels[v] = ob_ref_svm_kernel(&m->svm, x, row, &m->svm.vectors, v);
  for (size_t i = 0; i < m->labels; i++) m->votes[i] = 0;
  for (size_t i = 0; i < m->labels; i++) {
    size_t count_i = (size_t)ob_ref_list_int(&m->per_class, i), first_j = first_i + count_i;
    for (size_t j = i + 1; j < m->labels; j++, pair++) {
      size_t count_j = (size_t)ob_ref_list_int(&m->per_class, j);
      m->scores[pair] = ob_ref_list_get(&m->svm.rho, pair) + sum_class(m, j - 1, first_i, count_i) + sum_class(m, i, first_j, count_j);
      m->votes[m->scores[pair] > 0 ? i : j]++;
      first_j += count_j;
    }
    first_i += count_i;
  }
}

/* Probabilities of classes from those of pairs r[i][j]: Wu, Lin and Weng, "Probability estimates for multi-class classification by
 * pairwise coupling", 2004, second method. */
static void couple(const double *r, size_t n, double *q, double *qp, double *p) {
  for (size_t i = 0; i < n; i++) {
    p[i] = 1 / (double)n;
    q[i * n + i] = 0;
    for (size_t j = 0; j < n; j++)
      if (j != i) {
        q[i * n + i] += r[j * n + i] * r[j * n + i];
        q[i * n + j] = -r[j * n + i] * r[i * n + j];
      }
  }
  for (int round = 0; round < 100; round++) {
    double total = 0, error = 0;
    for (size_t i = 0; i < n; i++) {
      qp[i] = 0;
      for (size_t j = 0; j < n; j++) qp[i] += q[i * n + j] * p[j];
      total += p[i] * qp[i];
    }
    for (size_t i = 0; i < n; i++) error = fmax(error, fabs(qp[i] - total));
    if (error < 0.005 / (double)n) return;
    for (size_t i = 0; i < n; i++) {
      double change = (total - qp[i]) / q[i * n + i];
      p[i] += change;
      total = (total + change * (change * q[i * n + i] + 2 * qp[i])) / (1 + change) / (1 + change);
      for (size_t j = 0; j < n; j++) {
        qp[j] = (qp[j] + change * q[i * n + j]) / (1 + change);
        p[j] /= 1 + change;
      }
    }
  }
}

/* Scores of pairs become probabilities of classes. */
static void make_probabilities(model_t *m) {
  size_t pair = 0, n = m->labels;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++, pair++) {
      double value = m->scores[pair] * ob_ref_list_get(&m->a, pair) + ob_ref_list_get(&m->b, pair);
      double p = fmin(fmax(1 / (1 + exp(value)), 1e-7), 1 - 1e-7);
      m->matrix[i * n + j] = p;
      m->matrix[j * n + i] = 1 - p;
    }
  couple(m->matrix, n, m->matrix + n * n, m->work, m->scores);
}

/* Label and scores of a row; returns how many scores there are. */
static size_t classify_vectors(const ob_kernel_call_t *call, model_t *m, size_t row) {
  score_pairs(m, call->inputs[0], row);
  ob_ref_put_label(call, "classlabels_strings", "classlabels_ints", row, ob_ref_largest(m->votes, m->labels));
  if (m->a.count == 0 && m->labels == 2) {
    ob_ref_second_class(m->transform, false, m->scores);
    return 2;
  }
  if (m->a.count > 0) make_probabilities(m);
  size_t columns = m->a.count > 0 ? m->labels : m->pairs;
  ob_ref_transform(m->transform, m->scores, columns);
  return columns;
}

static size_t classify_linear(const ob_kernel_call_t *call, model_t *m, size_t row) {
  for (size_t i = 0; i < m->labels; i++)
    m->scores[i] = ob_ref_list_get(&m->svm.rho, 0) + ob_ref_svm_kernel(&m->svm, call->inputs[0], row, &m->svm.coefficients, i);
  size_t best = ob_ref_largest(m->scores, m->labels);
  if (m->labels == 2 && m->positive && m->scores[best] >= 0.5) best = 1;
  if (m->labels == 1 && !(m->scores[0] > 0))
    ob_ref_put_no_label(call, row);
  else
    ob_ref_put_label(call, "classlabels_strings", "classlabels_ints", row, best);
  ob_ref_transform(m->transform, m->scores, m->labels);
  return m->labels;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  ob_tensor_t *z = ob_ref_output(call, 1);
  size_t rows = ob_ref_rows(call->inputs[0]).rows;
  model_t m;
  OB_TRY(begin(call, &m));
  for (size_t row = 0; row < rows; row++) {
    size_t columns = (m.svm.vector_count > 0 ? classify_vectors : classify_linear)(call, &m, row);
    if (z) ob_ref_store(z->dtype, z->data, row * columns, columns, m.scores);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_SVMClassifier = {.op = "SVMClassifier", .domain = "ai.onnx.ml", .run = run};
