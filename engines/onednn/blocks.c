/* Which layout convolutions of a region keep their data in: channels last, or blocks of as many channels as a vector has.
 *
 * oneDNN's newer kernels read channels last, and are faster on small images. But joining channels (Concat) and functions of a
 * channel (BatchNormalization) move less and stay in whole vectors where channels lie in blocks. The costs were measured on an AVX-512
 * machine at one thread (oneDNN 2.6); all of them scale alike with the number of threads. */
#include <string.h>

#include "onednn/onednn.h"

static const double FLOPS = 235e9;          /* of a good convolution, per second */
static const double DEPTHWISE = 5e-12;      /* seconds a byte and tap of a depthwise convolution, channels last */
static const double REORDER = 0.04e-9;     /* seconds a byte that is put into another layout */
static const double JOIN = 0.125e-9;        /* seconds a byte that is joined, channels last */
static const double NORMALIZE = 0.2e-9;     /* seconds a byte more than in blocks */

static bool is(const ob_node_view_t *node, const char *op) { return strcmp(node->op, op) == 0 && node->domain[0] == '\0'; }

/* The share that a convolution takes longer in blocks, by the width of its image. */
static double loss(const int64_t *out, size_t taps) {
  if (taps == 1) return out[3] <= 14 ? 0.03 : 0.02;
  return out[3] <= 7 ? 0.55 : out[3] <= 14 ? 0.27 : out[3] <= 28 ? 0.1 : 0.06;
}

static double seconds(const dn_plan_t *plan, const ob_node_view_t *node, size_t *taps) {
  const int64_t *kernel = dn_dims(plan, node->inputs[1]);
  *taps = (size_t)(kernel[2] * kernel[3]);
  return 2.0 * (double)dn_count(plan, node->outputs[0]) * (double)kernel[1] * (double)*taps / FLOPS;
}

/* Depthwise convolutions are faster in blocks, those with a stride less so. */
static double depthwise_gain(const dn_plan_t *plan, const ob_node_view_t *node, double bytes, size_t taps) {
  bool strided = dn_count(plan, node->inputs[0]) > dn_count(plan, node->outputs[0]) * 2;
  return bytes * (double)taps * DEPTHWISE * (strided ? 0.08 : 0.25);
}

/* A quarter of a block may be padding. */
bool dn_fits_blocks(const dn_plan_t *plan, int64_t channels) {
  const int64_t block = plan->executable->engine->block, missing = block > 0 ? (block - channels % block) % block : 0;
  return block > 0 && missing <= block / 4;
}

bool dn_prefers_blocks(dn_plan_t *plan) {
  if (plan->blocks >= 0) return plan->blocks != 0;
  const ob_region_view_t *region = plan->binding->region;
  double last = 0, blocks = 0; /* what each of the layouts costs more than the other */
  plan->blocks = 0;
  if (plan->executable->engine->block == 0) return false;
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    if (!node->outputs[0] || dn_rank(plan, node->outputs[0]) != 4) continue;
    double bytes = (double)dn_count(plan, node->outputs[0]) * sizeof(float);
    size_t taps;
    if (is(node, "Conv")) {
      const int64_t *out = dn_dims(plan, node->outputs[0]), group = dn_int(node, "group", 1);
      double time = seconds(plan, node, &taps);
      if (group != 1 && (group != out[1] || group != dn_dims(plan, node->inputs[0])[1]))
        return false; /* those in groups are fast with channels last only */
      if (!dn_fits_blocks(plan, out[1]))
        blocks += bytes * REORDER; /* reordered, or filled up with zeros */
      else if (group != 1)
        last += depthwise_gain(plan, node, bytes, taps);
      else
        blocks += dn_winograd_outputs(plan, node) > 0 ? 0 : time * loss(out, taps);
    } else if (is(node, "Concat")) {
      last += bytes * JOIN;
    } else if (is(node, "BatchNormalization")) {
      last += bytes * NORMALIZE;
    }
  }
  plan->blocks = last > blocks;
  return plan->blocks != 0;
}
