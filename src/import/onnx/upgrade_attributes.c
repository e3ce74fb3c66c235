/* Steps that change attributes: dropped ones, other names and kinds for the same thing, defaults that moved. */
#include <string.h>

#include "base/dtype.h"
#include "import/onnx/upgrade.h"

/* Version 1 of many operators lists inputs whose memory may be reused: a hint. */
ob_status_t ob_upgrade_consumed_inputs(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "consumed_inputs");
  return OB_OK;
}

/* Models for inference leave is_test at its default more often than not, so it is not believed when it says "training". */
ob_status_t ob_upgrade_batch_norm_is_test(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "is_test");
  ob_upgrade_drop(up, "consumed_inputs");
  return OB_OK;
}

/* Versions before 14 train when more than the first output is asked for. What version 14 no longer gives, saved_mean and
 * saved_var, is for the backward pass. */
ob_status_t ob_upgrade_batch_norm_training(ob_upgrade_t *up) {
  if (up->record->output_count <= 1) return OB_OK;
  if (up->record->output_count > 3) up->record->output_count = 3;
  return ob_upgrade_set_int(up, "training_mode", 1);
}

ob_status_t ob_upgrade_dropout_is_test(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "is_test");
  ob_upgrade_drop(up, "consumed_inputs");
  return OB_OK;
}

/* Since version 7 C is broadcast whenever its shape asks for it. */
ob_status_t ob_upgrade_gemm_broadcast(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "broadcast");
  return OB_OK;
}

/* Outputs are optional since version 7: naming one asks for it. */
ob_status_t ob_upgrade_recurrent_output(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "output_sequence");
  return OB_OK;
}

ob_status_t ob_upgrade_concat_axis(ob_upgrade_t *up) {
  return ob_upgrade_find(up, "axis") ? OB_OK : ob_upgrade_set_int(up, "axis", 1);
}

static ob_dtype_t dtype_of_name(const char *name) {
  char lower[32];
  size_t n = 0;
  for (; name[n] && n < sizeof lower - 1; n++) lower[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
  lower[n] = 0;
  if (strcmp(lower, "float") == 0) return OB_FLOAT32;
  if (strcmp(lower, "double") == 0) return OB_FLOAT64;
  return ob_dtype_from_name(lower);
}

ob_status_t ob_upgrade_cast_to_name(ob_upgrade_t *up) {
  const char *name;
  OB_TRY(ob_upgrade_string(up, "to", "", &name));
  ob_dtype_t dtype = dtype_of_name(name);
  if (dtype == OB_UNDEFINED) return ob_fail(OB_INVALID_MODEL, "attribute 'to': there is no element type '%s'", ob_quote(name));
  return ob_upgrade_set_int(up, "to", dtype);
}

/* The exponent was a float. */
ob_status_t ob_upgrade_lp_pool_p(ob_upgrade_t *up) {
  float p;
  OB_TRY(ob_upgrade_float(up, "p", 2.0f, &p));
  if (!(p >= 1.0f && p <= 1e6f) || p != (float)(int64_t)p)
    return ob_fail(OB_UNSUPPORTED, "attribute 'p' is %g; only whole numbers are supported", (double)p);
  return ob_upgrade_set_int(up, "p", (int64_t)p);
}

ob_status_t ob_upgrade_grid_sample_mode(ob_upgrade_t *up) {
  const char *mode;
  OB_TRY(ob_upgrade_string(up, "mode", "bilinear", &mode));
  if (strcmp(mode, "bilinear") == 0) mode = "linear";
  if (strcmp(mode, "bicubic") == 0) mode = "cubic";
  return ob_upgrade_set_string(up, "mode", mode);
}

/* The shift by half a pixel came with version 16 and is the default there. */
ob_status_t ob_upgrade_roi_align_mode(ob_upgrade_t *up) {
  return ob_upgrade_set_string(up, "coordinate_transformation_mode", "output_half_pixel");
}

/* Version 1 rounded the constants. */
ob_status_t ob_upgrade_selu_constants(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "consumed_inputs");
  if (!ob_upgrade_find(up, "alpha")) OB_TRY(ob_upgrade_set_float(up, "alpha", 1.6732f));
  return ob_upgrade_find(up, "gamma") ? OB_OK : ob_upgrade_set_float(up, "gamma", 1.0507f);
}

ob_status_t ob_upgrade_scatter_name(ob_upgrade_t *up) {
  up->record->op = "ScatterElements";
  up->record->version = 11;
  return OB_OK;
}
