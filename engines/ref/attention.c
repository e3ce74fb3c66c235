/* Attention: softmax(Q K' * scale + mask) V for each head, with grouped heads, caches, causal and window masks, and soft cap. */
#include <math.h>
#include <string.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, LENGTHS };

/* A tensor of heads: [batch, heads, length, size], or [batch, length, heads * size]. */
typedef struct heads {
  const ob_tensor_t *tensor;
  int64_t heads, length, size;
} heads_t;

typedef struct attention {
  const ob_kernel_call_t *call;
  heads_t q, k, v, past_key, past_value;
  const ob_tensor_t *mask, *lengths;
  int64_t batch, past, total, left, right, group; /* group: query heads a key head */
  bool causal;
  double scale, softcap;
  double *scores, *bias; /* one row */
} attention_t;

static ob_status_t see_heads(const ob_tensor_t *tensor, int64_t heads, heads_t *out) {
  out->tensor = tensor;
  if (tensor->rank == 4) {
    *out = (heads_t){tensor, tensor->dims[1], tensor->dims[2], tensor->dims[3]};
    return OB_OK;
  }
  if (tensor->rank != 3 || heads < 1 || tensor->dims[2] % heads != 0)
    return ob_fail(OB_INVALID_ARGUMENT, "an input of rank %d with %lld heads", (int)tensor->rank, (long long)heads);
  *out = (heads_t){tensor, heads, tensor->dims[1], tensor->dims[2] / heads};
  return OB_OK;
}

static double at(const heads_t *h, int64_t b, int64_t head, int64_t i, int64_t d) {
  int64_t index = h->tensor->rank == 4 ? ((b * h->heads + head) * h->length + i) * h->size + d : ((b * h->length + i) * h->heads + head) * h->size + d;
  return ob_ref_get(h->tensor->dtype, h->tensor->data, (size_t)index);
}

/* Element of keys or values with the cache in front. */
static double cached(const heads_t *past, const heads_t *now, int64_t b, int64_t head, int64_t j, int64_t d) {
  int64_t length = past->tensor ? past->length : 0;
  return j < length ? at(past, b, head, j, d) : at(now, b, head, j - length, d);
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *k = setup->inputs[K], *past = ob_ref_setup_input(setup, PAST_KEY);
  size_t offset, total = (size_t)(k->rank == 4 ? k->dims[2] : k->rank == 3 ? k->dims[1] : 0) + (size_t)(past && past->rank == 4 ? past->dims[2] : 0);
  return ob_ref_reserve(setup, 2 * total, sizeof(double), &offset);
}

static ob_status_t check_shapes(const attention_t *a) {
  bool fit = a->k.heads > 0 && a->q.heads % a->k.heads == 0 && a->k.heads == a->v.heads && a->k.length == a->v.length && a->q.size == a->k.size &&
             a->k.tensor->dims[0] == a->batch && a->v.tensor->dims[0] == a->batch;
  if (a->past_key.tensor)
    fit = fit && a->past_key.heads == a->k.heads && a->past_value.heads == a->k.heads && a->past_key.length == a->past_value.length &&
          a->past_key.size == a->k.size && a->past_value.size == a->v.size && a->past_key.tensor->dims[0] == a->batch &&
          a->past_value.tensor->dims[0] == a->batch;
  if (a->lengths) fit = fit && ob_tensor_count(a->lengths) == (size_t)a->batch;
  int64_t full[4] = {a->batch, a->q.heads, a->q.length, a->total};
  for (int32_t i = 0; a->mask && fit && i < a->mask->rank; i++) {
    int64_t dim = a->mask->dims[a->mask->rank - 1 - i];
    fit = i < 4 && (i == 0 ? dim <= full[3] : dim == 1 || dim == full[3 - i]);
  }
  return fit ? OB_OK : ob_fail(OB_INVALID_ARGUMENT, "the shapes of the inputs do not fit each other");
}

static ob_status_t begin(const ob_kernel_call_t *call, attention_t *a) {
  int64_t q_heads = ob_kernel_int(call, "q_num_heads", 0), kv_heads = ob_kernel_int(call, "kv_num_heads", 0);
  const ob_tensor_t *past_key = ob_ref_input(call, PAST_KEY), *past_value = ob_ref_input(call, PAST_VALUE);
  *a = (attention_t){.call = call, .mask = ob_ref_input(call, MASK), .lengths = ob_ref_input(call, LENGTHS)};
  OB_TRY(see_heads(call->inputs[Q], q_heads, &a->q));
  OB_TRY(see_heads(call->inputs[K], kv_heads, &a->k));
  OB_TRY(see_heads(call->inputs[V], kv_heads, &a->v));
  if (!past_key != !past_value) return ob_fail(OB_INVALID_ARGUMENT, "past_key and past_value come together");
  if (past_key && (past_key->rank != 4 || past_value->rank != 4)) return ob_fail(OB_INVALID_ARGUMENT, "caches must have rank 4");
  if (past_key) OB_TRY(see_heads(past_key, 0, &a->past_key));
  if (past_value) OB_TRY(see_heads(past_value, 0, &a->past_value));
  a->batch = call->inputs[Q]->dims[0];
  a->past = past_key ? a->past_key.length : 0;
  a->total = a->past + a->k.length;
  OB_TRY(check_shapes(a));
  a->group = a->q.heads / a->k.heads;
  a->causal = ob_kernel_int(call, "is_causal", 0) != 0;
  a->left = ob_kernel_int(call, "left_window_size", -1);
  a->right = ob_kernel_int(call, "right_window_size", -1);
  a->scale = ob_node_attribute(call->node, "scale") ? (double)ob_kernel_float(call, "scale", 1) : 1 / sqrt((double)a->q.size);
  a->softcap = (double)ob_kernel_float(call, "softcap", 0);
  a->scores = call->scratch;
  a->bias = a->scores + a->total;
  return OB_OK;
}

