/* Names: text out of the model, scopes that find values, versions of operator sets. */
#include <string.h>

#include "base/checked.h"
#include "base/str.h"
#include "import/onnx/importer.h"

ob_status_t ob_import_text(ob_importer_t *importer, ob_wire_span_t span, const char **text) {
  *text = "";
  if (span.size == 0) return OB_OK;
  if (!ob_utf8_is_valid((const char *)span.data, span.size) || memchr(span.data, 0, span.size))
    return ob_fail(OB_INVALID_MODEL, "'%s' is not UTF-8 or holds a NUL byte", ob_quote_n((const char *)span.data, span.size));
  return ob_arena_strndup(&importer->scratch, (const char *)span.data, span.size, text);
}

ob_status_t ob_import_charge(ob_importer_t *importer, size_t count, size_t each) {
  size_t cost;
  if (ob_mul_size(count, each, &cost) && ob_add_size(importer->cost, cost, &importer->cost) &&
      importer->cost <= importer->cost_limit)
    return OB_OK;
  return ob_fail(OB_UNSUPPORTED, "the model expands to more than %zu MB of graph: its functions call each other too often",
                 importer->cost_limit >> 20);
}

/* ------------------------------------------------------------ operator sets */

/* "ai.onnx" is another name for the default domain. */
static const char *canonical(const char *domain) { return strcmp(domain, "ai.onnx") == 0 ? "" : domain; }

int64_t ob_opsets_find(const ob_opsets_t *opsets, const char *domain) {
  for (size_t i = 0; i < opsets->count; i++)
    if (strcmp(opsets->domains[i], canonical(domain)) == 0) return opsets->versions[i];
  return 0;
}

/* The newest version of a domain's operator set that is known; 0: of none, nodes say so. */
static int64_t newest_version(const char *domain) {
  static const struct {
    const char *domain;
    int64_t version;
  } known[] = {{"", ONNX_OPSET}, {"ai.onnx.ml", 5}, {"ai.onnx.preview", 1}, {"ai.onnx.preview.training", 1}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].domain, domain) == 0) return known[i].version;
  return 0;
}

static ob_status_t check_version(const char *domain, int64_t version) {
  const char *name = domain[0] ? domain : "ai.onnx";
  long long newest = newest_version(domain);
  if (version < 1)
    return ob_fail(OB_INVALID_MODEL, "operator set '%s' has version %lld: versions begin at 1", ob_quote(name), (long long)version);
  if (newest != 0 && version > newest)
    return ob_fail(OB_UNSUPPORTED,
                   "the model needs version %lld of the operator set %s, and this Outboard knows up to %lld: export the model "
                   "with opset %lld or older, or use a newer Outboard",
                   (long long)version, name, newest, newest);
  return OB_OK;
}

ob_status_t ob_import_opsets(ob_importer_t *importer, ob_wire_list_t entries, ob_opsets_t *opsets) {
  ob_wire_span_t bytes;
  *opsets = (ob_opsets_t){0};
  if (entries.count > ONNX_MAX_OPSETS) return ob_fail(OB_INVALID_MODEL, "%zu operator sets are imported", entries.count);
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, entries.count, &opsets->domains));
  OB_TRY(OB_ARENA_ARRAY(&importer->scratch, entries.count, &opsets->versions));
  while (ob_wire_next_span(&entries, &bytes)) {
    onnx_opset_t entry;
    const char *domain;
    OB_TRY(onnx_opset_read(bytes, &entry));
    OB_TRY(ob_import_text(importer, entry.domain, &domain));
    domain = canonical(domain);
    OB_TRY(check_version(domain, entry.version.value));
    int64_t known = ob_opsets_find(opsets, domain);
    if (known != 0 && known != entry.version.value)
      return ob_fail(OB_INVALID_MODEL, "operator set '%s' is imported in versions %lld and %lld",
                     domain[0] ? ob_quote(domain) : "ai.onnx", (long long)known, (long long)entry.version.value);
    if (known != 0) continue;
    opsets->domains[opsets->count] = domain;
    opsets->versions[opsets->count++] = entry.version.value;
  }
  return OB_OK;
}

/* ------------------------------------------------------------ scopes */

void ob_scope_init(ob_scope_t *scope, ob_importer_t *importer, ob_scope_t *parent, ob_graph_t *graph) {
  *scope = (ob_scope_t){.parent = parent, .graph = graph, .prefix = ""};
  if (parent) {
    scope->opsets = parent->opsets;
    scope->arguments = parent->arguments;
    scope->prefix = parent->prefix;
    scope->depth = parent->depth + 1;
  }
  ob_map_init(&scope->names, importer->allocator);
  ob_map_init(&scope->declared, importer->allocator);
  ob_map_init(&scope->absent, importer->allocator);
  ob_map_init(&scope->renamed, importer->allocator);
}

void ob_scope_free(ob_importer_t *importer, ob_scope_t *scope) {
  ob_map_free(&scope->names);
  ob_map_free(&scope->declared);
  ob_map_free(&scope->absent);
  ob_map_free(&scope->renamed);
  ob_array_free(importer->allocator, &scope->captured);
  ob_array_free(importer->allocator, &scope->results);
}

ob_status_t ob_scope_define(ob_scope_t *scope, const char *name, ob_value_t *value) {
  if (ob_map_get(&scope->names, name))
    return ob_fail(OB_INVALID_MODEL, "value '%s' is defined twice in graph '%s'", ob_quote(name), ob_quote(scope->graph->name));
  return ob_map_set(&scope->names, name, value);
}

/* An input of the scope's graph that brings in `outer`. */
static ob_status_t capture(ob_importer_t *importer, ob_scope_t *scope, const char *name, ob_value_t *outer, ob_value_t **value) {
  OB_TRY(ob_value_create(scope->graph, name, value));
  (*value)->type = outer->type;
  (*value)->content = outer->content;
  (*value)->content_count = outer->content_count;
  OB_TRY(ob_graph_add_input(scope->graph, *value));
  return ob_array_push(importer->allocator, &scope->captured, outer);
}

ob_status_t ob_scope_find(ob_importer_t *importer, ob_scope_t *scope, const char *name, ob_value_t **value) {
  ob_value_t *outer = NULL;
  *value = ob_map_get(&scope->names, name);
  if (*value || !scope->parent) return OB_OK;
  OB_TRY(ob_scope_find(importer, scope->parent, name, &outer));
  if (!outer) return OB_OK;
  if (scope->parent->graph == scope->graph)
    *value = outer;
  else if (outer->constant)
    OB_TRY(ob_value_from_constant(scope->graph, outer->constant, value));
  else
    OB_TRY(capture(importer, scope, name, outer, value));
  return ob_map_set(&scope->names, name, *value);
}

bool ob_scope_is_absent(const ob_scope_t *scope, const char *name) {
  for (; scope; scope = scope->parent) {
    if (ob_map_get(&scope->names, name)) return false;
    if (ob_map_get(&scope->absent, name)) return true;
  }
  return false;
}

ob_status_t ob_scope_full_name(ob_importer_t *importer, const ob_scope_t *scope, const char *name, const char **full) {
  *full = ob_map_get(&scope->renamed, name);
  if (*full) return OB_OK;
  *full = name;
  return scope->prefix[0] ? ob_arena_printf(&importer->scratch, full, "%s%s", scope->prefix, name) : OB_OK;
}
