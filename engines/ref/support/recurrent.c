/* Recurrent layers: see recurrent.h. */
#include "ref/support/recurrent.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static double affine(double x, double alpha, double beta) { return alpha * x + beta; }
static double relu(double x, double alpha, double beta) { return (void)alpha, (void)beta, x < 0 ? 0 : x; }
static double tanh_of(double x, double alpha, double beta) { return (void)alpha, (void)beta, tanh(x); }
static double sigmoid(double x, double alpha, double beta) { return (void)alpha, (void)beta, 1 / (1 + exp(-x)); }
static double leaky_relu(double x, double alpha, double beta) { return (void)beta, x < 0 ? alpha * x : x; }
static double thresholded_relu(double x, double alpha, double beta) { return (void)beta, x >= alpha ? x : 0; }
static double scaled_tanh(double x, double alpha, double beta) { return alpha * tanh(beta * x); }
static double hard_sigmoid(double x, double alpha, double beta) { return fmin(fmax(alpha * x + beta, 0), 1); }
static double elu(double x, double alpha, double beta) { return (void)beta, x < 0 ? alpha * expm1(x) : x; }
static double softsign(double x, double alpha, double beta) { return (void)alpha, (void)beta, x / (1 + fabs(x)); }
static double softplus(double x, double alpha, double beta) { return (void)alpha, (void)beta, fmax(x, 0) + log1p(exp(-fabs(x))); }

static const struct {
  const char *name;
  double (*f)(double, double, double);
  double alpha, beta;        /* defaults */
  bool takes_alpha, takes_beta;
} functions[] = {{"Affine", affine, 1, 0, true, true},
                 {"Relu", relu, 0, 0, false, false},
                 {"Tanh", tanh_of, 0, 0, false, false},
                 {"Sigmoid", sigmoid, 0, 0, false, false},
                 {"LeakyRelu", leaky_relu, 0.01, 0, true, false},
                 {"ThresholdedRelu", thresholded_relu, 1, 0, true, false},
                 {"ScaledTanh", scaled_tanh, 1, 1, true, true},
                 {"HardSigmoid", hard_sigmoid, 0.2, 0.5, true, true},
                 {"Elu", elu, 1, 0, true, false},
                 {"Softsign", softsign, 0, 0, false, false},
                 {"Softplus", softplus, 0, 0, false, false}};

/* activation_alpha and _beta are lists of those that the functions take, in order. */
static ob_status_t find_activation(const char *name, const ob_attribute_view_t *alphas, size_t *alpha_at, const ob_attribute_view_t *betas,
                                   size_t *beta_at, ob_ref_activation_t *activation) {
  size_t i = 0;
  while (i < sizeof functions / sizeof *functions && strcasecmp(functions[i].name, name) != 0) i++;
  if (i == sizeof functions / sizeof *functions) return ob_fail(OB_INVALID_MODEL, "unknown activation %s", ob_quote(name));
  *activation = (ob_ref_activation_t){functions[i].f, functions[i].alpha, functions[i].beta};
  if (functions[i].takes_alpha && alphas && *alpha_at < alphas->count) activation->alpha = (double)alphas->floats[(*alpha_at)++];
  if (functions[i].takes_beta && betas && *beta_at < betas->count) activation->beta = (double)betas->floats[(*beta_at)++];
  return OB_OK;
}

static ob_status_t find_activations(ob_ref_recurrent_t *r, const char *const *defaults) {
  const ob_attribute_view_t *names = ob_node_attribute(r->call->node, "activations");
  const ob_attribute_view_t *alphas = ob_node_attribute(r->call->node, "activation_alpha");
  const ob_attribute_view_t *betas = ob_node_attribute(r->call->node, "activation_beta");
  size_t alpha_at = 0, beta_at = 0;
  while (defaults[r->activation_count]) r->activation_count++;
  size_t total = r->activation_count * r->directions;
  if (names && names->count > 0 && names->count < total) /* RNN's default is two names for any direction */
    return ob_fail(OB_INVALID_MODEL, "%zu activations where there should be %zu", names->count, total);
  for (size_t i = 0; i < total; i++) {
    const char *name = names && names->count > 0 ? names->strings[i].data : defaults[i % r->activation_count];
    OB_TRY(find_activation(name, alphas, &alpha_at, betas, &beta_at, &r->activations[i]));
  }
  return OB_OK;
}

