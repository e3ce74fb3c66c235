/* LinearAttention: attention as a recurrence over a state of keys by values: linear, gated, delta and gated delta rules. */
#include <math.h>
#include <string.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

enum { QUERY, KEY, VALUE, PAST, DECAY, BETA };

typedef struct linear {
  const ob_tensor_t *q, *k, *v, *past, *decay, *beta;
  int64_t batch, steps, q_heads, kv_heads, keys, values, decays, betas; /* decays, betas: numbers of them a step */
  double scale;
  bool gated, delta;
  double *state, *update; /* [keys][values]; [values] */
} linear_t;

static ob_status_t check(const linear_t *l) {
  bool fit = l->k->rank == 3 && l->v->rank == 3 && l->k->dims[0] == l->batch && l->v->dims[0] == l->batch && l->k->dims[1] == l->steps &&
             l->v->dims[1] == l->steps && l->k->dims[2] == l->kv_heads * l->keys;
  if (l->past) fit = fit && ob_tensor_count(l->past) == (size_t)(l->batch * l->kv_heads * l->keys * l->values);
  if (l->gated) fit = fit && (l->decays == l->kv_heads || l->decays == l->kv_heads * l->keys) &&
                      ob_tensor_count(l->decay) == (size_t)(l->batch * l->steps * l->decays);
  if (l->delta) fit = fit && (l->betas == l->kv_heads || l->betas == 1) && ob_tensor_count(l->beta) == (size_t)(l->batch * l->steps * l->betas);
  return fit ? OB_OK : ob_fail(OB_INVALID_ARGUMENT, "the shapes of the inputs do not fit each other");
}

static ob_status_t begin(const ob_kernel_call_t *call, linear_t *l) {
  const char *rule = ob_kernel_string(call, "update_rule", "gated_delta");
  *l = (linear_t){.q = call->inputs[QUERY], .k = call->inputs[KEY], .v = call->inputs[VALUE], .past = ob_ref_input(call, PAST),
                  .decay = ob_ref_input(call, DECAY), .beta = ob_ref_input(call, BETA)};
  l->gated = strncmp(rule, "gated", 5) == 0;
  l->delta = strstr(rule, "delta") != NULL;
  l->q_heads = ob_kernel_int(call, "q_num_heads", 0);
  l->kv_heads = ob_kernel_int(call, "kv_num_heads", 0);
  if (l->q->rank != 3 || l->v->rank != 3 || l->kv_heads < 1 || l->q_heads < 1 || l->q_heads % l->kv_heads != 0 || l->q->dims[2] % l->q_heads != 0 ||
      l->v->dims[2] % l->kv_heads != 0)
    return ob_fail(OB_INVALID_ARGUMENT, "%lld query heads, %lld key heads", (long long)l->q_heads, (long long)l->kv_heads);
  if ((l->gated && (!l->decay || l->decay->rank != 3)) || (l->delta && (!l->beta || l->beta->rank != 3)))
    return ob_fail(OB_INVALID_ARGUMENT, "update rule %s needs decay or beta", ob_quote(rule));
  l->batch = l->q->dims[0];
  l->steps = l->q->dims[1];
  l->keys = l->q->dims[2] / l->q_heads;
  l->values = l->v->dims[2] / l->kv_heads;
  l->decays = l->gated ? l->decay->dims[2] : 0;
  l->betas = l->delta ? l->beta->dims[2] : 0;
  l->scale = (double)ob_kernel_float(call, "scale", 0);
  if (l->scale == 0) l->scale = 1 / sqrt((double)l->keys);
  l->state = call->scratch;
  l->update = l->state + l->keys * l->values;
  return check(l);
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  int64_t q_heads = ob_setup_int(setup, "q_num_heads", 0), kv_heads = ob_setup_int(setup, "kv_num_heads", 0);
  const ob_tensor_t *q = setup->inputs[QUERY], *v = setup->inputs[VALUE];
  size_t offset;
  if (q->rank != 3 || v->rank != 3 || q_heads < 1 || kv_heads < 1) return ob_fail(OB_INVALID_ARGUMENT, "query and value must have rank 3");
  return ob_ref_reserve(setup, (size_t)(q->dims[2] / q_heads + 1) * (size_t)(v->dims[2] / kv_heads), sizeof(double), &offset);
}

static double element(const ob_tensor_t *tensor, int64_t at) { return ob_ref_get(tensor->dtype, tensor->data, (size_t)at); }

/* The state of one key head, one step on. */
static void step(const linear_t *l, int64_t b, int64_t head, int64_t t) {
  int64_t row = b * l->steps + t, k_at = (row * l->kv_heads + head) * l->keys, v_at = (row * l->kv_heads + head) * l->values;
  double beta = l->delta ? element(l->beta, row * l->betas + (l->betas == 1 ? 0 : head)) : 1;
  for (int64_t i = 0; l->gated && i < l->keys; i++) {
    int64_t which = l->decays == l->kv_heads ? head : head * l->keys + i;
    double factor = exp(element(l->decay, row * l->decays + which));
    for (int64_t m = 0; m < l->values; m++) l->state[i * l->values + m] *= factor;
  }
  for (int64_t m = 0; m < l->values; m++) {
    double known = 0;
    for (int64_t i = 0; l->delta && i < l->keys; i++) known += l->state[i * l->values + m] * element(l->k, k_at + i);
    l->update[m] = beta * (element(l->v, v_at + m) - known);
  }
  for (int64_t i = 0; i < l->keys; i++)
    for (int64_t m = 0; m < l->values; m++) l->state[i * l->values + m] += element(l->k, k_at + i) * l->update[m];
}

static void read_state(const linear_t *l, ob_tensor_t *y, int64_t b, int64_t head, int64_t t) {
  int64_t group = l->q_heads / l->kv_heads;
  for (int64_t q = head * group; q < (head + 1) * group; q++)
    for (int64_t m = 0; m < l->values; m++) {
      double sum = 0;
      int64_t row = (b * l->steps + t) * l->q_heads + q;
      for (int64_t i = 0; i < l->keys; i++) sum += element(l->q, row * l->keys + i) * l->state[i * l->values + m];
      ob_ref_set(y->dtype, y->data, (size_t)(row * l->values + m), l->scale * sum);
    }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  linear_t l;
  ob_tensor_t *y = call->outputs[0], *present = ob_ref_output(call, 1);
  OB_TRY(begin(call, &l));
  size_t size = (size_t)(l.keys * l.values);
  for (int64_t b = 0; b < l.batch; b++)
    for (int64_t head = 0; head < l.kv_heads; head++) {
      size_t at = (size_t)(b * l.kv_heads + head) * size;
      OB_TRY(ob_kernel_poll(call));
      if (l.past)
        ob_ref_load(l.past->dtype, l.past->data, at, 1, size, l.state);
      else
        memset(l.state, 0, size * sizeof *l.state);
      for (int64_t t = 0; t < l.steps; t++) {
        step(&l, b, head, t);
        if (y) read_state(&l, y, b, head, t);
      }
      if (present) ob_ref_store(present->dtype, present->data, at, size, l.state);
    }
  return OB_OK;
}

const ob_kernel_t ob_ref_LinearAttention = {.op = "LinearAttention", .domain = "", .prepare = prepare, .run = run};
