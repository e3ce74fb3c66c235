/* Upsample, and Resize before version 19. */
#include <string.h>

#include "base/checked.h"
#include "import/onnx/upgrade.h"

/* A list of floats as an input. */
static ob_status_t floats_constant(ob_upgrade_t *up, const float *values, size_t count, ob_value_t **value) {
  const ob_constant_t *constant;
  const char *name;
  void *data;
  int64_t dim = (int64_t)count;
  OB_TRY(ob_arena_printf(&up->importer->scratch, &name, "%s/scales", up->record->name));
  OB_TRY(ob_constant_allocate(up->importer->module, name, OB_FLOAT32, 1, &dim, &data, &constant));
  if (count > 0) memcpy(data, values, count * sizeof *values);
  return ob_value_from_constant(up->scope->graph, constant, value);
}

static ob_status_t check_nearest(ob_upgrade_t *up) {
  const char *mode;
  OB_TRY(ob_upgrade_string(up, "mode", "nearest", &mode));
  /* version 1 says "bilinear" */
  return strcmp(mode, "bilinear") == 0 ? ob_upgrade_set_string(up, "mode", "linear") : OB_OK;
}

/* Version 1: images only, one scale for each direction. */
ob_status_t ob_upgrade_upsample_scales(ob_upgrade_t *up) {
  float scales[4] = {1, 1, 1, 1};
  ob_value_t *value;
  if (!ob_upgrade_find(up, "height_scale") || !ob_upgrade_find(up, "width_scale"))
    return ob_fail(OB_INVALID_MODEL, "attributes 'height_scale' and 'width_scale' are needed");
  OB_TRY(ob_upgrade_float(up, "height_scale", 1, &scales[2]));
  OB_TRY(ob_upgrade_float(up, "width_scale", 1, &scales[3]));
  ob_upgrade_drop(up, "height_scale");
  ob_upgrade_drop(up, "width_scale");
  OB_TRY(check_nearest(up));
  OB_TRY(floats_constant(up, scales, 4, &value));
  up->record->version = 9;
  return ob_upgrade_set_input(up, 1, value);
}

ob_status_t ob_upgrade_upsample_list(ob_upgrade_t *up) {
  const ob_attribute_t *scales = ob_upgrade_find(up, "scales");
  ob_value_t *value;
  if (!scales || scales->kind != OB_ATTRIBUTE_FLOATS)
    return ob_fail(OB_INVALID_MODEL, "attribute 'scales' must be a list of floats");
  OB_TRY(floats_constant(up, scales->floats, scales->count, &value));
  ob_upgrade_drop(up, "scales");
  return ob_upgrade_set_input(up, 1, value);
}

/* Upsample 9 is Resize 10, and was removed for it. */
ob_status_t ob_upgrade_upsample_name(ob_upgrade_t *up) {
  up->record->op = "Resize";
  up->record->version = 10;
  return check_nearest(up);
}

/* Version 10: coordinates are divided by the scale; nearest means floor. */
ob_status_t ob_upgrade_resize_scales(ob_upgrade_t *up) {
  ob_value_t *scales = ob_upgrade_input(up, 1);
  OB_TRY(ob_upgrade_set_string(up, "coordinate_transformation_mode", "asymmetric"));
  OB_TRY(ob_upgrade_set_string(up, "nearest_mode", "floor"));
  OB_TRY(ob_upgrade_set_input(up, 2, scales));
  return ob_upgrade_set_input(up, 1, NULL);
}

/* Writers give an empty tensor for scales or roi that are not meant; newer versions leave them out. */
static void drop_empty(ob_upgrade_t *up, size_t index) {
  ob_value_t *value = ob_upgrade_input(up, index);
  if (value && value->type.kind == OB_TENSOR && value->type.rank == 1 && ob_expr_is(value->type.dims[0], 0))
    up->record->inputs[index] = NULL;
}

ob_status_t ob_upgrade_resize_empty(ob_upgrade_t *up) {
  drop_empty(up, 1);
  drop_empty(up, 2);
  drop_empty(up, 3);
  return OB_OK;
}

ob_status_t ob_upgrade_resize_newest(ob_upgrade_t *up) {
  OB_TRY(ob_upgrade_resize_empty(up));
  return ob_upgrade_newest(up);
}

/* tf_half_pixel_for_nn is (x + 1/2) / scale, half_pixel half less: rounded down, the one is the other rounded to nearest with ties
 * up. Version 13 has no name for the other combinations. */
ob_status_t ob_upgrade_resize_modes(ob_upgrade_t *up) {
  const char *where, *nearest;
  OB_TRY(ob_upgrade_string(up, "coordinate_transformation_mode", "half_pixel", &where));
  OB_TRY(ob_upgrade_string(up, "nearest_mode", "round_prefer_floor", &nearest));
  OB_TRY(ob_upgrade_resize_empty(up));
  if (strcmp(where, "tf_half_pixel_for_nn") != 0) return OB_OK;
  if (strcmp(nearest, "floor") != 0)
    return ob_fail(OB_UNSUPPORTED,
                   "coordinate_transformation_mode 'tf_half_pixel_for_nn' with nearest_mode '%s': only 'floor' is supported",
                   ob_quote(nearest));
  OB_TRY(ob_upgrade_set_string(up, "coordinate_transformation_mode", "half_pixel"));
  return ob_upgrade_set_string(up, "nearest_mode", "round_prefer_ceil");
}
