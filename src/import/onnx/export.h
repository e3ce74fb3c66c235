/* What an export keeps while it runs. */
#ifndef OB_IMPORT_ONNX_EXPORT_H
#define OB_IMPORT_ONNX_EXPORT_H

#include "import/onnx/importer.h"
#include "import/onnx/wire_writer.h"

enum { ONNX_IR_VERSION = 14 };

/* A node (op NULL: a number) that computes with sizes, for what is nothing but expressions. */
typedef struct ob_exported_step {
  const char *op, **inputs, *output;
  size_t input_count;
  const char *attributes[2]; /* integers; NULL: none */
  int64_t values[2];         /* of the attributes, or the number */
  struct ob_exported_step *next;
} ob_exported_step_t;

/* The tensor that holds an expression's number. */
typedef struct ob_exported_spelling {
  const ob_expr_t *expr;
  const char *name;
  struct ob_exported_spelling *next;
} ob_exported_spelling_t;

/* A graph and the names that its values get; bodies in the order of the nodes that have them. */
typedef struct ob_exported_graph {
  const ob_graph_t *graph;
  const char **names;      /* by value id */
  const char **node_names; /* by node id */
  size_t formal;           /* inputs that are listed; the rest are captures */
  const ob_binding_t *binding; /* numbers in place of symbols; NULL: none, and in bodies */
  ob_exported_step_t *steps;   /* come before the nodes */
  ob_exported_spelling_t *spellings;
  struct ob_exported_graph *bodies, *next;
} ob_exported_graph_t;

typedef struct ob_exported_domain {
  const char *name;
  int64_t version;
} ob_exported_domain_t;

typedef struct ob_exporter {
  const ob_expr_pool_t *exprs;
  ob_wire_writer_t writer;
  ob_arena_t arena;
  ob_map_t taken, taken_by_nodes; /* names in use */
  OB_ARRAY(ob_exported_domain_t) domains;
} ob_exporter_t;

/* `name`, or with a number behind it when that is taken. */
OB_MUST_CHECK ob_status_t ob_export_unique_name(ob_exporter_t *exporter, const char *name, const char **unique);
/* Plans the steps of all values that are nothing but expressions. OB_UNSUPPORTED for what ONNX cannot say. */
OB_MUST_CHECK ob_status_t ob_export_spell(ob_exporter_t *exporter, ob_exported_graph_t *out);
/* The oldest operator set, from 24 on, that has all nodes as they are. */
int64_t ob_export_opset(const ob_exported_graph_t *out);
/* Nothing but content, and not all of it numbers. */
bool ob_export_is_symbolic(const ob_graph_t *graph, const ob_value_t *value);

#endif
