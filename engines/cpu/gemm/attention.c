/* Attention: softmax(Q K' * scale + mask) V by blocks of queries; products are those of gemm.h. */
#include <math.h>
#include <string.h>

#include "cpu/gemm/gemm.h"

enum { Q, K, V, MASK, PAST_KEY, PAST_VALUE, LENGTHS };
/* Queries of a unit: their scores stay in the L2 cache. */
enum { QUERIES = 64 };

/* Heads of [batch, heads, length, size], or of [batch, length, heads * size]; strides in elements. */
typedef struct heads {
  size_t batch, heads, length, size, of_batch, of_head, of_row;
} heads_t;

typedef struct plan {
  const ob_isa_t *isa;
  heads_t q, k, v, y, past_k, past_v; /* k and v: with the cache in front, if there is one */
  size_t past, total, group;          /* group: query heads a key head */
  size_t mask_dims[4], mask_strides[4], mask_length;
  int64_t left, right;
  bool causal, cached;
  float scale, softcap;
  ob_gemm_cut_t score_cut, value_cut;
  size_t products_at, scratch;        /* of a thread: scores, a row of bias, room for products */
  size_t keys_at, values_at;          /* in the scratch, after the threads': cache and new ones together */
} plan_t;

static const ob_tensor_t *optional(const ob_node_view_t *node, const ob_tensor_t *const *inputs, size_t i) {
  return ob_cpu_has(node, i) ? inputs[i] : NULL;
}

static heads_t head_strides(heads_t h, bool split) {
  h.of_batch = h.heads * h.length * h.size;
  h.of_head = split ? h.length * h.size : h.size;
  h.of_row = split ? h.size : h.heads * h.size;
  return h;
}

static ob_status_t see_heads(const ob_tensor_t *tensor, int64_t heads, heads_t *out) {
  const int64_t *d = tensor->dims;
  if (tensor->rank == 4) {
    *out = head_strides((heads_t){.batch = (size_t)d[0], .heads = (size_t)d[1], .length = (size_t)d[2], .size = (size_t)d[3]}, true);
    return OB_OK;
  }
  if (tensor->rank != 3 || heads < 1 || d[2] % heads != 0)
    return ob_fail(OB_INVALID_ARGUMENT, "an input of rank %d with %lld heads", (int)tensor->rank, (long long)heads);
  *out = head_strides((heads_t){.batch = (size_t)d[0], .heads = (size_t)heads, .length = (size_t)d[1], .size = (size_t)(d[2] / heads)}, false);
  return OB_OK;
}

/* A mask is aligned at the right and broadcast; what lies beyond a short one is not seen. */
static bool see_mask(plan_t *plan, const ob_tensor_t *mask) {
  const size_t full[4] = {plan->q.batch, plan->q.heads, plan->q.length, plan->total};
  size_t stride = 1;
  plan->mask_length = plan->total;
  if (!mask) return true;
  if (mask->rank > 4) return false;
  for (int32_t i = 3; i >= 0; i--) {
    const int32_t own = i - 4 + mask->rank;
    const size_t dim = own >= 0 ? (size_t)mask->dims[own] : 1;
    if (i == 3 ? dim > full[3] : dim != 1 && dim != full[i]) return false;
    if (i == 3 && own >= 0) plan->mask_length = dim;
    plan->mask_strides[i] = own >= 0 && (dim != 1 || i == 3) ? stride : 0;
    stride *= dim;
  }
  return true;
}

static bool shapes_fit(const plan_t *p, const ob_tensor_t *lengths) {
  const heads_t *q = &p->q, *k = &p->k, *v = &p->v;
  bool fit = k->heads > 0 && q->heads % k->heads == 0 && k->heads == v->heads && k->length == v->length && q->size == k->size &&
             k->batch == q->batch && v->batch == q->batch;
  if (p->cached)
    fit = fit && p->past_k.heads == k->heads && p->past_v.heads == k->heads && p->past_k.length == p->past_v.length && p->past_k.size == k->size &&
          p->past_v.size == v->size && p->past_k.batch == q->batch && p->past_v.batch == q->batch;
  return fit && (!lengths || ob_tensor_count(lengths) == q->batch);
}

