/* DynamicQuantizeLinear: the range of the data first, then all of it as uint8. */
#include <math.h>

#include "cpu/cpu.h"

/* Strips between which threads share their work, in elements. */
enum { STRIP = 4096, MAX_PIECES = 64 };

typedef struct job {
  const ob_isa_t *isa;
  const float *x;
  uint8_t *y;
  size_t count;
  float low[MAX_PIECES], high[MAX_PIECES]; /* [piece] */
  float scale, zero;
} job_t;

/* NaN is passed over. */
static void find_range(void *arg, size_t piece, size_t begin, size_t end) {
  job_t *job = arg;
  const float *x = job->x + begin;
  const size_t n = end - begin;
  float low = job->isa->reduce[OB_REDUCE_MIN](x, n, 0.0f), high = job->isa->reduce[OB_REDUCE_MAX](x, n, 0.0f);
  if (isnan(low) || isnan(high)) {
    low = high = 0.0f;
    for (size_t i = 0; i < n; i++) {
      low = fminf(low, x[i]);
      high = fmaxf(high, x[i]);
    }
  }
  job->low[piece] = low;
  job->high[piece] = high;
}

static void quantize(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  (void)piece;
  for (size_t at = begin; at < end; at += OB_TILE) {
    const ob_tile_t tile = {.in = {job->x + at, &job->scale, &job->zero}, .out = job->y + at, .n = end - at < OB_TILE ? end - at : OB_TILE, .scalars = 2 | 4};
    job->isa->quantize_u8(&tile);
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *scale = call->node->output_count > 1 ? call->outputs[1] : NULL, *zero = call->node->output_count > 2 ? call->outputs[2] : NULL;
  job_t job = {.isa = ob_cpu_isa(), .x = x->data, .count = ob_tensor_count(x)};
  float low = 0, high = 0;
  ob_cpu_split(call->host, call->threads < MAX_PIECES ? call->threads : MAX_PIECES, job.count, STRIP, find_range, &job);
  for (size_t i = 0; i < MAX_PIECES; i++) { /* pieces that were not used hold zeros */
    low = job.low[i] < low ? job.low[i] : low;
    high = job.high[i] > high ? job.high[i] : high;
  }
  job.scale = high == low ? 1.0f / 255 : (high - low) / 255;
  job.zero = fminf(fmaxf(rintf(-low / job.scale), 0.0f), 255.0f);
  if (scale) *(float *)scale->data = job.scale;
  if (zero) *(uint8_t *)zero->data = (uint8_t)job.zero;
  if (!call->outputs[0]) return OB_OK;
  job.y = call->outputs[0]->data;
  ob_cpu_split(call->host, call->threads, job.count, STRIP, quantize, &job);
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  if (node->inputs[0]->dtype == OB_FLOAT32) return true;
  return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(node->inputs[0]->dtype));
}

const ob_kernel_t ob_cpu_kernel_DynamicQuantizeLinear = {.op = "DynamicQuantizeLinear", .domain = "", .supports = supports, .run = run};
