/* Per-channel scales and shifts (BatchNormalization, Mul, Div, Add, Sub with constants) go into the weights and bias of the Conv,
 * ConvTranspose or Gemm before or after them, or into the BatchNormalization before them.
 *
 * New constants are made: weights may be shared. Sums are formed in double, results are rounded once to the weights' type. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "pass/match.h"

enum { X, W, B }; /* inputs of Conv, ConvTranspose and Gemm */

/* y[c] = x[c] * scale[c] + shift[c] along axis 1. */
typedef struct affine {
  double *scale, *shift;
  size_t channels;
  bool scales, shifts; /* any scale that is not 1, any shift that is not 0 */
} affine_t;

static ob_status_t affine_create(ob_graph_t *graph, size_t channels, affine_t *a) {
  const ob_allocator_t *allocator = graph->module->allocator;
  *a = (affine_t){.channels = channels};
  OB_TRY(OB_NEW_ARRAY(allocator, 2 * channels, &a->scale));
  a->shift = a->scale + channels;
  for (size_t i = 0; i < channels; i++) a->scale[i] = 1;
  return OB_OK;
}

static void affine_free(ob_graph_t *graph, affine_t *a) { ob_free(graph->module->allocator, a->scale); }

/* Is everything finite? A zero variance with epsilon 0 stays as the model has it. */
static bool affine_finish(affine_t *a) {
  bool finite = true;
  for (size_t i = 0; i < a->channels; i++) {
    finite &= isfinite(a->scale[i]) && isfinite(a->shift[i]);
    a->scales |= a->scale[i] != 1;
    a->shifts |= a->shift[i] != 0;
  }
  return finite && a->channels > 0;
}

/* ---------------------------------------------------------------- reading the affine node */

static bool read_normalization(const ob_node_t *node, affine_t *a, double *numbers) {
  double *scale = a->scale, *shift = a->shift, epsilon = (double)ob_node_float(node, "epsilon", 1e-5f);
  size_t n = a->channels, count;
  int64_t training;
  if (node->input_count < 5 || ob_node_int(node, "training_mode", 0, &training) != OB_OK || training != 0) return false;
  if (node->output_count > 1) return false;
  if (!ob_match_numbers(node->inputs[1], scale, n, &count) || count != n) return false;
  if (!ob_match_numbers(node->inputs[4], numbers, n, &count) || count != n) return false;
  for (size_t i = 0; i < n; i++) scale[i] /= sqrt(numbers[i] + epsilon);
  if (!ob_match_numbers(node->inputs[3], numbers, n, &count) || count != n) return false;
  if (!ob_match_numbers(node->inputs[2], shift, n, &count) || count != n) return false;
  for (size_t i = 0; i < n; i++) shift[i] -= numbers[i] * scale[i];
  return true;
}

static void apply(const char *op, bool reversed, const double *numbers, affine_t *a) {
  for (size_t i = 0; i < a->channels; i++) {
    switch (op[0]) {
      case 'M': a->scale[i] = numbers[i]; break;     /* Mul */
      case 'D': a->scale[i] = 1 / numbers[i]; break; /* Div */
      case 'A': a->shift[i] = numbers[i]; break;     /* Add */
      default:                                       /* Sub */
        a->shift[i] = reversed ? numbers[i] : -numbers[i];
        a->scale[i] = reversed ? -1 : 1;
    }
  }
}

/* Fills the affine form of `node`, whose data is input `data`; false when it has none. */
static bool read_affine(const ob_node_t *node, size_t data, affine_t *a, double *numbers) {
  static const char *const ops[] = {"Mul", "Div", "Add", "Sub"};
  const ob_value_t *x = node->inputs[data];
  if (!ob_match_is_float(x) || x->type.rank < 2 || !ob_rewrite_same_type(&x->type, &node->outputs[0]->type)) return false;
  if (ob_match_is(node, "BatchNormalization")) return data == 0 && read_normalization(node, a, numbers) && affine_finish(a);
  if (node->input_count != 2) return false;
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    if (!ob_match_is(node, ops[i]) || (data == 1 && ops[i][0] == 'D')) continue;
    if (!ob_match_per_channel(node->inputs[1 - data], x->type.rank, a->channels, numbers)) return false;
    apply(ops[i], data == 1, numbers, a);
    return affine_finish(a);
  }
  return false;
}

/* ---------------------------------------------------------------- the heavy node */

typedef enum kind { NONE, CONV, CONV_TRANSPOSE, GEMM, NORMALIZATION } kind_t;

