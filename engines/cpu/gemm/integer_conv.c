/* ConvInteger and QLinearConv: products of filters and patches, each a row of int16. */
#include "cpu/gemm/conv.h"
#include "cpu/gemm/integer.h"

enum { GRAIN = 200000 };

typedef struct places {
  size_t x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias; /* 0: there is none, but for x */
} places_t;
static const places_t integer_places = {.x = 0, .w = 1, .x_zero = 2, .w_zero = 3};
static const places_t linear_places = {.x = 0, .x_scale = 1, .x_zero = 2, .w = 3, .w_scale = 4, .w_zero = 5, .y_scale = 6, .y_zero = 7, .bias = 8};
static const places_t *places_of(const ob_node_view_t *node) { return node->op[0] == 'Q' ? &linear_places : &integer_places; }

typedef struct plan {
  ob_conv_t conv;
  size_t k, pitch;
  const int16_t *weights;          /* constant, widened; NULL: in each call */
  size_t weights_at, scales_at;    /* in the scratch, after the threads' patches */
  size_t patch_bytes;              /* of a thread */
} plan_t;

static const ob_tensor_t *input(const ob_tensor_t *const *inputs, const ob_node_view_t *node, size_t i) {
  return i > 0 && ob_cpu_has(node, i) ? inputs[i] : NULL;
}

static void widen_weights(const plan_t *plan, const ob_tensor_t *w, const ob_tensor_t *zero, int16_t *to) {
  const size_t filters = plan->conv.groups * plan->conv.filters;
  for (size_t f = 0; f < filters; f++)
    ob_integer_widen(w->dtype, w->data, f * plan->k, 1, plan->k, ob_integer_at(zero, f), to + f * plan->pitch, plan->pitch);
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const places_t *p = places_of(setup->node);
  const ob_tensor_t *w = setup->inputs[p->w], *zero = input(setup->inputs, setup->node, p->w_zero);
  plan_t *plan;
  size_t bytes;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  ob_conv_t *c = &plan->conv;
  OB_TRY(ob_conv_read(setup, w->dims + 2, w->rank - 2, c));
  const size_t filters = c->filters;
  c->groups = (size_t)ob_setup_int(setup, "group", 1);
  c->channels /= c->groups;
  c->filters /= c->groups;
  plan->k = c->channels * c->taps;
  plan->pitch = ob_integer_pitch(plan->k);
  if (zero && ob_tensor_count(zero) != 1 && ob_tensor_count(zero) != filters)
    return ob_fail(OB_INVALID_ARGUMENT, "%zu zero points for %zu filters", ob_tensor_count(zero), filters);
  setup->state = plan;
  if (!ob_mul_size(filters, plan->pitch * sizeof(int16_t), &bytes) ||
      !ob_mul_size(plan->pitch, OB_INTEGER_COLUMNS * sizeof(int16_t), &plan->patch_bytes) ||
      !ob_mul_size(plan->patch_bytes, setup->threads, &plan->weights_at))
    return ob_fail_memory();
  plan->scales_at = plan->weights_at;
  if (w->data && setup->node->inputs[p->w]->is_constant && (!zero || zero->data)) {
    int16_t *wide;
    OB_TRY(ob_arena_alloc_array(setup->arena, bytes + 64, 1, (void **)&wide));
    widen_weights(plan, w, zero, wide);
    plan->weights = wide;
  } else if (!ob_add_size(plan->scales_at, bytes, &plan->scales_at)) {
    return ob_fail_memory();
  }
  return ob_mul_size(filters + 1, sizeof(double), &bytes) && ob_add_size(plan->scales_at, bytes, &setup->scratch_bytes) ? OB_OK : ob_fail_memory();
}

typedef struct job {
  const plan_t *plan;
  const ob_tensor_t *x;
  int32_t zero;
  const int16_t *weights;
  ob_integer_end_t end;
  char *patches;
} job_t;

/* The run of a kernel's row that one output sees of one input row. */
static void copy_run(const job_t *job, const uint8_t *row, int64_t x, int16_t *to) {
  const ob_conv_t *c = &job->plan->conv;
  const bool is_unsigned = job->x->dtype == OB_UINT8;
  for (size_t kx = 0; kx < c->kernel[2]; kx++, x += c->dilation[2]) {
    const bool inside = row && x >= 0 && x < (int64_t)c->in[2];
    to[kx] = inside ? (int16_t)((is_unsigned ? row[x] : (int8_t)row[x]) - job->zero) : 0;
  }
}

/* What output `out` sees of the channels from `image` on. */
static void fill_patch(const job_t *job, const uint8_t *image, size_t out, int16_t *to) {
  const plan_t *plan = job->plan;
  const ob_conv_t *c = &plan->conv;
  const int64_t x = (int64_t)(out % c->out[2]) * c->stride[2] - c->pad[2];
  const int64_t y = (int64_t)(out / c->out[2] % c->out[1]) * c->stride[1] - c->pad[1];
  const int64_t z = (int64_t)(out / c->out[2] / c->out[1]) * c->stride[0] - c->pad[0];
  int16_t *const end = to + plan->pitch;
  for (size_t i = 0; i < c->channels; i++, image += c->in_size)
    for (size_t kz = 0; kz < c->kernel[0]; kz++)
      for (size_t ky = 0; ky < c->kernel[1]; ky++, to += c->kernel[2]) {
        const int64_t line = y + (int64_t)ky * c->dilation[1], plane = z + (int64_t)kz * c->dilation[0];
        const bool inside = line >= 0 && line < (int64_t)c->in[1] && plane >= 0 && plane < (int64_t)c->in[0];
        copy_run(job, inside ? image + ((size_t)plane * c->in[1] + (size_t)line) * c->in[2] : NULL, x, to);
      }
  while (to < end) *to++ = 0;
}

