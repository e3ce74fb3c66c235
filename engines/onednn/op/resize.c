/* Resize where oneDNN means the same by it: enlarging by whole factors to the nearest, and linear on half pixels. */
#include <math.h>
#include <string.h>

#include "onednn/kinds.h"

/* Are the factors known, as quotients of dims or as scales, and whole? */
static bool has_whole_factors(const ob_node_view_t *node) {
  const ob_value_view_t *in = node->inputs[0], *out = node->outputs[0];
  const ob_value_view_t *scales = node->input_count > 2 ? node->inputs[2] : NULL;
  const float *numbers = scales && scales->is_constant && scales->rank == 1 && scales->dims[0] == in->rank ? scales->constant : NULL;
  for (int32_t d = 2; d < in->rank; d++) {
    const bool known = in->dims[d] > 0 && out->dims[d] > 0;
    if (known && out->dims[d] % in->dims[d] != 0) return false;
    if (!known && (!numbers || !(numbers[d] >= 1 && numbers[d] <= 1024) || numbers[d] != floorf(numbers[d]))) return false;
  }
  return true;
}

static bool supports(const ob_node_view_t *node, dn_reason_t *reason) {
  for (size_t i = 0; i < 2; i++) {
    const ob_value_view_t *v = i == 0 ? node->inputs[0] : node->outputs[0];
    if (!v || v->kind != OB_TENSOR || v->dtype != OB_FLOAT32 || v->rank < 3 || v->rank > 5)
      return dn_refuse(reason, "Resize: onednn takes float32 of rank 3 to 5");
  }
  const char *mode = ob_node_text(node, "mode", "nearest");
  const char *place = ob_node_text(node, "coordinate_transformation_mode", "half_pixel");
  const char *nearest = ob_node_text(node, "nearest_mode", "round_prefer_floor");
  if (ob_node_attribute(node, "axes") || dn_int(node, "antialias", 0) != 0 || dn_int(node, "exclude_outside", 0) != 0)
    return dn_refuse(reason, "Resize: onednn has no axes, antialias or exclude_outside");
  const ob_value_view_t *in = node->inputs[0], *out = node->outputs[0];
  for (int32_t d = 0; d < 2; d++)
    if (in->dims[d] != out->dims[d]) return dn_refuse(reason, "Resize: batch and channels must stay");
  const bool factors = has_whole_factors(node);
  if (strcmp(mode, "linear") == 0)
    return (strcmp(place, "half_pixel") == 0 && factors) || dn_refuse(reason, "Resize: oneDNN interpolates on half pixels, by whole factors here");
  if (strcmp(mode, "nearest") != 0) return dn_refuse(reason, "Resize: onednn has no mode %s", ob_quote(mode));
  bool floor_of_asymmetric = strcmp(place, "asymmetric") == 0 && strcmp(nearest, "floor") == 0;
  bool half = strcmp(place, "half_pixel") == 0 && strncmp(nearest, "round", 5) == 0;
  if (!floor_of_asymmetric && !half) return dn_refuse(reason, "Resize: oneDNN rounds differently from %s, %s", ob_quote(place), ob_quote(nearest));
  return factors || dn_refuse(reason, "Resize: onednn enlarges by whole factors that are known");
}

static ob_status_t describe(dn_plan_t *plan, const dn_op_t *op, dn_md_t src, dnnl_primitive_desc_t *pd) {
  const ob_value_view_t *out = op->node->outputs[0];
  bool linear = strcmp(ob_node_text(op->node, "mode", "nearest"), "linear") == 0;
  dn_md_t dst;
  dnnl_primitive_attr_t attr;
  OB_TRY(dn_md_any(plan->store, dn_rank(plan, out), dn_dims(plan, out), &dst));
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_resample(plan->dnnl, linear ? dnnl_resampling_linear : dnnl_resampling_nearest, src, dst, attr, pd);
  dnnl_primitive_attr_destroy(attr);
  return dn_check(status, "Resize");
}

static ob_status_t plan_resize(dn_plan_t *plan, const dn_op_t *op) {
  dn_ref_t src, dst;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_read_usual(plan, op->node->inputs[0]->index, &src));
  OB_TRY(describe(plan, op, src.md, &pd));
  ob_status_t status = dn_write(plan, op->output, dn_query(pd, dnnl_query_dst_md, 0), &dst);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(pd);
    return status;
  }
  dn_arg_t args[] = {{DNNL_ARG_SRC, src.md, src.buffer}, {DNNL_ARG_DST, dst.md, dst.buffer}};
  return dn_step(plan, pd, args, 2, "Resize");
}

const dn_kind_t dn_kind_Resize = {.op = "Resize", .role = DN_LIGHT, .supports = supports, .plan = plan_resize};
