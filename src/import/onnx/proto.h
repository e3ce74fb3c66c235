/* The messages of onnx.proto (IR version 14), as far as the importer reads them. */
#ifndef OB_IMPORT_ONNX_PROTO_H
#define OB_IMPORT_ONNX_PROTO_H

#include "import/onnx/wire.h"

typedef struct onnx_model {
  ob_wire_int_t ir_version;
  ob_wire_span_t producer_name, producer_version, graph;
  ob_wire_list_t opset_import, metadata, functions;
} onnx_model_t;

typedef struct onnx_opset {
  ob_wire_span_t domain;
  ob_wire_int_t version;
} onnx_opset_t;

typedef struct onnx_entry { /* StringStringEntryProto */
  ob_wire_span_t key, value;
} onnx_entry_t;

typedef struct onnx_graph {
  ob_wire_span_t name;
  ob_wire_list_t nodes, initializers, sparse_initializers, inputs, outputs, value_info;
} onnx_graph_t;

typedef struct onnx_node {
  ob_wire_list_t inputs, outputs, attributes;
  ob_wire_span_t name, op_type, domain, overload;
} onnx_node_t;

typedef struct onnx_function {
  ob_wire_span_t name, domain, overload;
  ob_wire_list_t inputs, outputs, attributes, attribute_defaults, nodes, opset_import, value_info;
} onnx_function_t;

typedef struct onnx_attribute {
  ob_wire_span_t name, ref_name, s, t, g, sparse_tensor, tp;
  ob_wire_float_t f;
  ob_wire_int_t i, type;
  ob_wire_list_t floats, ints, strings, tensors, graphs, sparse_tensors, type_protos;
} onnx_attribute_t;

/* AttributeProto.AttributeType */
enum {
  ONNX_FLOAT = 1,
  ONNX_INT = 2,
  ONNX_STRING = 3,
  ONNX_TENSOR = 4,
  ONNX_GRAPH = 5,
  ONNX_FLOATS = 6,
  ONNX_INTS = 7,
  ONNX_STRINGS = 8,
  ONNX_TENSORS = 9,
  ONNX_GRAPHS = 10,
  ONNX_SPARSE_TENSOR = 11,
  ONNX_SPARSE_TENSORS = 12,
  ONNX_TYPE_PROTO = 13,
  ONNX_TYPE_PROTOS = 14
};

typedef struct onnx_tensor {
  ob_wire_list_t dims, float_data, int32_data, string_data, int64_data, double_data, uint64_data, external_data;
  ob_wire_span_t name, raw_data, segment;
  ob_wire_int_t data_type, data_location;
} onnx_tensor_t;

typedef struct onnx_sparse {
  ob_wire_span_t values, indices;
  ob_wire_list_t dims;
} onnx_sparse_t;

typedef struct onnx_value_info {
  ob_wire_span_t name, type;
} onnx_value_info_t;

typedef struct onnx_type {
  ob_wire_span_t tensor, sequence, map, optional, sparse, opaque;
} onnx_type_t;
typedef struct onnx_type_tensor { /* TypeProto.Tensor */
  ob_wire_int_t dtype;
  ob_wire_span_t shape;
} onnx_type_tensor_t;
typedef struct onnx_type_element { /* TypeProto.Sequence, .Optional */
  ob_wire_span_t element;
} onnx_type_element_t;
typedef struct onnx_type_map {
  ob_wire_int_t key;
  ob_wire_span_t value;
} onnx_type_map_t;
typedef struct onnx_shape {
  ob_wire_list_t dims;
} onnx_shape_t;
typedef struct onnx_dim {
  ob_wire_int_t value;
  ob_wire_span_t param;
} onnx_dim_t;

/* Each reads one message; see ob_wire_read(). */
#define ONNX_MESSAGES(X) \
  X(model)               \
  X(opset)               \
  X(entry)               \
  X(graph)               \
  X(node)                \
  X(function) X(attribute) X(tensor) X(sparse) X(value_info) X(type) X(type_tensor) X(type_element) X(type_map) X(shape) X(dim)
#define ONNX_DECLARE(name) OB_MUST_CHECK ob_status_t onnx_##name##_read(ob_wire_span_t bytes, onnx_##name##_t *out);
ONNX_MESSAGES(ONNX_DECLARE)
#undef ONNX_DECLARE

#endif
