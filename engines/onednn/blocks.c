/* Which layout convolutions of a region keep their data in: channels last, or blocks of 16 channels.
 *
 * oneDNN's newer kernels read channels last, and are faster on small images. But joining channels (Concat) and functions of a
 * channel (BatchNormalization) move less and stay in whole vectors where channels lie in blocks. The costs were measured on an AVX-512
 * machine at one thread (oneDNN 2.6); all of them scale alike with the number of threads. */
#include <string.h>

#include "onednn/onednn.h"

static const double FLOPS = 235e9;          /* of a good convolution, per second */
static const double JOIN = 0.125e-9;        /* seconds a byte that is joined, channels last */
static const double NORMALIZE = 0.2e-9;     /* seconds a byte more than in blocks */

static bool is(const ob_node_view_t *node, const char *op) { return strcmp(node->op, op) == 0 && node->domain[0] == '\0'; }

/* The share that a convolution takes longer in blocks, by the width of its image. */
static double loss(const int64_t *out, size_t taps) {
  if (taps == 1) return out[3] <= 14 ? 0.06 : 0.02;
  return out[3] <= 7 ? 0.55 : out[3] <= 14 ? 0.27 : out[3] <= 28 ? 0.1 : 0.06;
}

static double seconds(const dn_plan_t *plan, const ob_node_view_t *node, size_t *taps) {
  const int64_t *kernel = dn_dims(plan, node->inputs[1]);
  *taps = (size_t)(kernel[2] * kernel[3]);
  return 2.0 * (double)dn_count(plan, node->outputs[0]) * (double)kernel[1] * (double)*taps / FLOPS;
}

bool dn_prefers_blocks(dn_plan_t *plan) {
  if (plan->blocks >= 0) return plan->blocks != 0;
  const ob_region_view_t *region = plan->binding->region;
  double last = 0, blocks = 0; /* what each of the layouts costs more than the other */
  plan->blocks = 0;
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    if (!node->outputs[0] || dn_rank(plan, node->outputs[0]) != 4) continue;
    double bytes = (double)dn_count(plan, node->outputs[0]) * sizeof(float);
    size_t taps;
    if (is(node, "Conv")) {
      const ob_attribute_view_t *group = ob_node_attribute(node, "group");
      if (group && group->ints[0] != 1) return false; /* those in groups are fast with channels last only */
      double time = seconds(plan, node, &taps);
      blocks += time * loss(dn_dims(plan, node->outputs[0]), taps);
    } else if (is(node, "Concat")) {
      last += bytes * JOIN;
    } else if (is(node, "BatchNormalization")) {
      last += bytes * NORMALIZE;
    }
  }
  plan->blocks = last > blocks;
  return plan->blocks != 0;
}
