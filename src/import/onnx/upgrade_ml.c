/* Steps of ai.onnx.ml. */
#include "base/dtype.h"
#include "import/onnx/upgrade.h"

/* 0, 1, 2, ... as an attribute. */
static ob_status_t set_counted(ob_upgrade_t *up, const char *name, size_t count) {
  const ob_expr_t **ints;
  OB_TRY(OB_ARENA_ARRAY(&up->importer->scratch, count, &ints));
  for (size_t i = 0; i < count; i++) OB_TRY(ob_expr_const(up->importer->module->exprs, (int64_t)i, &ints[i]));
  return ob_upgrade_set(up, (ob_attribute_t){.name = name, .kind = OB_ATTRIBUTE_INTS, .count = count, .ints = ints});
}

/* Version 1 has one list of strings, and the input's type says whether it is looked up or indexed. */
ob_status_t ob_upgrade_label_encoder_classes(ob_upgrade_t *up) {
  const ob_attribute_t *found = ob_upgrade_find(up, "classes_strings");
  const ob_value_t *input = ob_upgrade_input(up, 0);
  if (!found || found->kind != OB_ATTRIBUTE_STRINGS)
    return ob_fail(OB_INVALID_MODEL, "attribute 'classes_strings' is missing or no list of strings");
  bool by_name = input && input->type.dtype == OB_STRING;
  ob_attribute_t classes = *found;
  classes.name = by_name ? "keys_strings" : "values_strings";
  ob_upgrade_drop(up, "classes_strings");
  OB_TRY(ob_upgrade_set(up, classes));
  return set_counted(up, by_name ? "values_int64s" : "keys_int64s", classes.count);
}