/* What the weights of a heavy node look like: rows * columns * inner, and which channel each belongs to. */
typedef struct heavy {
  ob_node_t *node;
  kind_t kind;
  const ob_constant_t *weight;
  size_t in, out, group;
  double beta; /* of a Gemm's C */
} heavy_t;

static kind_t kind_of(const ob_node_t *node) {
  if (ob_match_is(node, "Conv")) return CONV;
  if (ob_match_is(node, "ConvTranspose")) return CONV_TRANSPOSE;
  if (ob_match_is(node, "Gemm")) return GEMM;
  return ob_match_is(node, "BatchNormalization") ? NORMALIZATION : NONE;
}

static int64_t int_of(const ob_node_t *node, const char *name, int64_t fallback) {
  int64_t value;
  return ob_node_int(node, name, fallback, &value) == OB_OK ? value : fallback;
}

/* The bias can be added to: it is absent, or a constant with one number a channel (of a Gemm: or one for all). */
static bool has_foldable_bias(const heavy_t *h) {
  const ob_value_t *bias = h->node->input_count > B ? h->node->inputs[B] : NULL;
  size_t count;
  if (!bias) return true;
  const ob_constant_t *c = bias->constant;
  if (!c || !c->data || bias->type.dtype != h->weight->dtype || !ob_dims_count(c->rank, c->dims, &count)) return false;
  bool last = c->rank == 0 || (size_t)c->dims[c->rank - 1] == count;
  return (count == h->out && last && c->rank > 0) || (h->kind == GEMM && count == 1);
}

static bool read_heavy(ob_node_t *node, heavy_t *h) {
  *h = (heavy_t){.node = node, .kind = kind_of(node), .group = 1, .beta = 1};
  const ob_value_t *weight = node->input_count > W ? node->inputs[W] : NULL;
  if (h->kind == NONE || !weight || !weight->constant || !weight->constant->data || !ob_match_is_float(weight)) return false;
  h->weight = weight->constant;
  const int64_t *dims = h->weight->dims;
  if (h->kind == NORMALIZATION) {
    h->in = h->out = (size_t)dims[0];
    return h->weight->rank == 1;
  }
  if (h->weight->rank < 2) return false;
  if (h->kind == GEMM) {
    bool turned = int_of(node, "transB", 0) != 0;
    h->in = (size_t)dims[turned ? 1 : 0];
    h->out = (size_t)dims[turned ? 0 : 1];
    h->beta = (double)ob_node_float(node, "beta", 1.0f);
    return has_foldable_bias(h);
  }
  h->group = (size_t)int_of(node, "group", 1);
  if (h->group == 0 || (size_t)dims[0] % h->group != 0) return false;
  h->in = h->kind == CONV ? (size_t)dims[1] * h->group : (size_t)dims[0];
  h->out = h->kind == CONV ? (size_t)dims[0] : (size_t)dims[1] * h->group;
  return has_foldable_bias(h);
}

/* Input and output channel of the weight at (row, column). */
static void channels_at(const heavy_t *h, size_t row, size_t column, size_t *in, size_t *out) {
  if (h->kind == GEMM) {
    bool turned = int_of(h->node, "transB", 0) != 0;
    *in = turned ? column : row;
    *out = turned ? row : column;
  } else if (h->kind == CONV) {
    *in = row / (h->out / h->group) * (h->in / h->group) + column;
    *out = row;
  } else {
    *in = row;
    *out = row / (h->in / h->group) * (h->out / h->group) + column;
  }
}

static double get(const ob_constant_t *c, const void *data, size_t i) {
  if (c->dtype == OB_FLOAT64) {
    double d;
    memcpy(&d, (const char *)data + i * sizeof d, sizeof d);
    return d;
  }
  float f;
  memcpy(&f, (const char *)data + i * sizeof f, sizeof f);
  return (double)f;
}

static void set(const ob_constant_t *c, void *data, size_t i, double number) {
  if (c->dtype == OB_FLOAT64) ((double *)data)[i] = number;
  else ((float *)data)[i] = (float)number;
}

/* ---------------------------------------------------------------- folding */

