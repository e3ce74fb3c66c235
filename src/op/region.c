/* A call of a region: made by the partitioner, no operator of ONNX. */
#include "op/infer_util.h"

/* The body was inferred with the caller's expressions. */
static ob_status_t infer(ob_infer_t *infer) {
  const ob_region_t *region = infer->node->region;
  if (!region || !region->body) return ob_infer_fail(infer, "the call names no region");
  if (infer->node->output_count != region->body->outputs.count)
    return ob_infer_fail(infer, "%zu outputs, but the region has %zu", infer->node->output_count, region->body->outputs.count);
  for (size_t i = 0; i < infer->node->output_count; i++) OB_TRY(ob_infer_set_type(infer, i, &region->body->outputs.items[i]->type));
  return infer->status;
}

const ob_op_t ob_op_region = {
    .name = "Region",
    .domain = "outboard",
    .since = 1,
    .flags = OB_OP_CONTROL,
    .infer = infer,
    .doc = "runs a region",
};
