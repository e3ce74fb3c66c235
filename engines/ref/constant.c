/* Constant: the tensor that an attribute holds. (Importers make constants of it; this is for graphs that come otherwise.) */
#include "ref/support/element.h"

static ob_status_t allocate(const ob_kernel_call_t *call, bool list, size_t count) {
  int64_t dim = (int64_t)count;
  return ob_kernel_allocate(call, 0, list, &dim);
}

static ob_status_t fill(const ob_kernel_call_t *call, const ob_attribute_view_t *attribute) {
  bool list = attribute->kind == OB_ATTRIBUTE_INTS || attribute->kind == OB_ATTRIBUTE_FLOATS || attribute->kind == OB_ATTRIBUTE_STRINGS;
  size_t count = list ? attribute->count : 1;
  const ob_tensor_t *tensor = attribute->tensor;
  if (attribute->kind == OB_ATTRIBUTE_TENSOR) {
    OB_TRY(ob_kernel_allocate(call, 0, tensor->rank, tensor->dims));
    ob_ref_copy(tensor->dtype, call->outputs[0]->data, 0, tensor->data, 0, ob_tensor_count(tensor));
    return OB_OK;
  }
  OB_TRY(allocate(call, list, count));
  void *data = call->outputs[0]->data;
  if (attribute->kind == OB_ATTRIBUTE_INT || attribute->kind == OB_ATTRIBUTE_INTS)
    ob_ref_store_int(OB_INT64, data, 0, count, ob_kernel_ints(call, attribute->name, &count));
  else if (attribute->kind == OB_ATTRIBUTE_FLOAT || attribute->kind == OB_ATTRIBUTE_FLOATS)
    ob_ref_copy(OB_FLOAT32, data, 0, attribute->floats, 0, count);
  else
    ob_ref_copy(OB_STRING, data, 0, attribute->strings, 0, count);
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  if (call->node->attribute_count == 0) return ob_fail(OB_INVALID_MODEL, "no value");
  return fill(call, call->node->attributes[0]);
}

const ob_kernel_t ob_ref_Constant = {.op = "Constant", .domain = "", .run = run};
