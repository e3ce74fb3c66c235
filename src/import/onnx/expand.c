/* Shared by operators that are taken apart: see expand.h. */
#include "import/onnx/expand.h"

#include <string.h>

#include "graph/inline.h"

const ob_body_t *ob_expand_body(const ob_record_t *record, const char *name) {
  for (size_t i = 0; i < record->body_count; i++)
    if (strcmp(record->bodies[i].attribute, name) == 0) return &record->bodies[i];
  return NULL;
}

static ob_status_t inline_into(ob_graph_t *graph, const ob_body_t *body, ob_value_t **all, ob_value_t *const *arguments, size_t count,
                               ob_value_t *const *captures, ob_value_t **results) {
  size_t before = graph->nodes.count;
  if (count > 0) memcpy(all, arguments, count * sizeof *all);
  if (body->capture_count > 0) memcpy(all + count, captures, body->capture_count * sizeof *all);
  OB_TRY(ob_graph_inline(graph, body->graph, all, results));
  for (size_t i = before; i < graph->nodes.count; i++) OB_TRY(ob_infer_node(graph->nodes.items[i]));
  return OB_OK;
}

ob_status_t ob_expand_inline(ob_graph_t *graph, const ob_body_t *body, ob_value_t *const *arguments, size_t count,
                             ob_value_t *const *captures, ob_value_t **results, size_t result_count) {
  size_t formal = body->graph->inputs.count - body->capture_count;
  ob_value_t **all;
  if (formal != count || body->graph->outputs.count != result_count)
    return ob_fail(OB_INVALID_MODEL, "subgraph '%s' has %zu inputs and %zu outputs, expected %zu and %zu", body->attribute, formal,
                   body->graph->outputs.count, count, result_count);
  OB_TRY(OB_NEW_ARRAY(graph->module->allocator, count + body->capture_count + 1, &all));
  ob_status_t status = inline_into(graph, body, all, arguments, count, captures, results);
  ob_free(graph->module->allocator, all);
  return status;
}