/* Sizes from the shapes of X, W and R; fails when they do not fit. */
static ob_status_t find_sizes(const ob_tensor_t *x, const ob_tensor_t *w, const ob_tensor_t *weights, bool batch_major, size_t gates,
                              ob_ref_recurrent_t *r) {
  if (x->rank != 3 || w->rank != 3 || weights->rank != 3) return ob_fail(OB_INVALID_ARGUMENT, "X, W and R must have rank 3");
  r->gates = gates;
  r->steps = (size_t)x->dims[batch_major];
  r->batch = (size_t)x->dims[!batch_major];
  r->input = (size_t)x->dims[2];
  r->directions = (size_t)w->dims[0];
  r->hidden = (size_t)weights->dims[2];
  bool fit = r->directions >= 1 && r->directions <= 2 && (size_t)weights->dims[0] == r->directions && (size_t)w->dims[2] == r->input &&
             (size_t)w->dims[1] == gates * r->hidden && (size_t)weights->dims[1] == gates * r->hidden;
  return fit ? OB_OK : ob_fail(OB_INVALID_ARGUMENT, "the shapes of X, W and R do not fit each other");
}

static size_t aligned(size_t doubles) { return (doubles + 7) / 8 * 8; }

ob_status_t ob_ref_recurrent_prepare(ob_kernel_setup_t *setup, size_t gates) {
  ob_ref_recurrent_t r = {0};
  size_t offset;
  OB_TRY(find_sizes(setup->inputs[0], setup->inputs[1], setup->inputs[2], ob_setup_int(setup, "layout", 0) != 0, gates, &r));
  size_t rows = gates * r.hidden;
  OB_TRY(ob_ref_reserve(setup, rows * r.input, sizeof(double), &offset));
  OB_TRY(ob_ref_reserve(setup, rows * r.hidden, sizeof(double), &offset));
  return ob_ref_reserve(setup, 2 * aligned(2 * rows) + aligned(r.input) + 2 * aligned(r.hidden), sizeof(double), &offset);
}

static ob_status_t check_state(const ob_ref_recurrent_t *r, size_t input) {
  const ob_tensor_t *state = ob_ref_input(r->call, input);
  if (!state || ob_tensor_count(state) == r->directions * r->batch * r->hidden) return OB_OK;
  return ob_fail(OB_INVALID_ARGUMENT, "input %zu has %zu elements, expected %zu", input, ob_tensor_count(state), r->directions * r->batch * r->hidden);
}

ob_status_t ob_ref_recurrent_begin(const ob_kernel_call_t *call, size_t gates, const char *const *defaults, ob_ref_recurrent_t *r) {
  const char *direction = ob_kernel_string(call, "direction", "forward");
  const ob_tensor_t *bias = ob_ref_input(call, 3), *lengths = ob_ref_input(call, 4);
  memset(r, 0, sizeof *r);
  r->call = call;
  r->batch_major = ob_kernel_int(call, "layout", 0) != 0;
  r->reverse_first = strcmp(direction, "reverse") == 0;
  r->clip = (double)ob_kernel_float(call, "clip", 0);
  OB_TRY(find_sizes(call->inputs[0], call->inputs[1], call->inputs[2], r->batch_major, gates, r));
  if (r->directions != (strcmp(direction, "bidirectional") == 0 ? 2u : 1u))
    return ob_fail(OB_INVALID_ARGUMENT, "weights of %zu directions for direction %s", r->directions, ob_quote(direction));
  size_t rows = gates * r->hidden;
  if (bias && ob_tensor_count(bias) != 2 * rows * r->directions) return ob_fail(OB_INVALID_ARGUMENT, "B has %zu elements", ob_tensor_count(bias));
  if (lengths && ob_tensor_count(lengths) != r->batch) return ob_fail(OB_INVALID_ARGUMENT, "%zu sequence lengths", ob_tensor_count(lengths));
  OB_TRY(check_state(r, 5));
  OB_TRY(find_activations(r, defaults));
  r->w = call->scratch;
  r->r = r->w + aligned(rows * r->input);
  r->b = r->r + aligned(rows * r->hidden);
  r->sums = r->b + aligned(2 * rows);
  r->x = r->sums + aligned(2 * rows);
  r->h = r->x + aligned(r->input);
  r->c = r->h + aligned(r->hidden);
  return OB_OK;
}

static void load_direction(ob_ref_recurrent_t *r, size_t d) {
  const ob_tensor_t *w = r->call->inputs[1], *weights = r->call->inputs[2], *bias = ob_ref_input(r->call, 3);
  size_t rows = r->gates * r->hidden;
  ob_ref_load(w->dtype, w->data, d * rows * r->input, 1, rows * r->input, r->w);
  ob_ref_load(weights->dtype, weights->data, d * rows * r->hidden, 1, rows * r->hidden, r->r);
  if (bias)
    ob_ref_load(bias->dtype, bias->data, d * 2 * rows, 1, 2 * rows, r->b);
  else
    memset(r->b, 0, 2 * rows * sizeof *r->b);
}