static ob_status_t see_shapes(const ob_kernel_setup_t *setup, plan_t *p) {
  const ob_node_view_t *node = setup->node;
  const int64_t q_heads = ob_setup_int(setup, "q_num_heads", 0), kv_heads = ob_setup_int(setup, "kv_num_heads", 0);
  const ob_tensor_t *past_k = optional(node, setup->inputs, PAST_KEY), *past_v = optional(node, setup->inputs, PAST_VALUE);
  OB_TRY(see_heads(setup->inputs[Q], q_heads, &p->q));
  OB_TRY(see_heads(setup->inputs[K], kv_heads, &p->k));
  OB_TRY(see_heads(setup->inputs[V], kv_heads, &p->v));
  p->cached = past_k && past_v;
  if (p->cached) {
    OB_TRY(see_heads(past_k, 0, &p->past_k));
    OB_TRY(see_heads(past_v, 0, &p->past_v));
    p->past = p->past_k.length;
  }
  p->total = p->past + p->k.length;
  if (!shapes_fit(p, optional(node, setup->inputs, LENGTHS)) || !see_mask(p, optional(node, setup->inputs, MASK)))
    return ob_fail(OB_INVALID_ARGUMENT, "the shapes of the inputs do not fit each other");
  p->group = p->q.heads / p->k.heads;
  p->y = head_strides((heads_t){.batch = p->q.batch, .heads = p->q.heads, .length = p->q.length, .size = p->v.size}, setup->inputs[Q]->rank == 4);
  return OB_OK;
}

static size_t lines(size_t floats) { return (floats * sizeof(float) + 63) / 64 * 64; }

static ob_status_t lay_scratch(ob_kernel_setup_t *setup, plan_t *p) {
  const size_t rows = p->q.length < QUERIES ? p->q.length : QUERIES;
  p->score_cut = ob_gemm_cut(p->isa, rows, p->total, 1, 1);
  p->value_cut = ob_gemm_cut(p->isa, rows, p->v.size, 1, 1);
  const size_t a = ob_gemm_scratch(p->isa, &p->score_cut, p->q.size), b = ob_gemm_scratch(p->isa, &p->value_cut, p->total);
  size_t scores;
  if (!ob_mul_size(rows + 1, lines(p->total), &scores)) return ob_fail_memory();
  p->products_at = scores;
  if (!ob_add_size(scores, a > b ? a : b, &p->scratch) || !ob_mul_size(p->scratch, setup->threads, &p->keys_at)) return ob_fail_memory();
  p->values_at = p->keys_at + (p->cached ? lines(p->k.batch * p->k.heads * p->total * p->k.size) : 0);
  return ob_add_size(p->values_at, p->cached ? lines(p->v.batch * p->v.heads * p->total * p->v.size) : 0, &setup->scratch_bytes) ? OB_OK : ob_fail_memory();
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  plan_t *p;
  OB_TRY(OB_ARENA_NEW(setup->arena, &p));
  p->isa = ob_cpu_isa();
  OB_TRY(see_shapes(setup, p));
  p->causal = ob_setup_int(setup, "is_causal", 0) != 0;
  p->left = ob_setup_int(setup, "left_window_size", -1);
  p->right = ob_setup_int(setup, "right_window_size", -1);
  p->scale = ob_node_attribute(setup->node, "scale") ? ob_setup_float(setup, "scale", 1) : 1.0f / sqrtf((float)p->q.size);
  p->softcap = ob_setup_float(setup, "softcap", 0);
  setup->state = p;
  return lay_scratch(setup, p);
}

