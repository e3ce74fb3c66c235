/* Operators that exist only until a model was read. */
#include "import/onnx/contrib/contrib.h"

static const ob_import_operator_t own[] = {
    {"", "Scatter", 11, "ScatterElements"},
    {"", "SequenceMap", 17, "Loop"},
    {"", "Upsample", 10, "Resize"},
    {"ai.onnx.preview", "FlexAttention", 1, "MatMul, Softmax and the node's subgraphs"},
    {"ai.onnx.preview.training", "Gradient", 1, "the derivatives of the nodes between xs and y"},
};
enum { OWN = sizeof own / sizeof own[0] };

bool ob_import_operator(size_t index, ob_import_operator_t *found) {
  if (index < OWN) {
    *found = own[index];
    return true;
  }
  size_t contrib = index - OWN;
  for (size_t i = 0; i < ob_contrib_count(); i++) {
    const ob_contrib_row_t *row = ob_contrib_at(i);
    if (!row->expand || row->until > 0 || contrib-- > 0) continue;
    *found = (ob_import_operator_t){row->domain, row->op, 1, row->text};
    return true;
  }
  return false;
}