static size_t blocks_of(const ob_conv_t *c) { return (c->out_size + OB_INTEGER_COLUMNS - 1) / OB_INTEGER_COLUMNS; }

static void run_units(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const ob_conv_t *c = &plan->conv;
  int16_t *room = (int16_t *)(void *)(job->patches + piece * plan->patch_bytes);
  for (size_t unit = begin; unit < end; unit++) {
    const size_t image = unit / blocks_of(c), group = image % c->groups, first = unit % blocks_of(c) * OB_INTEGER_COLUMNS;
    const size_t count = c->out_size - first < OB_INTEGER_COLUMNS ? c->out_size - first : OB_INTEGER_COLUMNS;
    for (size_t j = 0; j < count; j++)
      fill_patch(job, (const uint8_t *)job->x->data + image * c->channels * c->in_size, first + j, room + j * plan->pitch);
    ob_integer_end_t last = job->end;
    last.y = (char *)last.y + image * c->filters * c->out_size * (last.dtype == OB_INT32 ? 4 : 1);
    if (last.bias) last.bias += group * c->filters;
    if (last.scale_row) last.scales += group * c->filters;
    const ob_integer_block_t block = {.isa = ob_cpu_isa(),
                                      .a = job->weights + group * c->filters * plan->pitch,
                                      .b = room,
                                      .pitch = plan->pitch,
                                      .row_end = c->filters,
                                      .column = first,
                                      .columns = count};
    ob_integer_multiply(&block, &last);
  }
}

static ob_status_t set_scales(const ob_kernel_call_t *call, const places_t *p, job_t *job) {
  const ob_tensor_t *w = call->inputs[p->w_scale], *bias = input(call->inputs, call->node, p->bias);
  const size_t count = ob_tensor_count(w), filters = job->plan->conv.groups * job->plan->conv.filters;
  double *scales = (double *)(void *)((char *)call->scratch + job->plan->scales_at);
  if ((count != 1 && count != filters) || (bias && ob_tensor_count(bias) != filters))
    return ob_fail(OB_INVALID_ARGUMENT, "%zu scales for %zu filters", count, filters);
  const double x = (double)*(const float *)call->inputs[p->x_scale]->data, y = (double)*(const float *)call->inputs[p->y_scale]->data;
  for (size_t i = 0; i < count; i++) scales[i] = x * (double)((const float *)w->data)[i] / y;
  job->end.scales = scales;
  job->end.scale_row = count > 1;
  job->end.bias = bias ? bias->data : NULL;
  job->end.zero = ob_integer_at(call->inputs[p->y_zero], 0);
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const ob_conv_t *c = &plan->conv;
  const places_t *p = places_of(call->node);
  const ob_tensor_t *y = call->outputs[0];
  int16_t *wide = (int16_t *)(void *)((char *)call->scratch + plan->weights_at);
  job_t job = {.plan = plan,
               .x = call->inputs[p->x],
               .zero = ob_integer_at(input(call->inputs, call->node, p->x_zero), 0),
               .weights = plan->weights ? plan->weights : wide,
               .end = {.dtype = y->dtype, .y = y->data, .ldy = c->out_size},
               .patches = call->scratch};
  if (ob_tensor_count(y) == 0) return OB_OK;
  if (!plan->weights) widen_weights(plan, call->inputs[p->w], input(call->inputs, call->node, p->w_zero), wide);
  if (p->x_scale) OB_TRY(set_scales(call, p, &job));
  const size_t work = (c->filters + 4) * OB_INTEGER_COLUMNS * (plan->pitch + 1);
  ob_cpu_split(call->host, call->threads, c->batch * c->groups * blocks_of(c), GRAIN / work + 1, run_units, &job);
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const places_t *p = places_of(node);
  (void)region;
  if (!ob_conv_supports(node, reason, size) || !ob_integer_is_byte(node, p->x, reason, size) || !ob_integer_is_byte(node, p->w, reason, size)) return false;
  if (!ob_integer_is_single(node, p->x_zero, false, reason, size) || !ob_integer_is_single(node, p->w_zero, true, reason, size)) return false;
  if (!p->x_scale) return true;
  for (size_t i = 0; i < 2; i++) {
    const size_t at = i ? p->y_scale : p->x_scale;
    if (!ob_integer_is_f32(node, at, reason, size) || !ob_integer_is_single(node, at, false, reason, size)) return false;
  }
  return ob_integer_is_f32(node, p->w_scale, reason, size) && ob_integer_is_single(node, p->w_scale, true, reason, size) &&
         ob_integer_is_byte(node, p->y_zero, reason, size) && ob_integer_is_single(node, p->y_zero, false, reason, size);
}

const ob_kernel_t ob_cpu_kernel_ConvInteger = {.op = "ConvInteger", .domain = "", .supports = supports, .prepare = prepare, .run = run};
const ob_kernel_t ob_cpu_kernel_QLinearConv = {.op = "QLinearConv", .domain = "", .supports = supports, .prepare = prepare, .run = run};