/* First element of a state [directions, batch, hidden], or [batch, directions, hidden] for layout 1. */
static size_t state_at(const ob_ref_recurrent_t *r, size_t d, size_t n) {
  return (r->batch_major ? n * r->directions + d : d * r->batch + n) * r->hidden;
}

static void load_state(const ob_ref_recurrent_t *r, size_t input, size_t at, double *state) {
  const ob_tensor_t *initial = ob_ref_input(r->call, input);
  if (initial)
    ob_ref_load(initial->dtype, initial->data, at, 1, r->hidden, state);
  else
    memset(state, 0, r->hidden * sizeof *state);
}

static void store_state(const ob_ref_recurrent_t *r, size_t output, size_t at, const double *state) {
  ob_tensor_t *final = ob_ref_output(r->call, output);
  if (final) ob_ref_store(final->dtype, final->data, at, r->hidden, state);
}

/* First element of step t in Y: [steps, directions, batch, hidden], or [batch, steps, directions, hidden]. */
static size_t step_at(const ob_ref_recurrent_t *r, size_t d, size_t n, size_t t) {
  return (r->batch_major ? (n * r->steps + t) * r->directions + d : (t * r->directions + d) * r->batch + n) * r->hidden;
}

static void run_sequence(ob_ref_recurrent_t *r, ob_ref_cell_t cell, const void *arg, size_t d, size_t n, size_t length) {
  const ob_tensor_t *x = r->call->inputs[0];
  ob_tensor_t *y = ob_ref_output(r->call, 0);
  bool reverse = d == 1 || r->reverse_first;
  for (size_t i = 0; i < r->steps; i++) {
    size_t t = i < length && reverse ? length - 1 - i : i;
    if (i < length) {
      ob_ref_load(x->dtype, x->data, (r->batch_major ? n * r->steps + t : t * r->batch + n) * r->input, 1, r->input, r->x);
      cell(r, d, arg);
      if (y) ob_ref_store(y->dtype, y->data, step_at(r, d, n, t), r->hidden, r->h);
    } else if (y) {
      ob_ref_zero(y->dtype, y->data, step_at(r, d, n, t), r->hidden);
    }
  }
}

ob_status_t ob_ref_recurrent_run(ob_ref_recurrent_t *r, ob_ref_cell_t cell, bool cell_state, const void *arg) {
  const ob_tensor_t *lengths = ob_ref_input(r->call, 4);
  if (cell_state) OB_TRY(check_state(r, 6));
  for (size_t d = 0; d < r->directions; d++) {
    load_direction(r, d);
    for (size_t n = 0; n < r->batch; n++) {
      int64_t length = lengths ? ob_ref_get_int(lengths->dtype, lengths->data, n) : (int64_t)r->steps;
      if (length < 0 || length > (int64_t)r->steps)
        return ob_fail(OB_OUT_OF_RANGE, "sequence length %lld of batch element %zu, there are %zu steps", (long long)length, n, r->steps);
      OB_TRY(ob_kernel_poll(r->call));
      load_state(r, 5, state_at(r, d, n), r->h);
      if (cell_state) load_state(r, 6, state_at(r, d, n), r->c);
      run_sequence(r, cell, arg, d, n, (size_t)length);
      store_state(r, 1, state_at(r, d, n), r->h);
      if (cell_state) store_state(r, 2, state_at(r, d, n), r->c);
    }
  }
  return OB_OK;
}

void ob_ref_recurrent_sums(ob_ref_recurrent_t *r) {
  size_t rows = r->gates * r->hidden;
  for (size_t i = 0; i < rows; i++) {
    double from_x = r->b[i], from_h = r->b[rows + i];
    for (size_t k = 0; k < r->input; k++) from_x += r->w[i * r->input + k] * r->x[k];
    for (size_t k = 0; k < r->hidden; k++) from_h += r->r[i * r->hidden + k] * r->h[k];
    r->sums[i] = from_x;
    r->sums[rows + i] = from_h;
  }
}

double ob_ref_clip(const ob_ref_recurrent_t *r, double x) {
  if (r->clip <= 0) return x;
  return x > r->clip ? r->clip : x < -r->clip ? -r->clip : x;
}

double ob_ref_activate(const ob_ref_recurrent_t *r, size_t direction, size_t which, double x) {
  const ob_ref_activation_t *a = &r->activations[direction * r->activation_count + which];
  return a->f(ob_ref_clip(r, x), a->alpha, a->beta);
}
