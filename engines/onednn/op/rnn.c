/* LSTM and GRU: whole layers, in one or both directions. */
#include <stdio.h>
#include <string.h>

#include "onednn/kinds.h"

enum { X, W, R, B, SEQUENCE_LENS, INITIAL_H, INITIAL_C, P };
enum { MAX_GATES = 4 };

static const ob_value_view_t *input(const ob_node_view_t *node, size_t index) { return index < node->input_count ? node->inputs[index] : NULL; }
static const ob_value_view_t *output(const ob_node_view_t *node, size_t index) { return index < node->output_count ? node->outputs[index] : NULL; }

static bool is_lstm(const ob_node_view_t *node) { return strcmp(node->op, "LSTM") == 0; }

/* ---------------------------------------------------------------- supports */

static bool usual_activations(const ob_node_view_t *node) {
  static const char *const lstm[] = {"Sigmoid", "Tanh", "Tanh"}, *const gru[] = {"Sigmoid", "Tanh"};
  const ob_attribute_view_t *names = ob_node_attribute(node, "activations");
  const size_t count = is_lstm(node) ? 3 : 2;
  for (size_t i = 0; names && i < names->count; i++)
    if (strcmp(names->strings[i].data, (is_lstm(node) ? lstm : gru)[i % count]) != 0) return false;
  return true;
}

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  if (input(node, SEQUENCE_LENS)) return dn_refuse(reason, "%s: oneDNN has no sequence_lens", node->op);
  if (input(node, P)) return dn_refuse(reason, "%s: peepholes are left to others", node->op);
  if (!dn_all_float32(node, reason)) return false;
  for (size_t i = W; i <= B; i++)
    if (input(node, i) ? !input(node, i)->is_constant : i != B) return dn_refuse(reason, "%s: weights must be constants", node->op);
  if (is_lstm(node) && !input(node, INITIAL_H) != !input(node, INITIAL_C)) return dn_refuse(reason, "LSTM: one initial state without the other");
  if (!usual_activations(node)) return dn_refuse(reason, "%s: oneDNN has the usual activations only", node->op);
  if (ob_node_attribute(node, "clip") || dn_int(node, "input_forget", 0) != 0) return dn_refuse(reason, "%s: oneDNN has no clip or input_forget", node->op);
  if (dn_int(node, "layout", 0) != 0) return dn_refuse(reason, "%s: layout 1 is left to others", node->op);
  const int64_t *dims = input(node, X)->dims; /* measured: from a batch of about 4 on it is faster than the engine cpu */
  if (dims[0] == 1 || dims[1] == 1) return dn_refuse(reason, "%s: oneDNN is slow at single steps and sequences", node->op);
  return true;
}

/* ---------------------------------------------------------------- weights */

/* Where the gates of oneDNN (input, forget, cell, output; update, reset, output) are in ONNX. */
static const int lstm_gates[] = {0, 2, 3, 1}, gru_gates[] = {0, 1, 2};

/* Sizes of one node, and its memory descriptors. */
typedef struct rnn {
  dn_plan_t *plan;
  const ob_node_view_t *node;
  int64_t steps, batch, in, hidden, directions, gates;
  bool separate; /* GRU with linear_before_reset: the last gate's two biases are kept apart */
  const int *order;
  dn_rnn_desc_t desc;
  dn_ref_t src, weights, recurrence, bias, dst;
} rnn_t;

/* What `fill` of packed weights needs. */
typedef struct packing {
  const rnn_t *rnn;
  const float *plain; /* (directions, gates * hidden, columns) */
  int64_t columns;
  dn_md_t from, to;
} packing_t;

static ob_status_t pack_weights(void *arg, void *buffer) {
  const packing_t *p = arg;
  const rnn_t *r = p->rnn;
  const ob_allocator_t *allocator = r->plan->host->allocator;
  size_t gate = (size_t)(r->hidden * p->columns);
  float *sorted;
  OB_TRY(OB_NEW_ARRAY(allocator, (size_t)(r->directions * r->gates) * gate, &sorted));
  for (int64_t d = 0; d < r->directions; d++)
    for (int64_t g = 0; g < r->gates; g++)
      memcpy(sorted + (size_t)(d * r->gates + g) * gate, p->plain + (size_t)(d * r->gates + r->order[g]) * gate, gate * sizeof *sorted);
  ob_status_t status = dn_pack(r->plan->dnnl, p->from, sorted, p->to, buffer);
  ob_free(allocator, sorted);
  return status;
}

