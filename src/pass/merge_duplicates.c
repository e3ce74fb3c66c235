/* Common subexpressions: of two nodes that compute the same from the same, one stays. */
#include <string.h>

#include "base/hash.h"
#include "pass/rewrite.h"

static uint64_t hash_node(const ob_node_t *node) {
  uint64_t hash = ob_hash_mix((uintptr_t)node->op, node->output_count);
  for (size_t i = 0; i < node->input_count; i++) hash = ob_hash_mix(hash, node->inputs[i] ? node->inputs[i]->id + 1 : 0);
  return hash;
}

static bool same_attribute(const ob_attribute_t *a, const ob_attribute_t *b) {
  if (!b || a->kind != b->kind || a->count != b->count || a->tensor != b->tensor) return false;
  for (size_t i = 0; i < a->count && a->ints; i++)
    if (!ob_expr_equal(a->ints[i], b->ints[i])) return false;
  for (size_t i = 0; i < a->count && a->strings; i++)
    if (a->strings[i].size != b->strings[i].size || memcmp(a->strings[i].data, b->strings[i].data, a->strings[i].size) != 0) return false;
  return !a->floats || memcmp(a->floats, b->floats, a->count * sizeof *a->floats) == 0;
}

static bool same_node(const ob_node_t *a, const ob_node_t *b) {
  if (a->op != b->op || a->input_count != b->input_count || a->output_count != b->output_count) return false;
  if (a->attribute_count != b->attribute_count) return false;
  for (size_t i = 0; i < a->input_count; i++)
    if (a->inputs[i] != b->inputs[i]) return false;
  for (size_t i = 0; i < a->output_count; i++)
    if (!a->outputs[i] != !b->outputs[i]) return false;
  for (size_t i = 0; i < a->attribute_count; i++)
    if (!same_attribute(&a->attributes[i], ob_node_stated(b, a->attributes[i].name))) return false;
  return true;
}

static ob_status_t merge(ob_graph_t *graph, const ob_node_t *kept, const ob_node_t *node, bool *changed) {
  for (size_t i = 0; i < node->output_count; i++) {
    bool replaced;
    if (!node->outputs[i]) continue;
    OB_TRY(ob_rewrite_replace(graph, node->outputs[i], kept->outputs[i], &replaced));
    *changed |= replaced;
  }
  return OB_OK;
}

static bool may_merge(const ob_node_t *node) {
  return !node->region && node->body_count == 0 && !(node->op->flags & (OB_OP_RANDOM | OB_OP_CONTROL));
}

static ob_status_t merge_all(ob_graph_t *graph, const ob_node_t **table, size_t size, bool *changed) {
  for (size_t i = 0; i < graph->nodes.count; i++) {
    const ob_node_t *node = graph->nodes.items[i];
    if (!may_merge(node)) continue;
    size_t at = (size_t)hash_node(node) & (size - 1);
    while (table[at] && !same_node(table[at], node)) at = (at + 1) & (size - 1);
    if (table[at]) OB_TRY(merge(graph, table[at], node, changed));
    else table[at] = node;
  }
  return OB_OK;
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  const ob_allocator_t *allocator = graph->module->allocator;
  const ob_node_t **table;
  size_t size = 16;
  (void)context;
  while (size < 2 * graph->nodes.count) size *= 2;
  OB_TRY(OB_NEW_ARRAY(allocator, size, &table));
  ob_status_t status = merge_all(graph, table, size, changed);
  ob_free(allocator, table);
  return status;
}

const ob_pass_t ob_pass_merge_duplicates = {"merge_duplicates", "computes the same thing once", run};
