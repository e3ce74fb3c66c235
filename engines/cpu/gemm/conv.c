/* Conv: a matrix product of the weights and patches of the image, which are packed as the product asks for them; depthwise
 * convolutions go row by row over a padded plane. */
#include "cpu/gemm/conv.h"

#include <math.h>
#include <string.h>

#include "cpu/gemm/plane.h"

/* Work worth a thread, in multiplications. */
#define GRAIN ((size_t)100000)

typedef struct plan {
  const ob_isa_t *isa;
  ob_conv_t conv;
  ob_gemm_cut_t cut;
  const float *weights; /* panels, or plain when depthwise */
  size_t panel_size;    /* floats of a group's panels */
  size_t scratch;
  bool depthwise, matrix; /* matrix: 1x1, stride 1, no pads: the image is B itself */
  ob_padded_t padded; /* depthwise */
} plan_t;

/* Weights as panels of filters. With groups each group's filters must fill whole panels; else it is done when the plan is made. */
static ob_layout_t weight_layout(int32_t rank, bool panels) {
  ob_layout_t layout = {.rank = rank};
  for (int32_t i = 0; i < rank; i++) layout.order[i] = (uint8_t)i;
  if (panels) {
    layout.block_count = 1;
    layout.block_size[0] = (int32_t)ob_cpu_isa()->gemm_rows;
  }
  return layout;
}

static int64_t group_count(const ob_node_view_t *node) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, "group");
  return attribute ? attribute->ints[0] : 1;
}

/* One channel to one channel, in each group: a sliding product, without any panels. */
static bool is_depthwise(const int64_t *weight_dims, int64_t groups) { return weight_dims[0] == groups && weight_dims[1] == 1; }

/* One group only: the panels of several would straddle their borders. */
static ob_status_t constant_weights(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node, const void **data) {
  const ob_value_view_t *w = node->inputs[1];
  const ob_layout_t layout = weight_layout(w->rank, group_count(node) == 1 && !is_depthwise(w->dims, 1));
  return host->constant(region, w->index, &layout, data);
}

static ob_status_t compile(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node) {
  const void *data;
  return node->inputs[1]->is_constant ? constant_weights(host, region, node, &data) : OB_OK;
}

/* filters x (channels * taps), row-major, as panels. */
static void pack_weights(const plan_t *plan, const float *from, float *to) {
  const ob_conv_t *c = &plan->conv;
  const size_t k = c->channels * c->taps, mr = plan->isa->gemm_rows;
  for (size_t m = 0; m < c->filters; m += mr, to += mr * k)
    plan->isa->pack_rows(from + m * k, k, c->filters - m < mr ? c->filters - m : mr, k, 1.0f, to, mr);
}

/* Where the weights come from: the host's panels, panels made here for each group, or (NULL) packed in each call. */
static ob_status_t set_weights(ob_kernel_setup_t *setup, plan_t *plan) {
  const ob_conv_t *c = &plan->conv;
  if (!setup->node->inputs[1]->is_constant) return OB_OK;
  const void *data;
  OB_TRY(constant_weights(setup->host, setup->region, setup->node, &data));
  plan->weights = data;
  if (plan->depthwise || c->groups == 1) return OB_OK;
  float *panels;
  OB_TRY(ob_arena_alloc_array(setup->arena, c->groups * plan->panel_size + 16, sizeof(float), (void **)&panels));
  for (size_t g = 0; g < c->groups; g++)
    pack_weights(plan, plan->weights + g * c->filters * c->channels * c->taps, panels + g * plan->panel_size);
  plan->weights = panels;
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *w = setup->inputs[1];
  plan_t *plan;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  ob_conv_t *c = &plan->conv;
  plan->isa = ob_cpu_isa();
  OB_TRY(ob_conv_read(setup, w->dims + 2, w->rank - 2, c));
  ob_conv_fold(c);
  c->groups = (size_t)ob_setup_int(setup, "group", 1);
  c->channels /= c->groups;
  c->filters /= c->groups;
  plan->depthwise = is_depthwise(w->dims, (int64_t)c->groups) && c->out_size > 0;
  plan->panel_size = ob_gemm_packed_a_size(plan->isa, c->filters, c->channels * c->taps);
  plan->matrix = c->taps == 1;
  for (int i = 0; i < 3; i++) plan->matrix = plan->matrix && c->stride[i] == 1 && c->pad[i] == 0 && c->in[i] == c->out[i];
  plan->cut = ob_gemm_cut(plan->isa, c->filters, c->out_size, c->batch * c->groups, setup->threads);
  plan->scratch = ob_gemm_scratch(plan->isa, &plan->cut, c->channels * c->taps);
  if (plan->depthwise) OB_TRY(ob_padded_plan(setup->arena, c, &plan->padded));
  if (plan->depthwise) plan->scratch = plan->padded.bytes;
  OB_TRY(set_weights(setup, plan));
  setup->state = plan;
  size_t panels = 0;
  if (!plan->weights && !plan->depthwise) panels = (c->groups * plan->panel_size * sizeof(float) + 63) / 64 * 64;
  if (!ob_mul_size(plan->scratch, setup->threads, &setup->scratch_bytes) || !ob_add_size(setup->scratch_bytes, panels, &setup->scratch_bytes))
    return ob_fail_memory();
  return OB_OK;
}