/* The sum of ONNX's two biases in oneDNN's order of gates; zeros without them, since oneDNN 2.6 has no fast layers without a bias. */
static ob_status_t pack_bias(void *arg, void *buffer) {
  const packing_t *p = arg;
  const rnn_t *r = p->rnn;
  const int64_t n = r->hidden, kept = r->gates + r->separate;
  float *out = buffer;
  memset(out, 0, (size_t)(r->directions * kept * n) * sizeof *out);
  if (!p->plain) return OB_OK;
  for (int64_t d = 0; d < r->directions; d++) {
    const float *w = p->plain + d * 2 * r->gates * n, *recurrent = w + r->gates * n;
    for (int64_t g = 0; g < kept; g++)
      for (int64_t i = 0; i < n; i++) {
        int64_t from = (g < r->gates ? r->order[g] : r->gates - 1) * n + i;
        bool apart = r->separate && g >= r->gates - 1;
        out[(d * kept + g) * n + i] = apart ? (g < r->gates ? w[from] : recurrent[from]) : w[from] + recurrent[from];
      }
  }
  return OB_OK;
}

/* Data made from input `input_index`, and where it is. */
static ob_status_t fixed(const rnn_t *r, const char *what, size_t input_index, dn_md_t md, ob_status_t (*fill)(void *, void *), packing_t *packing,
                         dn_ref_t *ref) {
  dn_plan_t *plan = r->plan;
  dn_shape_t s;
  char key[512];
  const void *data;
  const ob_value_view_t *value = input(r->node, input_index);
  if (value) OB_TRY(dn_plain_constant(plan, value, (const void **)&packing->plain));
  packing->rnn = r;
  packing->to = md;
  int used = snprintf(key, sizeof key, "%s; op %u; %s %s", plan->executable->engine->fingerprint, plan->op->index, r->node->op, what);
  if (!dn_md_shape(md, &s)) return ob_fail(OB_INTERNAL, "%s has no layout that can be told", what);
  for (int32_t d = 0; d < s.rank && (size_t)used < sizeof key; d++)
    used += snprintf(key + used, sizeof key - (size_t)used, "; %lld:%lld", (long long)s.dims[d], (long long)s.strides[d]);
  for (int32_t b = 0; b < s.block_count && (size_t)used < sizeof key; b++)
    used += snprintf(key + used, sizeof key - (size_t)used, "; %lld of %d", (long long)s.block_size[b], s.block_dim[b]);
  OB_TRY(plan->host->packed(plan->binding->region, key, dn_md_bytes(md), fill, packing, &data));
  ref->md = md;
  return dn_buffer_new(plan, (dn_buffer_t){.place = DN_FIXED, .data = data, .root = DN_NONE}, &ref->buffer);
}

static ob_status_t set_weights(rnn_t *r, const char *what, size_t input_index, int64_t columns, dn_md_t md, dn_ref_t *ref) {
  const int64_t dims[] = {1, r->directions, columns, r->gates, r->hidden};
  const int64_t strides[] = {r->directions * r->gates * r->hidden * columns, r->gates * r->hidden * columns, 1, r->hidden * columns, columns};
  packing_t packing = {.columns = columns};
  OB_TRY(dn_md_strided(r->plan->store, 5, dims, strides, &packing.from));
  return fixed(r, what, input_index, md, pack_weights, &packing, ref);
}

/* ---------------------------------------------------------------- plan */

static dnnl_rnn_direction_t direction_of(const ob_node_view_t *node) {
  const ob_attribute_view_t *direction = ob_node_attribute(node, "direction");
  if (!direction || strcmp(direction->strings[0].data, "forward") == 0) return dnnl_unidirectional_left2right;
  return strcmp(direction->strings[0].data, "reverse") == 0 ? dnnl_unidirectional_right2left : dnnl_bidirectional_concat;
}

