/* MaxPool, AveragePool and LpPool: each plane is laid out with its padding, then rows are combined tap by tap. */
#include <math.h>
#include <string.h>

#include "cpu/gemm/plane.h"

typedef struct plan {
  const ob_isa_t *isa;
  ob_conv_t conv;
  bool average;
  int64_t p; /* LpPool; 0: another */
  ob_padded_t padded;
  float *counts; /* AveragePool: [output] how many elements of its window count */
} plan_t;

/* Elements along axis `i` that count for output `o`: those inside the input, or inside input and padding. */
static float count_of(const ob_conv_t *c, int i, size_t o, int64_t end_pad, bool with_padding) {
  const int64_t first = (int64_t)o * c->stride[i] - c->pad[i];
  int64_t count = 0;
  for (size_t k = 0; k < c->kernel[i]; k++) {
    const int64_t at = first + (int64_t)k * c->dilation[i];
    if (with_padding ? at < (int64_t)c->in[i] + end_pad : at >= 0 && at < (int64_t)c->in[i]) count++;
  }
  return (float)count;
}

/* Padding after axis `i`: as stated, or what SAME adds. */
static int64_t end_pad(const ob_kernel_setup_t *setup, const ob_conv_t *c, int i, int32_t spatial) {
  size_t count;
  const int64_t *pads = ob_setup_ints(setup, "pads", &count);
  const char *mode = ob_node_text(setup->node, "auto_pad", "NOTSET");
  const int32_t own = i - (3 - spatial);
  if (strcmp(mode, "NOTSET") == 0) return pads && own >= 0 && (size_t)(own + spatial) < count ? pads[own + spatial] : 0;
  const int64_t reach = (int64_t)(c->kernel[i] - 1) * c->dilation[i] + 1;
  const int64_t total = ((int64_t)c->out[i] - 1) * c->stride[i] + reach - (int64_t)c->in[i];
  return total > c->pad[i] ? total - c->pad[i] : 0;
}

static ob_status_t count_windows(ob_kernel_setup_t *setup, plan_t *plan, int32_t spatial) {
  const bool with_padding = ob_setup_int(setup, "count_include_pad", 0) != 0;
  const ob_conv_t *c = &plan->conv;
  int64_t end[3];
  size_t at = 0;
  OB_TRY(OB_ARENA_ARRAY(setup->arena, c->out_size, &plan->counts));
  for (int i = 0; i < 3; i++) end[i] = end_pad(setup, c, i, spatial);
  for (size_t z = 0; z < c->out[0]; z++)
    for (size_t y = 0; y < c->out[1]; y++) {
      const float rows = count_of(c, 0, z, end[0], with_padding) * count_of(c, 1, y, end[1], with_padding);
      for (size_t x = 0; x < c->out[2]; x++) plan->counts[at++] = rows * count_of(c, 2, x, end[2], with_padding);
    }
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  size_t count;
  const int64_t *kernel = ob_setup_ints(setup, "kernel_shape", &count);
  const int32_t spatial = setup->inputs[0]->rank - 2;
  plan_t *plan;
  if (!kernel || count != (size_t)spatial) return ob_fail(OB_INVALID_MODEL, "kernel_shape has %zu entries", count);
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  ob_conv_t *c = &plan->conv;
  OB_TRY(ob_conv_read(setup, kernel, spatial, c));
  plan->isa = ob_cpu_isa();
  plan->average = strcmp(setup->node->op, "AveragePool") == 0;
  if (strcmp(setup->node->op, "LpPool") == 0) plan->p = ob_setup_int(setup, "p", 2);
  if (plan->average) OB_TRY(count_windows(setup, plan, spatial));
  ob_conv_fold(c);
  OB_TRY(ob_padded_plan(setup->arena, c, &plan->padded));
  setup->state = plan;
  if (!ob_mul_size(plan->padded.bytes, setup->threads, &setup->scratch_bytes)) return ob_fail_memory();
  return OB_OK;
}

typedef struct job {
  const plan_t *plan;
  const float *x;
  float *y;
  char *scratch;
} job_t;

static void power(float *x, size_t n, int64_t p) {
  for (size_t i = 0; i < n; i++) x[i] = p == 1 ? fabsf(x[i]) : p == 2 ? x[i] * x[i] : powf(fabsf(x[i]), (float)p);
}

static void root(float *y, size_t n, int64_t p) {
  for (size_t i = 0; p > 1 && i < n; i++) y[i] = p == 2 ? sqrtf(y[i]) : powf(y[i], 1.0f / (float)p);
}

static void run_planes(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const ob_conv_t *c = &plan->conv;
  float *room = (float *)(void *)(job->scratch + piece * plan->padded.bytes);
  void (*loop)(const ob_plane_t *) = plan->average || plan->p > 0 ? plan->isa->plane_sum : plan->isa->plane_max;
  for (size_t image = begin; image < end; image++) {
    float *y = job->y + image * c->out_size;
    ob_padded_fill(c, &plan->padded, job->x + image * c->in_size, plan->average || plan->p > 0 ? 0.0f : -INFINITY, room);
    if (plan->p > 0) power(room, plan->padded.dims[0] * plan->padded.dims[1] * plan->padded.dims[2], plan->p);
    ob_padded_run(c, &plan->padded, room, y, loop, (ob_plane_t){.x = NULL});
    if (plan->p > 0) root(y, c->out_size, plan->p);
    if (!plan->average) continue;
    const ob_tile_t tile = {.in = {y, plan->counts}, .out = y, .n = c->out_size};
    plan->isa->binary[OB_BINARY_div](&tile);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const ob_conv_t *c = &plan->conv;
  job_t job = {.plan = plan, .x = call->inputs[0]->data, .y = call->outputs[0]->data, .scratch = call->scratch};
  if (c->out_size == 0) return OB_OK;
  ob_cpu_split(call->host, call->threads, c->batch * c->channels, ob_cpu_row_grain(c->out_size * c->taps), run_planes, &job);
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  if (node->output_count > 1 && node->outputs[1]) return ob_cpu_refuse(node, reason, size, "indices are wanted");
  return ob_conv_supports(node, reason, size) && ob_cpu_takes_f32(region, node, reason, size);
}

static bool lp_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_attribute_view_t *p = ob_node_attribute(node, "p");
  if (p && p->ints[0] < 1) return ob_cpu_refuse(node, reason, size, "p is %lld", (long long)p->ints[0]);
  return supports(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_LpPool = {.op = "LpPool", .domain = "", .supports = lp_supports, .prepare = prepare, .run = run};
const ob_kernel_t ob_cpu_kernel_MaxPool = {.op = "MaxPool", .domain = "", .supports = supports, .prepare = prepare, .run = run};
const ob_kernel_t ob_cpu_kernel_AveragePool = {.op = "AveragePool", .domain = "", .supports = supports, .prepare = prepare, .run = run};
