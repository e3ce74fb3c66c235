/* Steps in which attributes became inputs. */
#include <string.h>

#include "import/onnx/upgrade.h"

ob_status_t ob_upgrade_axes_input(ob_upgrade_t *up) { return ob_upgrade_ints_to_input(up, "axes", 1); }

/* A float attribute becomes a scalar input of the type of input 0. */
static ob_status_t float_to_input(ob_upgrade_t *up, const char *attribute, size_t index) {
  float number;
  ob_value_t *value, *like = ob_upgrade_input(up, 0);
  if (!ob_upgrade_find(up, attribute)) return OB_OK;
  OB_TRY(ob_upgrade_float(up, attribute, 0, &number));
  OB_TRY(ob_upgrade_float_constant(up, attribute, like ? like->type.dtype : OB_FLOAT32, (double)number, &value));
  ob_upgrade_drop(up, attribute);
  return ob_upgrade_set_input(up, index, value);
}

ob_status_t ob_upgrade_clip_bounds(ob_upgrade_t *up) {
  OB_TRY(float_to_input(up, "min", 1));
  return float_to_input(up, "max", 2);
}

/* The default axis was the first after the batch; now it is the last. */
ob_status_t ob_upgrade_dft_axis(ob_upgrade_t *up) {
  int64_t axis;
  ob_value_t *value;
  OB_TRY(ob_upgrade_int(up, "axis", 1, &axis));
  OB_TRY(ob_upgrade_constant(up, "axis", &axis, 1, true, &value));
  ob_upgrade_drop(up, "axis");
  return ob_upgrade_set_input(up, 2, value);
}

/* The mask had the type of the data. */
ob_status_t ob_upgrade_dropout_mask(ob_upgrade_t *up) {
  ob_record_t *record = up->record;
  ob_value_t *data = ob_upgrade_input(up, 0);
  ob_upgrade_drop(up, "ratio");
  if (record->output_count < 2 || !record->outputs[1] || !data) return OB_OK;
  const char *mask = record->outputs[1];
  OB_TRY(ob_arena_printf(&up->importer->scratch, &record->outputs[1], "%s/bool", mask));
  OB_TRY(ob_record_emit(up->importer, up->scope, record));
  ob_upgrade_node_t cast = {.op = "CastLike", .inputs = {record->results[1], data}, .input_count = 2};
  OB_TRY(ob_upgrade_emit(up, &cast, &record->results[1]));
  record->outputs[1] = mask;
  return OB_OK;
}

/* Without the input training_mode nothing is dropped out, and then the ratio does not matter. */
ob_status_t ob_upgrade_dropout_ratio(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "ratio");
  return OB_OK;
}

ob_status_t ob_upgrade_pad_paddings(ob_upgrade_t *up) {
  for (size_t i = 0; i < up->record->attribute_count; i++)
    if (strcmp(up->record->attributes[i].name, "paddings") == 0) up->record->attributes[i].name = "pads";
  return OB_OK;
}

ob_status_t ob_upgrade_pad_inputs(ob_upgrade_t *up) {
  OB_TRY(ob_upgrade_ints_to_input(up, "pads", 1));
  return float_to_input(up, "value", 2);
}

ob_status_t ob_upgrade_reshape_shape(ob_upgrade_t *up) {
  ob_upgrade_drop(up, "consumed_inputs");
  return ob_upgrade_ints_to_input(up, "shape", 1);
}

ob_status_t ob_upgrade_slice_inputs(ob_upgrade_t *up) {
  OB_TRY(ob_upgrade_ints_to_input(up, "starts", 1));
  OB_TRY(ob_upgrade_ints_to_input(up, "ends", 2));
  return ob_upgrade_ints_to_input(up, "axes", 3);
}

/* Version 1 takes the sizes as an attribute or as an input: those that have the input skip version 2, which has none. */
ob_status_t ob_upgrade_split_input(ob_upgrade_t *up) {
  OB_TRY(ob_upgrade_ints_to_input(up, "split", 1));
  if (ob_upgrade_input(up, 1)) up->record->version = 13;
  return OB_OK;
}

ob_status_t ob_upgrade_split_sizes(ob_upgrade_t *up) { return ob_upgrade_ints_to_input(up, "split", 1); }

/* Even parts were what the number of outputs says; now that number is an attribute. */
ob_status_t ob_upgrade_split_count(ob_upgrade_t *up) {
  if (ob_upgrade_input(up, 1)) return OB_OK;
  return ob_upgrade_set_int(up, "num_outputs", (int64_t)up->record->stated_outputs);
}

ob_status_t ob_upgrade_top_k_input(ob_upgrade_t *up) {
  int64_t k;
  ob_value_t *value;
  if (!ob_upgrade_find(up, "k")) return ob_fail(OB_INVALID_MODEL, "attribute 'k' is missing");
  OB_TRY(ob_upgrade_int(up, "k", 0, &k));
  OB_TRY(ob_upgrade_constant(up, "k", &k, 1, false, &value));
  ob_upgrade_drop(up, "k");
  return ob_upgrade_set_input(up, 1, value);
}
