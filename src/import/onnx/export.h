/* What an export keeps while it runs. */
#ifndef OB_IMPORT_ONNX_EXPORT_H
#define OB_IMPORT_ONNX_EXPORT_H

#include "import/onnx/importer.h"
#include "import/onnx/wire_writer.h"

enum { ONNX_IR_VERSION = 14 };

/* A graph and the names that its values get; bodies in the order of the nodes that have them. */
typedef struct ob_exported_graph {
  const ob_graph_t *graph;
  const char **names;      /* by value id */
  const char **node_names; /* by node id */
  size_t formal;           /* inputs that are listed; the rest are captures */
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

#endif
