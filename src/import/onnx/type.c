/* TypeProto: element types, dims, and the symbols that dims are named after. */
#include <string.h>

#include "base/dtype.h"
#include "import/onnx/importer.h"

/* What a type is being read for. */
typedef struct context {
  ob_importer_t *importer;
  const char *name; /* of the value, for messages and names of symbols */
  int64_t input;    /* graph input that dims belong to; or one of the ONNX_DIMS_ */
} context_t;

static ob_status_t read_dtype(const context_t *context, int64_t number, ob_dtype_t *dtype) {
  if (number != OB_UNDEFINED && !ob_dtype_is_valid(number))
    return ob_fail(OB_INVALID_MODEL, "value '%s': element type %lld does not exist", ob_quote(context->name), (long long)number);
  *dtype = (ob_dtype_t)number;
  return OB_OK;
}

/* The symbol of a dynamic axis of a graph input: the model's name for it, or one made from the input's. */
static ob_status_t input_symbol(const context_t *context, const char *param, uint32_t axis, const ob_expr_t **dim) {
  ob_importer_t *importer = context->importer;
  const char *name = param;
  bool named = param[0] != 0 && strcmp(param, "?") != 0 && strcmp(param, "-1") != 0;
  if (named && (*dim = ob_map_get(&importer->symbols, param))) return OB_OK;
  if (!named) OB_TRY(ob_arena_printf(&importer->scratch, &name, "%s_%u", context->name, axis));
  OB_TRY(ob_expr_symbol(importer->module->exprs, name, OB_SYMBOL_DIM, (uint32_t)context->input, axis, dim));
  return named ? ob_map_set(&importer->symbols, param, (void *)(uintptr_t)*dim) : OB_OK;
}

/* *dim is NULL where nothing is known. */
static ob_status_t read_dim(const context_t *context, ob_wire_span_t bytes, uint32_t axis, const ob_expr_t **dim) {
  onnx_dim_t proto;
  const char *param;
  *dim = NULL;
  OB_TRY(onnx_dim_read(bytes, &proto));
  if (proto.value.present && proto.value.value >= 0) return ob_expr_const(context->importer->module->exprs, proto.value.value, dim);
  OB_TRY(ob_import_text(context->importer, proto.param, &param));
  if (context->input >= 0) return input_symbol(context, param, axis, dim);
  *dim = ob_map_get(&context->importer->symbols, param);
  if (!*dim && context->input == ONNX_DIMS_FRESH) return ob_expr_fresh(context->importer->module->exprs, dim);
  return OB_OK;
}

static ob_status_t read_tensor(const context_t *context, ob_wire_span_t bytes, ob_type_t *type) {
  onnx_type_tensor_t tensor;
  onnx_shape_t shape;
  ob_wire_span_t dim;
  const ob_expr_t *dims[OB_MAX_RANK];
  int32_t rank = 0;
  bool known = true;
  *type = (ob_type_t){.kind = OB_TENSOR, .rank = -1};
  OB_TRY(onnx_type_tensor_read(bytes, &tensor));
  OB_TRY(read_dtype(context, tensor.dtype.value, &type->dtype));
  if (!tensor.shape.present) return OB_OK;
  OB_TRY(onnx_shape_read(tensor.shape, &shape));
  if (shape.dims.count > OB_MAX_RANK)
    return ob_fail(OB_UNSUPPORTED, "value '%s' has %zu dims; the most is %d", ob_quote(context->name), shape.dims.count,
                   OB_MAX_RANK);
  for (; ob_wire_next_span(&shape.dims, &dim); rank++) {
    OB_TRY(read_dim(context, dim, (uint32_t)rank, &dims[rank]));
    known = known && dims[rank];
  }
  /* Dims come all or none. */
  return known ? ob_type_tensor(context->importer->module, type->dtype, rank, dims, type) : OB_OK;
}

static ob_status_t read_type(const context_t *context, ob_wire_span_t bytes, int depth, ob_type_t *type);

static ob_status_t read_element(const context_t *context, ob_wire_span_t bytes, int depth, ob_type_t *type) {
  ob_type_t *element;
  if (!bytes.present) return ob_fail(OB_INVALID_MODEL, "value '%s': the type of its elements is missing", ob_quote(context->name));
  OB_TRY(OB_ARENA_NEW(&context->importer->module->arena, &element));
  type->element = element;
  return read_type(context, bytes, depth + 1, element);
}

static ob_status_t read_map(const context_t *context, ob_wire_span_t bytes, int depth, ob_type_t *type) {
  onnx_type_map_t map;
  OB_TRY(onnx_type_map_read(bytes, &map));
  *type = (ob_type_t){.kind = OB_MAP, .rank = -1};
  OB_TRY(read_dtype(context, map.key.value, &type->dtype));
  return read_element(context, map.value, depth, type);
}

static ob_status_t read_type(const context_t *context, ob_wire_span_t bytes, int depth, ob_type_t *type) {
  onnx_type_t proto;
  onnx_type_element_t element;
  context_t inner = *context;
  if (depth > ONNX_MAX_TYPE_DEPTH)
    return ob_fail(OB_UNSUPPORTED, "value '%s': its type is nested deeper than %d levels", ob_quote(context->name),
                   ONNX_MAX_TYPE_DEPTH);
  OB_TRY(onnx_type_read(bytes, &proto));
  if (proto.sparse.present || proto.opaque.present)
    return ob_fail(OB_UNSUPPORTED, "value '%s': %s values are not supported", ob_quote(context->name),
                   proto.sparse.present ? "sparse" : "opaque");
  if (proto.map.present) return read_map(context, proto.map, depth, type);
  if (proto.sequence.present || proto.optional.present) {
    *type = (ob_type_t){.kind = proto.sequence.present ? OB_SEQUENCE : OB_OPTIONAL, .rank = -1};
    OB_TRY(onnx_type_element_read(proto.sequence.present ? proto.sequence : proto.optional, &element));
    inner.input = ONNX_DIMS_UNKNOWN; /* elements of a collection need not have the same shapes */
    return read_element(&inner, element.element, depth, type);
  }
  return read_tensor(context, proto.tensor, type);
}

ob_status_t ob_import_type(ob_importer_t *importer, ob_wire_span_t bytes, const char *name, int64_t input, ob_type_t *type) {
  context_t context = {importer, name, input};
  return read_type(&context, bytes, 0, type);
}
