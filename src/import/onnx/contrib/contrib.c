/* The table of contrib operators: looking up, checking a node against its row, running the expansion. */
#include "import/onnx/contrib/contrib.h"

#include <string.h>

static const ob_contrib_row_t rows[] = {
#define OB_CONTRIB(domain, op, min, max, outputs, attributes, step, text) \
  {domain, #op, 0, min, max, outputs, attributes, ob_contrib_##step, text},
#define OB_CONTRIB_BEFORE(until, op, min, max, outputs, attributes, step, text) \
  {"", #op, until, min, max, outputs, attributes, ob_contrib_##step, text},
#define OB_CONTRIB_NOT(domain, op, text) {domain, #op, 0, 0, 0, 0, "", NULL, text},
#include "import/onnx/contrib/contribs.def"
#undef OB_CONTRIB
#undef OB_CONTRIB_BEFORE
#undef OB_CONTRIB_NOT
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const ob_contrib_row_t *ob_contrib_at(size_t index) { return &rows[index]; }
size_t ob_contrib_count(void) { return ROW_COUNT; }

const ob_contrib_row_t *ob_contrib_find(const ob_record_t *record) {
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (strcmp(rows[i].op, record->op) == 0 && strcmp(rows[i].domain, record->domain) == 0)
      return rows[i].until == 0 || record->opset < rows[i].until ? &rows[i] : NULL;
  return NULL;
}

/* The list has that word. */
static bool has_word(const char *list, const char *word) {
  size_t size = strlen(word);
  for (const char *at = list; (at = strstr(at, word)) != NULL; at += size)
    if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == 0)) return true;
  return false;
}

static ob_status_t check(const ob_contrib_row_t *row, const ob_record_t *record) {
  if (!row->expand)
    return ob_fail(OB_UNSUPPORTED, "operator %s of domain '%s' is not supported: %s", row->op,
                   row->domain[0] ? row->domain : "ai.onnx", row->text);
  if (record->input_count < row->min_inputs || record->input_count > row->max_inputs)
    return ob_fail(OB_INVALID_MODEL, "it has %zu inputs, expected %zu to %zu", record->input_count, row->min_inputs,
                   row->max_inputs);
  if (record->output_count > row->max_outputs)
    return ob_fail(OB_INVALID_MODEL, "it has %zu outputs, expected at most %zu", record->output_count, row->max_outputs);
  if (record->body_count > 0) return ob_fail(OB_INVALID_MODEL, "an attribute holds a graph, which the operator does not have");
  for (size_t i = 0; i < record->attribute_count; i++)
    if (!has_word(row->attributes, record->attributes[i].name))
      return ob_fail(OB_UNSUPPORTED, "attribute '%s' of operator %s (domain '%s') is not known, only: %s",
                     ob_quote(record->attributes[i].name), row->op, row->domain[0] ? row->domain : "ai.onnx",
                     row->attributes[0] ? row->attributes : "none");
  return OB_OK;
}

ob_status_t ob_contrib_run(const ob_contrib_row_t *row, ob_importer_t *importer, ob_scope_t *scope, ob_record_t *record) {
  ob_contrib_t c = {.up = {importer, scope, record}};
  OB_TRY(check(row, record));
  record->made = true;
  row->expand(&c);
  for (size_t i = 0; c.status == OB_OK && i < record->output_count; i++)
    if (record->outputs[i] && !record->results[i])
      ob_contrib_fail(&c, OB_UNSUPPORTED, "output %zu of operator %s is not supported", i, row->op);
  return c.status;
}