static ob_status_t read_sizes(rnn_t *r) {
  const int64_t *x = dn_dims(r->plan, r->node->inputs[X]), *w = r->node->inputs[W]->dims, *rec = r->node->inputs[R]->dims;
  r->steps = x[0], r->batch = x[1], r->in = x[2];
  r->directions = rec[0], r->hidden = rec[2];
  r->gates = is_lstm(r->node) ? 4 : 3;
  r->order = is_lstm(r->node) ? lstm_gates : gru_gates;
  r->separate = !is_lstm(r->node) && dn_int(r->node, "linear_before_reset", 0) != 0;
  if (w[2] == r->in && w[1] == r->gates * r->hidden && rec[1] == r->gates * r->hidden && w[0] == r->directions) return OB_OK;
  return ob_fail(OB_INVALID_ARGUMENT, "the weights are for %lld columns, the data has %lld", (long long)w[2], (long long)r->in);
}

static ob_status_t describe(rnn_t *r, bool any) {
  dn_store_t *store = r->plan->store;
  const int64_t src[] = {r->steps, r->batch, r->in}, dst[] = {r->steps, r->batch, r->directions * r->hidden};
  const int64_t state[] = {1, r->directions, r->batch, r->hidden}, bias[] = {1, r->directions, r->gates + r->separate, r->hidden};
  const int64_t weights[] = {1, r->directions, r->in, r->gates, r->hidden}, recurrence[] = {1, r->directions, r->hidden, r->gates, r->hidden};
  dn_rnn_desc_t *d = &r->desc;
  *d = (dn_rnn_desc_t){.cell = is_lstm(r->node) ? DN_LSTM : r->separate ? DN_LBR_GRU : DN_GRU, .direction = direction_of(r->node)};
  OB_TRY(dn_md_strided(store, 3, src, NULL, &d->src));
  OB_TRY(dn_md_strided(store, 3, dst, NULL, &d->dst));
  OB_TRY(dn_md_strided(store, 4, state, NULL, &d->dst_state));
  if (is_lstm(r->node)) d->dst_cell = d->dst_state;
  if (input(r->node, INITIAL_H)) d->src_state = d->dst_state;
  if (is_lstm(r->node) && input(r->node, INITIAL_C)) d->src_cell = d->dst_state;
  OB_TRY(dn_md_strided(store, 4, bias, NULL, &d->bias));
  OB_TRY(any ? dn_md_any(store, 5, weights, &d->weights) : dn_md_strided(store, 5, weights, NULL, &d->weights));
  return any ? dn_md_any(store, 5, recurrence, &d->recurrence) : dn_md_strided(store, 5, recurrence, NULL, &d->recurrence);
}

static ob_status_t create(rnn_t *r, dnnl_primitive_desc_t *pd) {
  dnnl_primitive_attr_t attr;
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_rnn(r->plan->dnnl, &r->desc, attr, pd);
  dnnl_primitive_attr_destroy(attr);
  return dn_check(status, r->node->op);
}

/* Weights as the library likes them, unless that depends on the size of the batch: then plain. */
static ob_status_t create_portable(rnn_t *r, dnnl_primitive_desc_t *pd) {
  dn_shape_t shape;
  OB_TRY(describe(r, true));
  OB_TRY(create(r, pd));
  if (dn_md_shape(dn_query(*pd, dnnl_query_exec_arg_md, DNNL_ARG_WEIGHTS_LAYER), &shape) &&
      dn_md_shape(dn_query(*pd, dnnl_query_exec_arg_md, DNNL_ARG_WEIGHTS_ITER), &shape))
    return OB_OK;
  dnnl_primitive_desc_destroy(*pd);
  OB_TRY(describe(r, false));
  return create(r, pd);
}

static ob_status_t work(rnn_t *r, dn_md_t md, dn_ref_t *ref) {
  ref->md = md;
  return dn_buffer_new(r->plan, (dn_buffer_t){.bytes = dn_md_bytes(md), .root = DN_NONE}, &ref->buffer);
}

/* Room for a result: the value's where there is one. */
static ob_status_t result(rnn_t *r, const ob_value_view_t *value, dn_md_t md, dn_ref_t *ref) {
  dn_md_t plain;
  if (!value) return work(r, md, ref);
  OB_TRY(dn_md_strided(r->plan->store, dn_rank(r->plan, value), dn_dims(r->plan, value), NULL, &plain));
  OB_TRY(dn_write(r->plan, value->index, plain, ref));
  ref->md = md;
  return OB_OK;
}

