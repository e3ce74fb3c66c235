/* The operator set that an exported graph states: as old as its nodes allow, since libraries lag behind ONNX. */
#include <string.h>

#include "base/dtype.h"
#include "import/onnx/export.h"

enum { OPSET_OLD = 24, OPSET_2_BITS = 25 };

#define BIT(dtype) OB_DTYPE_BIT(OB_##dtype)
#define FLOAT6 (BIT(FLOAT6E2M3) | BIT(FLOAT6E3M2))

/* Operators that have changed since OPSET_OLD in nothing but the element types that they take; `newer`: those of set 28, apart from the 6-bit
 * floats. From the schemas of onnx 1.23. */
static const struct {
  const char *op;
  uint64_t newer;
} grown[] = {
    {"BitShift", BIT(INT8) | BIT(INT16) | BIT(INT32) | BIT(INT64)},
    {"Cast", 0},
    {"CastLike", 0},
    {"Celu", BIT(FLOAT16) | BIT(BFLOAT16) | BIT(FLOAT64)},
    {"Compress", BIT(BFLOAT16)},
    {"Constant", 0},
    {"ConstantOfShape", 0},
    {"DepthToSpace", 0},
    {"DequantizeLinear", 0},
    {"Einsum", BIT(BFLOAT16)},
    {"Flatten", 0},
    {"Identity", 0},
    {"If", 0},
    {"Loop", 0},
    {"Mod", 0},
    {"OneHot", BIT(BFLOAT16)},
    {"Pad", 0},
    {"QuantizeLinear", 0},
    {"ReduceLogSum", 0},
    {"ReduceLogSumExp", 0},
    {"Reshape", 0},
    {"ReverseSequence", BIT(BFLOAT16)},
    {"Scan", 0},
    {"Shape", 0},
    {"Size", 0},
    {"Squeeze", 0},
    {"Transpose", 0},
    {"Unique", BIT(BFLOAT16)},
    {"Unsqueeze", 0},
};

static uint64_t types_of(const ob_node_t *node) {
  uint64_t types = 0;
  for (size_t i = 0; i < node->input_count; i++)
    if (node->inputs[i]) types |= OB_DTYPE_BIT(node->inputs[i]->type.dtype);
  for (size_t i = 0; i < node->output_count; i++)
    if (node->outputs[i]) types |= OB_DTYPE_BIT(node->outputs[i]->type.dtype);
  return types;
}

static int64_t opset_of(const ob_node_t *node) {
  uint64_t types = types_of(node);
  if (node->op->domain[0]) return OPSET_OLD;
  if (node->op->since <= OPSET_OLD) return OPSET_OLD;
  for (size_t i = 0; i < sizeof grown / sizeof *grown; i++) {
    if (strcmp(grown[i].op, node->op->name) != 0) continue;
    if (types & (grown[i].newer | FLOAT6)) return ONNX_OPSET;
    return types & (BIT(INT2) | BIT(UINT2)) ? OPSET_2_BITS : OPSET_OLD;
  }
  return node->op->since;
}

int64_t ob_export_opset(const ob_exported_graph_t *out) {
  int64_t opset = OPSET_OLD;
  for (size_t i = 0; i < out->graph->nodes.count; i++) {
    int64_t needed = opset_of(out->graph->nodes.items[i]);
    if (needed > opset) opset = needed;
  }
  for (const ob_exported_graph_t *body = out->bodies; body; body = body->next) {
    int64_t needed = ob_export_opset(body);
    if (needed > opset) opset = needed;
  }
  return opset;
}