/* New weights, each times the scale of its channel. `sums` (one an output channel, or NULL) gets the sum of weight * shift. */
static ob_status_t scale_weights(const heavy_t *h, const affine_t *a, bool by_input, double *sums, ob_value_t **value) {
  const ob_constant_t *from = h->weight, *to;
  size_t rows = (size_t)from->dims[0], columns = (size_t)from->dims[1], count, inner;
  void *data;
  *value = h->node->inputs[W];
  if (!ob_dims_count(from->rank, from->dims, &count)) return ob_fail(OB_INTERNAL, "weights without a size");
  inner = rows * columns > 0 ? count / (rows * columns) : 0;
  if (!a->scales && !sums) return OB_OK;
  OB_TRY(ob_constant_allocate(h->node->graph->module, from->name, from->dtype, from->rank, from->dims, &data, &to));
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < columns; column++) {
      size_t in, out, at = (row * columns + column) * inner;
      channels_at(h, row, column, &in, &out);
      for (size_t k = at; k < at + inner; k++) {
        double w = get(from, from->data, k);
        if (sums) sums[out] += w * a->shift[in];
        set(to, data, k, w * a->scale[by_input ? in : out]);
      }
    }
  return ob_value_from_constant(h->node->graph, to, value);
}

/* bias[c] * factor[c] + addend[c]; NULL factor: 1. */
static ob_status_t make_bias(const heavy_t *h, const double *factor, const double *addend, ob_value_t **value) {
  ob_value_t *old = h->node->input_count > B ? h->node->inputs[B] : NULL;
  const ob_constant_t *from = old ? old->constant : NULL, *to;
  int64_t dims[1] = {(int64_t)h->out};
  void *data;
  size_t count = 0;
  if (from && !ob_dims_count(from->rank, from->dims, &count)) return ob_fail(OB_INTERNAL, "a bias without a size");
  OB_TRY(ob_constant_allocate(h->node->graph->module, from ? from->name : h->node->name, h->weight->dtype, 1, dims, &data, &to));
  for (size_t i = 0; i < h->out; i++) {
    double bias = from ? get(from, from->data, count == 1 ? 0 : i) * h->beta : 0;
    set(to, data, i, bias * (factor ? factor[i] : 1) + addend[i]);
  }
  return ob_value_from_constant(h->node->graph, to, value);
}

/* The heavy node once more, with other inputs, in the place of `old`. */
static ob_status_t put_heavy(const heavy_t *h, ob_node_t *old, ob_value_t *const *inputs, size_t count) {
  ob_node_t *made;
  OB_TRY(ob_match_put(old, h->node->op->name, inputs, count, &made));
  for (size_t i = 0; i < h->node->attribute_count; i++) OB_TRY(ob_node_set_attribute(made, &h->node->attributes[i]));
  /* beta is in the new bias */
  return h->kind == GEMM && h->beta != 1 ? ob_node_set_float(made, "beta", 1.0f) : OB_OK;
}

/* node(heavy(x)) -> heavy'(x) */
static ob_status_t fold_after(const heavy_t *h, const affine_t *a, ob_node_t *node) {
  ob_value_t *inputs[3] = {h->node->inputs[X], NULL, NULL};
  bool had_bias = h->node->input_count > B && h->node->inputs[B];
  OB_TRY(scale_weights(h, a, false, NULL, &inputs[W]));
  if (had_bias || a->shifts) OB_TRY(make_bias(h, a->scale, a->shift, &inputs[B]));
  return put_heavy(h, node, inputs, inputs[B] ? 3 : 2);
}

/* A normalisation takes a scale and a shift into its own. */
static ob_status_t fold_into_normalization(const heavy_t *h, const affine_t *a, ob_node_t *node) {
  ob_value_t *inputs[5];
  memcpy(inputs, h->node->inputs, sizeof inputs);
  for (size_t i = 1; i <= 2; i++) {
    const ob_constant_t *from = inputs[i]->constant, *to;
    void *data;
    OB_TRY(ob_constant_allocate(node->graph->module, from->name, from->dtype, from->rank, from->dims, &data, &to));
    for (size_t c = 0; c < a->channels; c++)
      set(to, data, c, get(from, from->data, c) * a->scale[c] + (i == 2 ? a->shift[c] : 0));
    OB_TRY(ob_value_from_constant(node->graph, to, &inputs[i]));
  }
  return put_heavy(h, node, inputs, 5);
}

static bool is_foldable_normalization(const ob_node_t *node, size_t channels) {
  for (size_t i = 1; i <= 2; i++) {
    const ob_value_t *value = node->input_count >= 5 ? node->inputs[i] : NULL;
    if (!value || !value->constant || !value->constant->data || !ob_match_is_float(value)) return false;
    if (value->constant->rank != 1 || value->constant->dims[0] != (int64_t)channels) return false;
  }
  return node->output_count == 1 && int_of(node, "training_mode", 0) == 0;
}