typedef struct job {
  const plan_t *plan;
  const float *q, *k, *v;
  heads_t k_heads, v_heads;
  const ob_tensor_t *mask, *lengths;
  float *y;
  char *scratch;
} job_t;

/* All that is added to the scores of query i. False when no key may be seen. */
static bool fill_bias(const job_t *job, size_t b, size_t head, size_t i, float *bias) {
  const plan_t *p = job->plan;
  const int64_t valid = job->lengths ? ob_cpu_index(job->lengths, b) : (int64_t)p->total;
  const int64_t place = (int64_t)i + (p->cached ? (int64_t)p->past : job->lengths ? valid - (int64_t)p->q.length : 0);
  const size_t at = b * p->mask_strides[0] + head * p->mask_strides[1] + i * p->mask_strides[2];
  int64_t first = p->left >= 0 ? place - p->left : 0, end = valid;
  if (p->causal && end > place + 1) end = place + 1;
  if (p->right >= 0 && end > place + p->right + 1) end = place + p->right + 1;
  if (end > (int64_t)p->mask_length) end = (int64_t)p->mask_length;
  if (first < 0) first = 0;
  bool any = false;
  for (size_t j = 0; j < p->total; j++) bias[j] = -INFINITY;
  for (int64_t j = first; j < end; j++) {
    const size_t from = at + (size_t)j * p->mask_strides[3];
    bias[j] = !job->mask                    ? 0.0f
              : job->mask->dtype == OB_BOOL ? (((const uint8_t *)job->mask->data)[from] ? 0.0f : -INFINITY)
                                            : ((const float *)job->mask->data)[from];
    any = any || bias[j] != -INFINITY;
  }
  return any;
}

static void multiply(const plan_t *p, ob_gemm_t *g, const ob_gemm_cut_t *full, void *scratch) {
  ob_gemm_cut_t cut = *full; /* of a whole block of queries: the last may have fewer rows */
  g->low = -INFINITY;
  g->high = INFINITY;
  for (size_t block = 0; block < cut.row_blocks * cut.column_blocks; block++) ob_gemm_block(p->isa, g, &cut, block, scratch);
}

/* Scores become weights, row by row. */
static void weigh(const job_t *job, size_t b, size_t head, size_t first, size_t count, float *scores, size_t ld, float *bias) {
  const plan_t *p = job->plan;
  for (size_t i = 0; i < count; i++) {
    float *row = scores + i * ld;
    for (size_t j = 0; p->softcap > 0 && j < p->total; j++) row[j] = p->softcap * tanhf(row[j] / p->softcap);
    if (!fill_bias(job, b, head, first + i, bias)) {
      memset(row, 0, p->total * sizeof *row);
      continue;
    }
    p->isa->combine[OB_REDUCE_SUM](bias, row, p->total);
    p->isa->softmax(row, row, p->total);
  }
}

static void run_units(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *p = job->plan;
  char *room = job->scratch + piece * p->scratch;
  const size_t blocks = (p->q.length + QUERIES - 1) / QUERIES, ld = lines(p->total) / sizeof(float);
  float *bias = (float *)(void *)room, *scores = bias + ld;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t first = unit % blocks * QUERIES, head = unit / blocks % p->q.heads, b = unit / blocks / p->q.heads, source = head / p->group;
    const size_t count = p->q.length - first < QUERIES ? p->q.length - first : QUERIES;
    ob_gemm_t g = {.m = count, .n = p->total, .k = p->q.size, .alpha = p->scale};
    g.a = job->q + b * p->q.of_batch + head * p->q.of_head + first * p->q.of_row;
    g.a_row = p->q.of_row;
    g.a_column = 1;
    g.b = job->k + b * job->k_heads.of_batch + source * job->k_heads.of_head;
    g.b_row = 1;
    g.b_column = job->k_heads.of_row;
    g.c = scores;
    g.ldc = ld;
    multiply(p, &g, &p->score_cut, room + p->products_at);
    weigh(job, b, head, first, count, scores, ld, bias);
    ob_gemm_t h = {.m = count, .n = p->v.size, .k = p->total, .alpha = 1.0f};
    h.a = scores;
    h.a_row = ld;
    h.a_column = 1;
    h.b = job->v + b * job->v_heads.of_batch + source * job->v_heads.of_head;
    h.b_row = job->v_heads.of_row;
    h.b_column = 1;
    h.c = job->y + b * p->y.of_batch + head * p->y.of_head + first * p->y.of_row;
    h.ldc = p->y.of_row;
    multiply(p, &h, &p->value_cut, room + p->products_at);
  }
}

