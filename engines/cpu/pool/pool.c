/* MaxPool and AveragePool: each plane is laid out with its padding, then rows are combined tap by tap. */
#include <math.h>
#include <string.h>

#include "cpu/gemm/conv.h"

typedef struct plan {
  const ob_isa_t *isa;
  ob_conv_t conv;
  bool average;
  size_t padded[3], plane; /* the plane with its pads, in floats, rounded up to whole cache lines */
  size_t scratch;
  float *counts[3]; /* AveragePool: how many elements of a window along an axis count, for each output place */
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
  for (int i = 0; i < 3; i++) {
    const int64_t end = end_pad(setup, &plan->conv, i, spatial);
    OB_TRY(ob_arena_alloc_array(setup->arena, plan->conv.out[i], sizeof(float), (void **)&plan->counts[i]));
    for (size_t o = 0; o < plan->conv.out[i]; o++) plan->counts[i][o] = count_of(&plan->conv, i, o, end, with_padding);
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
  if (plan->average) OB_TRY(count_windows(setup, plan, spatial));
  size_t size = 1;
  for (int i = 0; i < 3; i++) {
    plan->padded[i] = c->out[i] == 0 ? 0 : (c->out[i] - 1) * (size_t)c->stride[i] + (c->kernel[i] - 1) * (size_t)c->dilation[i] + 1;
    size *= plan->padded[i];
  }
  plan->plane = (size + 15) / 16 * 16;
  plan->scratch = (plan->plane + (c->out[2] + 15) / 16 * 16) * sizeof(float);
  setup->state = plan;
  if (!ob_mul_size(plan->scratch, setup->threads, &setup->scratch_bytes)) return ob_fail_memory();
  return OB_OK;
}

typedef struct job {
  const plan_t *plan;
  const float *x;
  float *y;
  char *scratch;
} job_t;

static void fill(float *to, size_t n, float value) {
  for (size_t i = 0; i < n; i++) to[i] = value;
}

/* The plane inside its pads, which do not change the result. */
static void pad_plane(const plan_t *plan, const float *x, float *to) {
  const ob_conv_t *c = &plan->conv;
  const float nothing = plan->average ? 0.0f : -INFINITY;
  for (size_t z = 0; z < plan->padded[0]; z++)
    for (size_t y = 0; y < plan->padded[1]; y++, to += plan->padded[2]) {
      const int64_t in_z = (int64_t)z - c->pad[0], in_y = (int64_t)y - c->pad[1];
      const size_t width = plan->padded[2], before = (size_t)c->pad[2] < width ? (size_t)c->pad[2] : width;
      if (in_z < 0 || in_z >= (int64_t)c->in[0] || in_y < 0 || in_y >= (int64_t)c->in[1]) {
        fill(to, width, nothing);
        continue;
      }
      const size_t inside = width - before < c->in[2] ? width - before : c->in[2];
      fill(to, before, nothing);
      memcpy(to + before, x + ((size_t)in_z * c->in[1] + (size_t)in_y) * c->in[2], inside * sizeof *to);
      fill(to + before + inside, width - before - inside, nothing);
    }
}

static void pool_row(const plan_t *plan, const float *padded, size_t z, size_t y, float *out, float *counts) {
  const ob_conv_t *c = &plan->conv;
  void (*take)(const float *, float *, size_t, size_t) = plan->average ? plan->isa->pool_add_row : plan->isa->pool_max_row;
  fill(out, c->out[2], plan->average ? 0.0f : -INFINITY);
  for (size_t kz = 0; kz < c->kernel[0]; kz++)
    for (size_t ky = 0; ky < c->kernel[1]; ky++) {
      const size_t in_z = z * (size_t)c->stride[0] + kz * (size_t)c->dilation[0], in_y = y * (size_t)c->stride[1] + ky * (size_t)c->dilation[1];
      const float *from = padded + (in_z * plan->padded[1] + in_y) * plan->padded[2];
      for (size_t kx = 0; kx < c->kernel[2]; kx++) take(from + kx * (size_t)c->dilation[2], out, c->out[2], (size_t)c->stride[2]);
    }
  if (!plan->average) return;
  const float rows = plan->counts[0][z] * plan->counts[1][y];
  for (size_t i = 0; i < c->out[2]; i++) counts[i] = plan->counts[2][i] * rows;
  const ob_tile_t tile = {.in = {out, counts}, .out = out, .n = c->out[2]};
  plan->isa->binary[OB_BINARY_div](&tile);
}

static void run_planes(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const ob_conv_t *c = &plan->conv;
  float *padded = (float *)(void *)(job->scratch + piece * plan->scratch), *counts = padded + plan->plane;
  for (size_t image = begin; image < end; image++) {
    float *y = job->y + image * c->out_size;
    pad_plane(plan, job->x + image * c->in_size, padded);
    for (size_t row = 0; row < c->out[0] * c->out[1]; row++, y += c->out[2]) pool_row(plan, padded, row / c->out[1], row % c->out[1], y, counts);
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

const ob_kernel_t ob_cpu_kernel_MaxPool = {.op = "MaxPool", .domain = "", .supports = supports, .prepare = prepare, .run = run};
const ob_kernel_t ob_cpu_kernel_AveragePool = {.op = "AveragePool", .domain = "", .supports = supports, .prepare = prepare, .run = run};
