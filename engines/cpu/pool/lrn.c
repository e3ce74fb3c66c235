/* LRN: each element times (bias + alpha / size * sum of squares of neighbouring channels) ^ -beta, in strips of a channel. */
#include "cpu/cpu.h"

typedef struct job {
  const ob_isa_t *isa;
  const float *x;
  float *y;
  int64_t channels, size;
  size_t inner;
  float alpha, beta, bias;
} job_t;

static void run_strip(const job_t *job, const float *x, float *y, int64_t channel, size_t n) {
  const ob_isa_t *isa = job->isa;
  float power[OB_TILE] = {0};
  int64_t low = channel - (job->size - 1) / 2, high = channel + job->size / 2;
  if (low < 0) low = 0;
  if (high >= job->channels) high = job->channels - 1;
  for (int64_t c = low; c <= high; c++) isa->combine[OB_REDUCE_SUM_SQUARE](x + (c - channel) * (int64_t)job->inner, power, n);
  isa->scale_shift(power, power, n, job->alpha / (float)job->size, job->bias);
  const float exponent = -job->beta;
  const ob_tile_t in_place = {.in = {power}, .out = power, .n = n, .param = &exponent};
  isa->unary[OB_UNARY_log](&in_place);
  isa->unary[OB_UNARY_scale](&in_place);
  isa->unary[OB_UNARY_exp](&in_place);
  const ob_tile_t product = {.in = {x, power}, .out = y, .n = n};
  isa->binary[OB_BINARY_mul](&product);
}

static void run_channels(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  (void)piece;
  for (size_t i = begin; i < end; i++)
    for (size_t at = 0; at < job->inner; at += OB_TILE)
      run_strip(job, job->x + i * job->inner + at, job->y + i * job->inner + at, (int64_t)(i % (size_t)job->channels),
                job->inner - at < OB_TILE ? job->inner - at : OB_TILE);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_cpu_around_t around = ob_cpu_around(x, 1, 2);
  const job_t job = {.isa = ob_cpu_isa(),
                     .x = x->data,
                     .y = call->outputs[0]->data,
                     .channels = (int64_t)around.axis,
                     .size = ob_kernel_int(call, "size", 1),
                     .inner = around.inner,
                     .alpha = ob_kernel_float(call, "alpha", 0.0001f),
                     .beta = ob_kernel_float(call, "beta", 0.75f),
                     .bias = ob_kernel_float(call, "bias", 1.0f)};
  if (job.size < 1) return ob_fail(OB_OUT_OF_RANGE, "size is %lld", (long long)job.size);
  ob_cpu_split(call->host, call->threads, around.outer * around.axis, ob_cpu_row_grain(8 * around.inner), run_channels, (void *)(uintptr_t)&job);
  return OB_OK;
}

/* The power goes over a logarithm: what is raised must be positive. */
static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_attribute_view_t *bias = ob_node_attribute(node, "bias"), *alpha = ob_node_attribute(node, "alpha");
  if ((bias && !(bias->floats[0] > 0)) || (alpha && !(alpha->floats[0] >= 0)))
    return ob_cpu_refuse(node, reason, size, "bias or alpha is not positive");
  return ob_cpu_takes_f32(region, node, reason, size);
}

const ob_kernel_t ob_cpu_kernel_LRN = {.op = "LRN", .domain = "", .supports = supports, .run = run};
