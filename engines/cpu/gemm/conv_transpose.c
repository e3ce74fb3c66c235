/* ConvTranspose: a matrix product gives each input element's patch of the output; patches are then added up in their places. */
#include <math.h>
#include <string.h>

#include "cpu/gemm/conv.h"

typedef struct plan {
  const ob_isa_t *isa;
  ob_conv_t conv; /* `in` is the operator's input; filters and channels of a group */
  ob_gemm_cut_t cut;
  size_t rows, scratch, patches; /* rows: filters x taps; bytes of a thread; floats of all patches of an image's group */
} plan_t;

/* Padding that gives the output its size, where the model states the size and not the padding. */
static void read_pads(const ob_kernel_setup_t *setup, int32_t spatial, ob_conv_t *c) {
  const char *mode = ob_node_text(setup->node, "auto_pad", "NOTSET");
  size_t shape_count, extra_count, pad_count;
  const int64_t *extra = ob_setup_ints(setup, "output_padding", &extra_count), *pads = ob_setup_ints(setup, "pads", &pad_count);
  const bool same = strncmp(mode, "SAME_", 5) == 0;
  const bool stated = ob_setup_ints(setup, "output_shape", &shape_count) != NULL && shape_count > 0;
  for (int i = 0; i < 3; i++) {
    const int32_t own = i - (3 - spatial);
    c->pad[i] = own >= 0 && pads && (size_t)own < pad_count && strcmp(mode, "NOTSET") == 0 ? pads[own] : 0;
    if (own < 0 || !(stated || same)) continue;
    int64_t total = c->stride[i] * ((int64_t)c->in[i] - 1) + ((int64_t)c->kernel[i] - 1) * c->dilation[i] + 1 - (int64_t)c->out[i];
    if (extra && (size_t)own < extra_count) total += extra[own];
    if (total < 0) total = 0;
    c->pad[i] = strcmp(mode, "SAME_UPPER") == 0 ? total / 2 : total - total / 2;
  }
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *w = setup->inputs[1];
  plan_t *plan;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  ob_conv_t *c = &plan->conv;
  plan->isa = ob_cpu_isa();
  OB_TRY(ob_conv_read(setup, w->dims + 2, w->rank - 2, c));
  read_pads(setup, w->rank - 2, c);
  c->groups = (size_t)ob_setup_int(setup, "group", 1);
  c->channels /= c->groups;
  c->filters /= c->groups;
  plan->rows = c->filters * c->taps;
  plan->cut = ob_gemm_cut(plan->isa, plan->rows, c->in_size, 1, setup->threads);
  plan->scratch = ob_gemm_scratch(plan->isa, &plan->cut, c->channels);
  setup->state = plan;
  if (!ob_mul_size(plan->scratch, setup->threads, &setup->scratch_bytes)) return ob_fail_memory();
  size_t patches;
  if (!ob_mul_size(plan->rows, c->in_size, &patches) || !ob_mul_size(patches, sizeof(float), &patches)) return ob_fail_memory();
  if (!ob_add_size(setup->scratch_bytes, patches, &setup->scratch_bytes)) return ob_fail_memory();
  return OB_OK;
}

typedef struct job {
  const plan_t *plan;
  ob_gemm_t gemm;
  const float *patches, *bias;
  float *y; /* of the image and group */
  char *scratch;
} job_t;

static void run_products(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  for (size_t unit = begin; unit < end; unit++)
    ob_gemm_block(job->plan->isa, &job->gemm, &job->plan->cut, unit, job->scratch + piece * job->plan->scratch);
}

/* Adds one tap's row of the input to a row of the output. */
static void add_row(const ob_conv_t *c, const float *from, float *to, int64_t shift) {
  const int64_t stride = c->stride[2], width = (int64_t)c->out[2];
  int64_t first = shift < 0 ? (-shift + stride - 1) / stride : 0, end = shift >= width ? 0 : (width - 1 - shift) / stride + 1;
  if (end > (int64_t)c->in[2]) end = (int64_t)c->in[2];
  for (int64_t i = first; i < end; i++) to[shift + i * stride] += from[i];
}

static void add_tap(const ob_conv_t *c, const float *patch, const size_t k[3], float *y) {
  for (size_t z = 0; z < c->in[0]; z++)
    for (size_t row = 0; row < c->in[1]; row++, patch += c->in[2]) {
      const int64_t out_z = (int64_t)z * c->stride[0] + (int64_t)k[0] * c->dilation[0] - c->pad[0];
      const int64_t out_y = (int64_t)row * c->stride[1] + (int64_t)k[1] * c->dilation[1] - c->pad[1];
      if (out_z < 0 || out_z >= (int64_t)c->out[0] || out_y < 0 || out_y >= (int64_t)c->out[1]) continue;
      add_row(c, patch, y + ((size_t)out_z * c->out[1] + (size_t)out_y) * c->out[2], (int64_t)k[2] * c->dilation[2] - c->pad[2]);
    }
}

static void gather_filters(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const ob_conv_t *c = &job->plan->conv;
  (void)piece;
  for (size_t f = begin; f < end; f++) {
    float *y = job->y + f * c->out_size;
    const float *patch = job->patches + f * c->taps * c->in_size;
    const float start = job->bias ? job->bias[f] : 0.0f;
    for (size_t i = 0; i < c->out_size; i++) y[i] = start;
    for (size_t t = 0; t < c->taps; t++, patch += c->in_size) {
      const size_t k[3] = {t / (c->kernel[1] * c->kernel[2]), t / c->kernel[2] % c->kernel[1], t % c->kernel[2]};
      add_tap(c, patch, k, y);
    }
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const ob_conv_t *c = &plan->conv;
  const float *x = call->inputs[0]->data, *w = call->inputs[1]->data;
  const float *bias = ob_cpu_has(call->node, 2) ? call->inputs[2]->data : NULL;
  float *patches = (float *)(void *)((char *)call->scratch + plan->scratch * call->threads);
  if (c->out_size * c->filters == 0) return OB_OK;
  for (size_t image = 0; image < c->batch * c->groups; image++) {
    const size_t group = image % c->groups;
    job_t job = {.plan = plan, .patches = patches, .scratch = call->scratch};
    job.bias = bias ? bias + group * c->filters : NULL;
    job.y = (float *)call->outputs[0]->data + image * c->filters * c->out_size;
    job.gemm = (ob_gemm_t){.m = plan->rows,
                           .n = c->in_size,
                           .k = c->channels,
                           .a = w + group * c->channels * plan->rows,
                           .a_row = 1,
                           .a_column = plan->rows,
                           .alpha = 1.0f,
                           .b = x + image * c->channels * c->in_size,
                           .b_row = c->in_size,
                           .b_column = 1,
                           .c = patches,
                           .ldc = c->in_size,
                           .low = -INFINITY,
                           .high = INFINITY};
    ob_cpu_split(call->host, call->threads, plan->cut.row_blocks * plan->cut.column_blocks, 1, run_products, &job);
    ob_cpu_split(call->host, call->threads, c->filters, ob_cpu_row_grain(c->out_size), gather_filters, &job);
  }
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  return ob_conv_supports(node, reason, size) && ob_cpu_takes_f32(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_ConvTranspose = {.op = "ConvTranspose", .domain = "", .supports = supports, .prepare = prepare, .run = run};