/* Cache and new rows as [batch, heads, total, size]. */
static void join(const heads_t *past, const float *old, const heads_t *now, const float *new, float *to) {
  const size_t row = now->size * sizeof *to;
  for (size_t b = 0; b < now->batch; b++)
    for (size_t head = 0; head < now->heads; head++) {
      const float *from = new + b * now->of_batch + head * now->of_head;
      const size_t length = old ? past->length : 0;
      if (old) memcpy(to, old + b * past->of_batch + head * past->of_head, length * row);
      to += length * now->size;
      for (size_t j = 0; j < now->length; j++, to += now->size) memcpy(to, from + j * now->of_row, row);
    }
}

static void *wanted(const ob_kernel_call_t *call, size_t output) {
  return output < call->node->output_count && call->outputs[output] ? call->outputs[output]->data : NULL;
}

/* Keys (or values) to attend to: the new ones where they lie, or, with a cache or where the next one is wanted, both together. */
static const float *gather(const ob_kernel_call_t *call, size_t input, heads_t *heads) {
  const plan_t *p = call->state;
  const bool keys = input == K;
  const heads_t now = keys ? p->k : p->v, *past = keys ? &p->past_k : &p->past_v;
  const float *new = call->inputs[input]->data, *old = p->cached ? call->inputs[keys ? PAST_KEY : PAST_VALUE]->data : NULL;
  float *present = wanted(call, keys ? 1 : 2);
  *heads = now;
  if (!present && !p->cached) return new;
  if (!present) present = (float *)(void *)((char *)call->scratch + (keys ? p->keys_at : p->values_at));
  join(past, old, &now, new, present);
  heads->length = p->total;
  *heads = head_strides(*heads, true);
  return present;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *p = call->state;
  job_t job = {.plan = p, .q = call->inputs[Q]->data, .y = wanted(call, 0), .scratch = call->scratch};
  job.k = gather(call, K, &job.k_heads);
  job.v = gather(call, V, &job.v_heads);
  job.mask = optional(call->node, call->inputs, MASK);
  job.lengths = optional(call->node, call->inputs, LENGTHS);
  if (!job.y || p->q.batch * p->q.heads * p->q.length * p->v.size == 0) return OB_OK;
  const size_t blocks = (p->q.length + QUERIES - 1) / QUERIES, work = QUERIES * p->total * (p->q.size + p->v.size) + 1;
  ob_cpu_split(call->host, call->threads, p->q.batch * p->q.heads * blocks, 200000 / work + 1, run_units, &job);
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  if (node->output_count > 3 && node->outputs[3]) return ob_cpu_refuse(node, reason, size, "the scores are wanted");
  if (ob_cpu_has(node, PAST_KEY) != ob_cpu_has(node, PAST_VALUE)) return ob_cpu_refuse(node, reason, size, "one half of a cache");
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_value_view_t *value = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    if (!value || i == LENGTHS || (i == MASK && value->dtype == OB_BOOL)) continue;
    if (value->dtype != OB_FLOAT32) return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(value->dtype));
  }
  return true;
}

const ob_kernel_t ob_cpu_kernel_Attention = {.op = "Attention", .domain = "", .supports = supports, .prepare = prepare, .run = run};