/* The mask's part of the bias; what lies beyond a short mask is not seen. */
static double mask_bias(const attention_t *a, int64_t b, int64_t head, int64_t i, int64_t j) {
  if (!a->mask) return 0;
  int64_t index = 0, place[4] = {b, head, i, j};
  const ob_tensor_t *m = a->mask;
  if (m->rank > 0 && j >= m->dims[m->rank - 1]) return -INFINITY;
  for (int32_t d = 0; d < m->rank; d++) index = index * m->dims[d] + (m->dims[d] == 1 ? 0 : place[4 - m->rank + d]);
  if (m->dtype == OB_BOOL) return ob_ref_get_int(m->dtype, m->data, (size_t)index) ? 0 : -INFINITY;
  return ob_ref_get(m->dtype, m->data, (size_t)index);
}

/* Everything that is added to the scores of query i. True when some key may be seen. */
static bool fill_bias(const attention_t *a, int64_t b, int64_t head, int64_t i) {
  int64_t valid = a->lengths ? ob_ref_get_int(a->lengths->dtype, a->lengths->data, (size_t)b) : a->total;
  int64_t place = i + (a->past_key.tensor ? a->past : a->lengths ? valid - a->q.length : 0);
  bool any = false;
  for (int64_t j = 0; j < a->total; j++) {
    bool seen = j < valid && !(a->causal && j > place) && !(a->left >= 0 && place - j > a->left) && !(a->right >= 0 && j - place > a->right);
    a->bias[j] = seen ? mask_bias(a, b, head, i, j) : -INFINITY;
    any = any || a->bias[j] != -INFINITY;
  }
  return any;
}

static void store_scores(const attention_t *a, int64_t b, int64_t head, int64_t i) {
  ob_tensor_t *y = ob_ref_output(a->call, 3);
  if (y) ob_ref_store(y->dtype, y->data, (size_t)(((b * a->q.heads + head) * a->q.length + i) * a->total), (size_t)a->total, a->scores);
}

static void softmax(double *x, int64_t count, bool any) {
  double largest = -INFINITY, sum = 0;
  for (int64_t j = 0; j < count; j++) largest = fmax(largest, x[j]);
  for (int64_t j = 0; j < count; j++) sum += x[j] = any ? exp(x[j] - largest) : 0;
  for (int64_t j = 0; any && j < count; j++) x[j] /= sum;
}

/* One query of one head: scores, softmax, weighted sum of the values. */
static void attend(const attention_t *a, int64_t b, int64_t head, int64_t i) {
  int64_t mode = ob_kernel_int(a->call, "qk_matmul_output_mode", 0), source = head / a->group;
  ob_tensor_t *y = a->call->outputs[0];
  bool any = fill_bias(a, b, head, i);
  for (int64_t j = 0; j < a->total; j++) {
    double sum = 0;
    for (int64_t d = 0; d < a->q.size; d++) sum += at(&a->q, b, head, i, d) * cached(&a->past_key, &a->k, b, source, j, d);
    a->scores[j] = sum * a->scale;
  }
  if (mode == 0) store_scores(a, b, head, i);
  for (int64_t j = 0; a->softcap > 0 && j < a->total; j++) a->scores[j] = a->softcap * tanh(a->scores[j] / a->softcap);
  if (mode == 1) store_scores(a, b, head, i);
  for (int64_t j = 0; j < a->total; j++) a->scores[j] += a->bias[j];
  if (mode == 2) store_scores(a, b, head, i);
  softmax(a->scores, a->total, any);
  if (mode == 3) store_scores(a, b, head, i);
  for (int64_t d = 0; y && d < a->v.size; d++) {
    double sum = 0;
    for (int64_t j = 0; any && j < a->total; j++) sum += a->scores[j] * cached(&a->past_value, &a->v, b, source, j, d);
    int64_t to = y->rank == 4 ? ((b * a->q.heads + head) * a->q.length + i) * a->v.size + d : ((b * a->q.length + i) * a->q.heads + head) * a->v.size + d;
    ob_ref_set(y->dtype, y->data, (size_t)to, sum);
  }
}

static void store_cache(const attention_t *a, ob_tensor_t *present, const heads_t *past, const heads_t *now) {
  size_t to = 0;
  if (!present) return;
  for (int64_t b = 0; b < a->batch; b++)
    for (int64_t head = 0; head < now->heads; head++)
      for (int64_t j = 0; j < a->total; j++)
        for (int64_t d = 0; d < now->size; d++) ob_ref_set(present->dtype, present->data, to++, cached(past, now, b, head, j, d));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  attention_t a;
  OB_TRY(begin(call, &a));
  for (int64_t b = 0; b < a.batch; b++)
    for (int64_t head = 0; head < a.q.heads; head++) {
      OB_TRY(ob_kernel_poll(call));
      for (int64_t i = 0; i < a.q.length; i++) attend(&a, b, head, i);
    }
  store_cache(&a, ob_ref_output(call, 1), &a.past_key, &a.k);
  store_cache(&a, ob_ref_output(call, 2), &a.past_value, &a.v);
  return OB_OK;
}

const ob_kernel_t ob_ref_Attention = {.op = "Attention", .domain = "", .prepare = prepare, .run = run};
