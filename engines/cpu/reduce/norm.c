/* LayerNormalization, RMSNormalization, InstanceNormalization, GroupNormalization. */
#include <math.h>

#include "cpu/cpu.h"

typedef struct job {
  const ob_isa_t *isa;
  const float *x, *scale, *bias;
  float *y, *mean, *inverse;
  size_t n;         /* elements that share a mean */
  size_t channels;  /* that a row spans (instance and group normalisation) */
  size_t groups;
  float epsilon;
  void (*row)(ob_norm_t *norm);
} job_t;

static void run_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    ob_norm_t norm = {.x = job->x + i * job->n,
                      .y = job->y + i * job->n,
                      .scale = job->scale,
                      .bias = job->bias,
                      .n = job->n,
                      .epsilon = job->epsilon};
    if (i + 1 < end) __builtin_prefetch(norm.x + job->n);
    job->row(&norm);
    if (job->mean) job->mean[i] = norm.mean;
    if (job->inverse) job->inverse[i] = norm.inverse;
  }
}

static void *data_of(const ob_kernel_call_t *call, size_t output) {
  return output < call->node->output_count && call->outputs[output] ? call->outputs[output]->data : NULL;
}

static ob_status_t run_last_axes(const ob_kernel_call_t *call, void (*row)(ob_norm_t *)) {
  const ob_tensor_t *x = call->inputs[0];
  const int64_t axis = ob_cpu_axis(ob_kernel_int(call, "axis", -1), x->rank);
  const ob_cpu_around_t around = ob_cpu_around(x, axis, x->rank);
  job_t job = {.isa = ob_cpu_isa(),
               .x = x->data,
               .scale = call->inputs[1]->data,
               .bias = ob_cpu_has(call->node, 2) ? call->inputs[2]->data : NULL,
               .y = call->outputs[0]->data,
               .mean = data_of(call, 1),
               .inverse = data_of(call, 2),
               .n = around.axis,
               .epsilon = ob_kernel_float(call, "epsilon", 1e-5f),
               .row = row};
  ob_cpu_split(call->host, call->threads, around.outer, ob_cpu_row_grain(around.axis), run_rows, &job);
  return OB_OK;
}

static ob_status_t run_layer(const ob_kernel_call_t *call) { return run_last_axes(call, ob_cpu_isa()->layer_norm); }
static ob_status_t run_rms(const ob_kernel_call_t *call) { return run_last_axes(call, ob_cpu_isa()->rms_norm); }

static void run_channels(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const size_t spatial = job->n / job->channels;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    float mean, variance;
    job->isa->moments(job->x + i * job->n, job->n, &mean, &variance);
    const float inverse = 1.0f / sqrtf(variance + job->epsilon);
    for (size_t c = 0; c < job->channels; c++) {
      const size_t channel = i % job->groups * job->channels + c, at = i * job->n + c * spatial;
      const float scale = job->scale[channel] * inverse;
      job->isa->scale_shift(job->x + at, job->y + at, spatial, scale, job->bias[channel] - mean * scale);
    }
  }
}

static ob_status_t run_groups(const ob_kernel_call_t *call, size_t groups) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_cpu_around_t around = ob_cpu_around(x, 1, 2);
  if (ob_tensor_count(x) == 0 || groups == 0) return OB_OK;
  job_t job = {.isa = ob_cpu_isa(),
               .x = x->data,
               .scale = call->inputs[1]->data,
               .bias = call->inputs[2]->data,
               .y = call->outputs[0]->data,
               .channels = around.axis / groups,
               .groups = groups,
               .epsilon = ob_kernel_float(call, "epsilon", 1e-5f)};
  job.n = job.channels * around.inner;
  ob_cpu_split(call->host, call->threads, around.outer * groups, ob_cpu_row_grain(job.n), run_channels, &job);
  return OB_OK;
}

static ob_status_t run_instance(const ob_kernel_call_t *call) { return run_groups(call, (size_t)call->inputs[0]->dims[1]); }
static ob_status_t run_group(const ob_kernel_call_t *call) { return run_groups(call, (size_t)ob_kernel_int(call, "num_groups", 1)); }

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  setup->in_place = 0;
  return OB_OK;
}

/* scale and bias have exactly the normalised dims: no broadcasting. */
static bool last_axes_support(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_attribute_view_t *axis = ob_node_attribute(node, "axis");
  const int32_t rank = node->inputs[0]->rank;
  if (!ob_cpu_takes_f32(region, node, reason, size)) return false;
  const int64_t normalized = rank - ob_cpu_axis(axis ? axis->ints[0] : -1, rank);
  for (size_t i = 1; i < node->input_count; i++) {
    const ob_value_view_t *value = node->inputs[i];
    if (!value) continue;
    if (value->rank != normalized) return ob_cpu_refuse(node, reason, size, "input %zu has rank %d, not %d", i, (int)value->rank, (int)normalized);
    for (int32_t d = 0; d < value->rank; d++)
      if (value->dims[d] == 1 && node->inputs[0]->dims[rank - value->rank + d] != 1)
        return ob_cpu_refuse(node, reason, size, "input %zu is broadcast", i);
  }
  return true;
}

const ob_kernel_t ob_cpu_kernel_LayerNormalization = {
    .op = "LayerNormalization", .domain = "", .supports = last_axes_support, .prepare = prepare, .run = run_layer};
const ob_kernel_t ob_cpu_kernel_RMSNormalization = {
    .op = "RMSNormalization", .domain = "", .supports = last_axes_support, .prepare = prepare, .run = run_rms};
const ob_kernel_t ob_cpu_kernel_InstanceNormalization = {
    .op = "InstanceNormalization", .domain = "", .supports = ob_cpu_takes_f32, .prepare = prepare, .run = run_instance};
const ob_kernel_t ob_cpu_kernel_GroupNormalization = {
    .op = "GroupNormalization", .domain = "", .supports = ob_cpu_takes_f32, .prepare = prepare, .run = run_group};
