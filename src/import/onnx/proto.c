/* Field tables of onnx.proto. */
#include "import/onnx/proto.h"

#define FIELD(message, number, kind, member) \
  { number, OB_WIRE_##kind, offsetof(onnx_##message##_t, member), #member }

static const ob_wire_field_t model_fields[] = {
    FIELD(model, 1, INT, ir_version),   FIELD(model, 2, TEXT, producer_name), FIELD(model, 3, TEXT, producer_version),
    FIELD(model, 7, MESSAGE, graph),    FIELD(model, 8, SPANS, opset_import), FIELD(model, 14, SPANS, metadata),
    FIELD(model, 25, SPANS, functions),
};
static const ob_wire_field_t opset_fields[] = {FIELD(opset, 1, TEXT, domain), FIELD(opset, 2, INT, version)};
static const ob_wire_field_t entry_fields[] = {FIELD(entry, 1, TEXT, key), FIELD(entry, 2, TEXT, value)};
static const ob_wire_field_t graph_fields[] = {
    FIELD(graph, 1, SPANS, nodes),
    FIELD(graph, 2, TEXT, name),
    FIELD(graph, 5, SPANS, initializers),
    FIELD(graph, 11, SPANS, inputs),
    FIELD(graph, 12, SPANS, outputs),
    FIELD(graph, 13, SPANS, value_info),
    FIELD(graph, 15, SPANS, sparse_initializers),
};
static const ob_wire_field_t node_fields[] = {
    FIELD(node, 1, TEXTS, inputs),  FIELD(node, 2, TEXTS, outputs),    FIELD(node, 3, TEXT, name),
    FIELD(node, 4, TEXT, op_type),  FIELD(node, 5, SPANS, attributes), FIELD(node, 7, TEXT, domain),
    FIELD(node, 8, TEXT, overload),
};
static const ob_wire_field_t function_fields[] = {
    FIELD(function, 1, TEXT, name),         FIELD(function, 4, TEXTS, inputs),
    FIELD(function, 5, TEXTS, outputs),     FIELD(function, 6, TEXTS, attributes),
    FIELD(function, 7, SPANS, nodes),       FIELD(function, 9, SPANS, opset_import),
    FIELD(function, 10, TEXT, domain),      FIELD(function, 11, SPANS, attribute_defaults),
    FIELD(function, 12, SPANS, value_info), FIELD(function, 13, TEXT, overload),
};
static const ob_wire_field_t attribute_fields[] = {
    FIELD(attribute, 1, TEXT, name),
    FIELD(attribute, 2, FLOAT, f),
    FIELD(attribute, 3, INT, i),
    FIELD(attribute, 4, BYTES, s),
    FIELD(attribute, 5, MESSAGE, t),
    FIELD(attribute, 6, MESSAGE, g),
    FIELD(attribute, 7, FIXED32S, floats),
    FIELD(attribute, 8, INTS, ints),
    FIELD(attribute, 9, SPANS, strings),
    FIELD(attribute, 10, SPANS, tensors),
    FIELD(attribute, 11, SPANS, graphs),
    FIELD(attribute, 14, MESSAGE, tp),
    FIELD(attribute, 15, SPANS, type_protos),
    FIELD(attribute, 20, INT, type),
    FIELD(attribute, 21, TEXT, ref_name),
    FIELD(attribute, 22, MESSAGE, sparse_tensor),
    FIELD(attribute, 23, SPANS, sparse_tensors),
};
static const ob_wire_field_t tensor_fields[] = {
    FIELD(tensor, 1, INTS, dims),          FIELD(tensor, 2, INT, data_type),
    FIELD(tensor, 3, MESSAGE, segment),    FIELD(tensor, 4, FIXED32S, float_data),
    FIELD(tensor, 5, INTS, int32_data),    FIELD(tensor, 6, SPANS, string_data),
    FIELD(tensor, 7, INTS, int64_data),    FIELD(tensor, 8, TEXT, name),
    FIELD(tensor, 9, BYTES, raw_data),     FIELD(tensor, 10, FIXED64S, double_data),
    FIELD(tensor, 11, INTS, uint64_data),  FIELD(tensor, 13, SPANS, external_data),
    FIELD(tensor, 14, INT, data_location),
};
static const ob_wire_field_t sparse_fields[] = {FIELD(sparse, 1, MESSAGE, values), FIELD(sparse, 2, MESSAGE, indices),
                                                FIELD(sparse, 3, INTS, dims)};
static const ob_wire_field_t value_info_fields[] = {FIELD(value_info, 1, TEXT, name), FIELD(value_info, 2, MESSAGE, type)};
static const ob_wire_field_t type_fields[] = {
    FIELD(type, 1, MESSAGE, tensor),   FIELD(type, 4, MESSAGE, sequence), FIELD(type, 5, MESSAGE, map),
    FIELD(type, 9, MESSAGE, optional), FIELD(type, 8, MESSAGE, sparse),   FIELD(type, 7, MESSAGE, opaque),
};
static const ob_wire_field_t type_tensor_fields[] = {FIELD(type_tensor, 1, INT, dtype), FIELD(type_tensor, 2, MESSAGE, shape)};
static const ob_wire_field_t type_element_fields[] = {FIELD(type_element, 1, MESSAGE, element)};
static const ob_wire_field_t type_map_fields[] = {FIELD(type_map, 1, INT, key), FIELD(type_map, 2, MESSAGE, value)};
static const ob_wire_field_t shape_fields[] = {FIELD(shape, 1, SPANS, dims)};
static const ob_wire_field_t dim_fields[] = {FIELD(dim, 1, INT, value), FIELD(dim, 2, TEXT, param)};

#define DEFINE(message)                                                                                                        \
  ob_status_t onnx_##message##_read(ob_wire_span_t bytes, onnx_##message##_t *out) {                                           \
    static const ob_wire_message_t table = {#message, message##_fields, sizeof message##_fields / sizeof message##_fields[0]}; \
    return ob_wire_read(&table, bytes, out, sizeof *out);                                                                      \
  }
ONNX_MESSAGES(DEFINE)
