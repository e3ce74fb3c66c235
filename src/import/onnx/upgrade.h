/* Rewriting old operators: the table of upgrades.def names a step for every operator and since-version.
 *
 * A step takes a record that follows one version of an operator's definition to the next version: it changes attributes and
 * inputs, or renames the operator (record->domain, record->op and record->version), or makes nodes itself (ob_upgrade_emit(), ob_upgrade_finish()).
 */
#ifndef OB_IMPORT_ONNX_UPGRADE_H
#define OB_IMPORT_ONNX_UPGRADE_H

#include "import/onnx/importer.h"

typedef struct ob_upgrade {
  ob_importer_t *importer;
  ob_scope_t *scope;
  ob_record_t *record;
} ob_upgrade_t;
typedef ob_status_t ob_upgrade_step_t(ob_upgrade_t *up);

/* ---- attributes */
const ob_attribute_t *ob_upgrade_find(const ob_upgrade_t *up, const char *name);
void ob_upgrade_drop(ob_upgrade_t *up, const char *name);
/* The attribute's number, or the fallback. Errors: it is of another kind. */
OB_MUST_CHECK ob_status_t ob_upgrade_int(const ob_upgrade_t *up, const char *name, int64_t fallback, int64_t *value);
OB_MUST_CHECK ob_status_t ob_upgrade_float(const ob_upgrade_t *up, const char *name, float fallback, float *value);
/* The attribute's text, or the fallback. */
OB_MUST_CHECK ob_status_t ob_upgrade_string(const ob_upgrade_t *up, const char *name, const char *fallback, const char **value);
/* Adds or replaces. What `attribute` points to lives as long as the importer's scratch. */
OB_MUST_CHECK ob_status_t ob_upgrade_set(ob_upgrade_t *up, ob_attribute_t attribute);
OB_MUST_CHECK ob_status_t ob_upgrade_set_int(ob_upgrade_t *up, const char *name, int64_t value);
OB_MUST_CHECK ob_status_t ob_upgrade_set_float(ob_upgrade_t *up, const char *name, float value);
OB_MUST_CHECK ob_status_t ob_upgrade_set_string(ob_upgrade_t *up, const char *name, const char *value);

/* ---- inputs and constants */
OB_MUST_CHECK ob_status_t ob_upgrade_set_input(ob_upgrade_t *up, size_t index, ob_value_t *value);
ob_value_t *ob_upgrade_input(const ob_upgrade_t *up, size_t index); /* NULL: left out */
/* An int64 constant: a list, or a scalar when `scalar` (count 1). `what` goes into its name. */
OB_MUST_CHECK ob_status_t ob_upgrade_constant(ob_upgrade_t *up, const char *what, const int64_t *values, size_t count, bool scalar,
                                              ob_value_t **value);
/* A scalar constant of a floating-point type. */
OB_MUST_CHECK ob_status_t ob_upgrade_float_constant(ob_upgrade_t *up, const char *what, ob_dtype_t dtype, double number,
                                                    ob_value_t **value);
/* A list attribute (INTS) becomes input `index`; absent: nothing happens. */
OB_MUST_CHECK ob_status_t ob_upgrade_ints_to_input(ob_upgrade_t *up, const char *attribute, size_t index);

/* ---- nodes */
typedef struct ob_upgrade_node {
  const char *op;
  ob_value_t *inputs[6];
  size_t input_count;
  const char *attribute; /* at most one INT */
  int64_t number;
} ob_upgrade_node_t;
/* Makes a helper node with one output. */
OB_MUST_CHECK ob_status_t ob_upgrade_emit(ob_upgrade_t *up, const ob_upgrade_node_t *node, ob_value_t **result);
/* Makes the node whose output is the record's output 0; the record is done. */
OB_MUST_CHECK ob_status_t ob_upgrade_finish(ob_upgrade_t *up, const ob_upgrade_node_t *node);

/* ---- steps */
#define OB_UPGRADE(op, since, step) ob_upgrade_step_t ob_upgrade_##step;
#define OB_UPGRADE_IN(domain, op, since, step) ob_upgrade_step_t ob_upgrade_##step;
#include "import/onnx/upgrades.def"
#undef OB_UPGRADE_IN
#undef OB_UPGRADE
/* Not in this version: an error that says what to do. */
ob_upgrade_step_t ob_upgrade_too_old;

#endif
