/* Reads ONNX models: a bounded, zero-copy protobuf reader, and the way from any opset to the newest one. */
#ifndef OB_IMPORT_ONNX_H
#define OB_IMPORT_ONNX_H

#include "graph/graph.h"

typedef struct ob_import_options {
  const ob_allocator_t *allocator;
  const char *base_dir; /* folder of external data; NULL: external data is refused */
  uint32_t max_depth;   /* of nested subgraphs; 0: 32 */
} ob_import_options_t;

/* Makes a module in ONNX's newest opset: older operators rewritten, functions inlined, subgraphs closed, types inferred.
 * Tensors stay where they are: `bytes` must live as long as the module. Errors: OB_INVALID_MODEL, OB_UNSUPPORTED,
 * OB_NOT_FOUND (external data), each naming node or tensor. */
OB_MUST_CHECK ob_status_t ob_import_onnx(const void *bytes, size_t size, const ob_import_options_t *options, ob_module_t **module);
/* Maps the file, imports it, and leaves the mapping to the module. */
OB_MUST_CHECK ob_status_t ob_import_onnx_file(const char *path, const ob_import_options_t *options, ob_module_t **module);
/* True when the bytes begin like an ONNX model rather than an artifact. */
bool ob_onnx_looks_like(const void *bytes, size_t size);

/* The other direction, for engines that read ONNX: the graph as a ModelProto, of the oldest opset (from 24 on) that has its
 * nodes as they are. Sizes that depend on symbols become nodes over the shapes of inputs; OB_UNSUPPORTED where that does not do. */
OB_MUST_CHECK ob_status_t ob_export_onnx(const ob_graph_t *graph, const ob_allocator_t *allocator, void **bytes, size_t *size);
/* The same with the binding's numbers in place of symbols. `binding` is of a view of this graph; NULL: as above. */
OB_MUST_CHECK ob_status_t ob_export_onnx_bound(const ob_graph_t *graph, const ob_binding_t *binding, const ob_allocator_t *allocator,
                                               void **bytes, size_t *size);

/* An operator that is taken apart when a model is read: nothing behind the importer knows it. */
typedef struct ob_import_operator {
  const char *domain, *op;
  int32_t since;
  const char *made_of; /* words: "Mul, Add" */
} ob_import_operator_t;
/* Number `index` of them; false past the end. */
bool ob_import_operator(size_t index, ob_import_operator_t *found);

#endif