/* ---------------------------------------------------------------- patches */

typedef struct patches {
  const ob_conv_t *conv;
  const float *x; /* of the image and group */
} patches_t;

/* `n` floats of an input row from column `column` on, `stride` apart; zeros outside the row. */
static inline void copy_clipped(const float *row, int64_t width, int64_t column, int64_t stride, size_t n, float *to) {
  size_t i = 0;
  for (; i < n && column < 0; i++, column += stride) to[i] = 0.0f;
  if (stride == 1) {
    const size_t inside = column >= width ? 0 : (size_t)(width - column) < n - i ? (size_t)(width - column) : n - i;
    memcpy(to + i, row + column, inside * sizeof *to);
    i += inside;
  } else {
    for (; i < n && column < width; i++, column += stride) to[i] = row[column];
  }
  for (; i < n; i++) to[i] = 0.0f;
}

/* A run of output columns in one output row. */
typedef struct run {
  int64_t z, y, x; /* of the first output, times stride, less pad */
  size_t at, n;
} run_t;

/* Cuts outputs [first, first + count) into runs; at most `count` of them. */
static size_t find_runs(const ob_conv_t *c, size_t first, size_t count, run_t *runs) {
  size_t used = 0, at = 0;
  while (at < count) {
    const size_t out = first + at, x = out % c->out[2], y = out / c->out[2] % c->out[1], z = out / c->out[2] / c->out[1];
    const size_t n = c->out[2] - x < count - at ? c->out[2] - x : count - at;
    runs[used++] = (run_t){.z = (int64_t)z * c->stride[0] - c->pad[0],
                           .y = (int64_t)y * c->stride[1] - c->pad[1],
                           .x = (int64_t)x * c->stride[2] - c->pad[2],
                           .at = at,
                           .n = n};
    at += n;
  }
  return used;
}

enum { MAX_COLUMNS = 64 };

static void pack_patches(const void *arg, size_t k0, size_t kc, size_t first, size_t count, float *panel) {
  const patches_t *p = arg;
  const ob_conv_t *c = p->conv;
  run_t runs[MAX_COLUMNS];
  const size_t nr = ob_cpu_isa()->gemm_columns, used = find_runs(c, first, count, runs);
  size_t kx = k0 % c->kernel[2], ky = k0 / c->kernel[2] % c->kernel[1], kz = k0 / (c->kernel[2] * c->kernel[1]) % c->kernel[0];
  const float *plane = p->x + k0 / c->taps * c->in_size;
  for (size_t k = 0; k < kc; k++, panel += nr) {
    for (size_t r = 0; r < used; r++) {
      const run_t *run = &runs[r];
      const int64_t z = run->z + (int64_t)kz * c->dilation[0], y = run->y + (int64_t)ky * c->dilation[1];
      float *to = panel + run->at;
      if (z < 0 || z >= (int64_t)c->in[0] || y < 0 || y >= (int64_t)c->in[1]) {
        for (size_t i = 0; i < run->n; i++) to[i] = 0.0f;
        continue;
      }
      const float *row = plane + ((size_t)z * c->in[1] + (size_t)y) * c->in[2];
      copy_clipped(row, (int64_t)c->in[2], run->x + (int64_t)kx * c->dilation[2], c->stride[2], run->n, to);
    }
    for (size_t i = count; i < nr; i++) panel[i] = 0.0f;
    if (++kx < c->kernel[2]) continue;
    kx = 0;
    if (++ky < c->kernel[1]) continue;
    ky = 0;
    if (++kz < c->kernel[0]) continue;
    kz = 0;
    plane += c->in_size;
  }
}