/* Zeros that padding adds come after the shift: only convolutions without padding can take one from before. */
static bool has_padding(const ob_node_t *node) {
  const char *automatic = ob_node_string(node, "auto_pad", "NOTSET");
  const ob_attribute_t *pads = ob_node_stated(node, "pads");
  if (strcmp(automatic, "NOTSET") != 0 && strcmp(automatic, "VALID") != 0) return true;
  for (size_t i = 0; pads && i < pads->count; i++)
    if (!ob_expr_is(pads->ints[i], 0)) return true;
  return false;
}

/* heavy(node(x)) -> heavy'(x) */
static ob_status_t fold_before(const heavy_t *h, const affine_t *a, ob_value_t *x) {
  const ob_allocator_t *allocator = h->node->graph->module->allocator;
  ob_value_t *inputs[3] = {x, NULL, h->node->input_count > B ? h->node->inputs[B] : NULL};
  double *sums = NULL, alpha = h->kind == GEMM ? (double)ob_node_float(h->node, "alpha", 1.0f) : 1;
  if (a->shifts) OB_TRY(OB_NEW_ARRAY(allocator, h->out, &sums));
  ob_status_t status = scale_weights(h, a, true, sums, &inputs[W]);
  for (size_t i = 0; sums && i < h->out; i++) sums[i] *= alpha;
  if (status == OB_OK && sums) status = make_bias(h, NULL, sums, &inputs[B]);
  heavy_t changed = *h;
  if (!sums) changed.beta = 1; /* the old bias stays, with its beta */
  if (status == OB_OK) status = put_heavy(&changed, h->node, inputs, inputs[B] ? 3 : 2);
  ob_free(allocator, sums);
  return status;
}

static bool fits_after(const heavy_t *h, const affine_t *a) {
  return h->kind == NORMALIZATION ? is_foldable_normalization(h->node, a->channels) : true;
}

/* `node` may be the affine one, with the heavy one before it. */
static ob_status_t try_after(ob_match_t *m, ob_node_t *node, bool *changed) {
  for (size_t data = 0; data < 2 && data < node->input_count; data++) {
    ob_value_t *x = node->inputs[data];
    affine_t a;
    heavy_t h;
    double *numbers;
    if (!x || !x->producer || x->output != 0 || !ob_match_single(m, x) || !read_heavy(x->producer, &h)) continue;
    OB_TRY(affine_create(m->graph, h.out, &a));
    ob_status_t status = OB_NEW_ARRAY(m->graph->module->allocator, h.out, &numbers);
    if (status == OB_OK && read_affine(node, data, &a, numbers) && fits_after(&h, &a)) {
      status = h.kind == NORMALIZATION ? fold_into_normalization(&h, &a, node) : fold_after(&h, &a, node);
      *changed = true;
    }
    ob_free(m->graph->module->allocator, numbers);
    affine_free(m->graph, &a);
    if (status != OB_OK || !node->outputs[0]) return status;
  }
  return OB_OK;
}

/* `node` may be the heavy one, with the affine one before it. */
static ob_status_t try_before(ob_match_t *m, ob_node_t *node, bool *changed) {
  heavy_t h;
  affine_t a;
  double *numbers;
  ob_value_t *x = node->inputs[X];
  ob_node_t *before = x->producer;
  if (!before || x->output != 0 || !before->outputs[0] || before->input_count == 0 || !before->inputs[0]) return OB_OK;
  if (!ob_match_single(m, x) || !read_heavy(node, &h) || (h.kind != CONV && h.kind != GEMM)) return OB_OK;
  if (h.kind == GEMM && int_of(node, "transA", 0) != 0) return OB_OK;
  size_t data = before->input_count == 2 && before->inputs[1] && before->inputs[0]->constant ? 1 : 0;
  OB_TRY(affine_create(m->graph, h.in, &a));
  ob_status_t status = OB_NEW_ARRAY(m->graph->module->allocator, h.in, &numbers);
  if (status == OB_OK && read_affine(before, data, &a, numbers) && !(a.shifts && h.kind == CONV && has_padding(node))) {
    status = fold_before(&h, &a, before->inputs[data]);
    *changed = true;
  }
  ob_free(m->graph->module->allocator, numbers);
  affine_free(m->graph, &a);
  return status;
}

static ob_status_t fold(ob_match_t *m, ob_node_t *node, bool *changed) {
  OB_TRY(try_after(m, node, changed));
  return node->outputs[0] ? try_before(m, node, changed) : OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fold, changed);
}

const ob_pass_t ob_pass_fold_batchnorm = {"fold_batchnorm", "puts per-channel scales and shifts into the weights beside them", run};