static ob_status_t collect(rnn_t *r, dnnl_primitive_desc_t pd, dn_arg_t *args, size_t *count) {
  static const int initial[] = {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C}, last[] = {DNNL_ARG_DST_ITER, DNNL_ARG_DST_ITER_C};
  dn_plan_t *plan = r->plan;
  const int64_t state[] = {1, r->directions, r->batch, r->hidden};
  dn_ref_t ref;
  OB_TRY(dn_read_plain(plan, r->node->inputs[X]->index, -1, NULL, &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_SRC_LAYER, r->desc.src, ref.buffer};
  OB_TRY(set_weights(r, "W", W, r->in, dn_query(pd, dnnl_query_exec_arg_md, DNNL_ARG_WEIGHTS_LAYER), &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_WEIGHTS_LAYER, ref.md, ref.buffer};
  OB_TRY(set_weights(r, "R", R, r->hidden, dn_query(pd, dnnl_query_exec_arg_md, DNNL_ARG_WEIGHTS_ITER), &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_WEIGHTS_ITER, ref.md, ref.buffer};
  packing_t packing = {.columns = 1};
  OB_TRY(fixed(r, "B", B, r->desc.bias, pack_bias, &packing, &ref));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_BIAS, ref.md, ref.buffer};
  for (size_t i = 0; i < (is_lstm(r->node) ? 2u : 1u); i++) {
    if (input(r->node, INITIAL_H + i)) {
      OB_TRY(dn_read_plain(plan, r->node->inputs[INITIAL_H + i]->index, 4, state, &ref));
      args[(*count)++] = (dn_arg_t){initial[i], ref.md, ref.buffer};
    }
    OB_TRY(result(r, output(r->node, i + 1), r->desc.dst_state, &ref));
    args[(*count)++] = (dn_arg_t){last[i], ref.md, ref.buffer};
  }
  if (r->directions == 1)
    OB_TRY(result(r, output(r->node, 0), r->desc.dst, &r->dst));
  else
    OB_TRY(work(r, r->desc.dst, &r->dst));
  args[(*count)++] = (dn_arg_t){DNNL_ARG_DST_LAYER, r->dst.md, r->dst.buffer};
  return OB_OK;
}

/* (steps, batch, directions, hidden) as oneDNN leaves it becomes ONNX's (steps, directions, batch, hidden). */
static ob_status_t turn(rnn_t *r) {
  const int64_t n = r->batch, d = r->directions, h = r->hidden, dims[] = {r->steps, n, d, h}, strides[] = {d * n * h, h, n * h, 1};
  dn_ref_t from = r->dst, to;
  if (!output(r->node, 0)) return OB_OK;
  OB_TRY(result(r, output(r->node, 0), NULL, &to));
  OB_TRY(dn_md_strided(r->plan->store, 4, dims, NULL, &from.md));
  OB_TRY(dn_md_strided(r->plan->store, 4, dims, strides, &to.md));
  return dn_step_reorder(r->plan, from, to);
}

static ob_status_t plan_rnn(dn_plan_t *plan, const dn_op_t *op) {
  rnn_t r = {.plan = plan, .node = op->node};
  dn_arg_t args[DN_MAX_ARGS];
  size_t count = 0;
  dnnl_primitive_desc_t pd;
  OB_TRY(read_sizes(&r));
  OB_TRY(create_portable(&r, &pd));
  ob_status_t status = collect(&r, pd, args, &count);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(pd);
    return status;
  }
  OB_TRY(dn_step(plan, pd, args, count, op->node->op));
  return r.directions > 1 ? turn(&r) : OB_OK;
}

const dn_kind_t dn_kind_LSTM = {.op = "LSTM", .role = DN_CONTRACTION, .all_outputs = true, .supports = supports, .plan = plan_rnn};
const dn_kind_t dn_kind_GRU = {.op = "GRU", .role = DN_CONTRACTION, .all_outputs = true, .supports = supports, .plan = plan_rnn};