/* ---------------------------------------------------------------- run */

typedef struct job {
  const plan_t *plan;
  const float *x, *weights, *bias;
  float *y;
  char *scratch;
} job_t;

static void run_products(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const ob_conv_t *c = &plan->conv;
  const size_t blocks = plan->cut.row_blocks * plan->cut.column_blocks;
  for (size_t unit = begin; unit < end; unit++) {
    const size_t image = unit / blocks, group = image % c->groups; /* image: of batch x groups */
    const patches_t patches = {.conv = c, .x = job->x + image * c->channels * c->in_size};
    const ob_gemm_t gemm = {.m = c->filters,
                            .n = c->out_size,
                            .k = c->channels * c->taps,
                            .packed_a = job->weights + group * plan->panel_size,
                            .b = plan->matrix ? patches.x : NULL,
                            .b_row = c->out_size,
                            .b_column = 1,
                            .pack_b = plan->matrix ? NULL : pack_patches,
                            .pack_arg = &patches,
                            .c = job->y + image * c->filters * c->out_size,
                            .ldc = c->out_size,
                            .row_bias = job->bias ? job->bias + group * c->filters : NULL,
                            .low = -INFINITY,
                            .high = INFINITY};
    ob_gemm_block(plan->isa, &gemm, &plan->cut, unit % blocks, job->scratch + piece * plan->scratch);
  }
}

static void run_depthwise(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const ob_conv_t *c = &plan->conv;
  float *room = (float *)(void *)(job->scratch + piece * plan->scratch);
  for (size_t image = begin; image < end; image++) {
    const size_t channel = image % c->groups;
    const ob_plane_t plane = {
        .weights = job->weights + channel * c->taps, .bias = job->bias ? job->bias[channel] : 0.0f, .low = -INFINITY, .high = INFINITY};
    ob_padded_fill(c, &plan->padded, job->x + image * c->in_size, 0.0f, room);
    ob_padded_run(c, &plan->padded, room, job->y + image * c->out_size, plan->isa->plane_convolve, plane);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const ob_conv_t *c = &plan->conv;
  job_t job = {.plan = plan,
               .x = call->inputs[0]->data,
               .weights = plan->weights,
               .bias = ob_cpu_has(call->node, 2) ? call->inputs[2]->data : NULL,
               .y = call->outputs[0]->data,
               .scratch = call->scratch};
  const size_t images = c->batch * c->groups;
  if (images * c->filters * c->out_size == 0) return OB_OK;
  if (plan->depthwise) {
    if (!job.weights) job.weights = call->inputs[1]->data;
    ob_cpu_split(call->host, call->threads, images, GRAIN / (c->out_size * c->taps + 1) + 1, run_depthwise, &job);
    return OB_OK;
  }
  if (!job.weights) {
    float *panels = (float *)(void *)((char *)call->scratch + plan->scratch * call->threads);
    for (size_t g = 0; g < c->groups; g++)
      pack_weights(plan, (const float *)call->inputs[1]->data + g * c->filters * c->channels * c->taps, panels + g * plan->panel_size);
    job.weights = panels;
  }
  const size_t work = plan->cut.rows * plan->cut.columns * c->channels * c->taps;
  ob_cpu_split(call->host, call->threads, images * plan->cut.row_blocks * plan->cut.column_blocks, GRAIN / (work + 1) + 1, run_products, &job);
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  return ob_conv_supports(node, reason, size) && ob_cpu_takes_f32(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_Conv = {
    .op = "Conv", .domain = "", .packs = 1u << 1, .supports = supports, .compile = compile, .prepare = prepare, .run = run};
