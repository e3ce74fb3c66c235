/* Dropout: the input, or in training with random elements zeroed; and which ones were kept. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_infer_shape_of_rank(infer, 1, 0);
  ob_infer_shape_of_rank(infer, 2, 0);
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &shape));
  return ob_infer_set(infer, 1, OB_BOOL, &shape);
}

const ob_op_t ob_op_Dropout = {
    .name = "Dropout",
    .domain = "",
    .since = 22,
    OB_INPUTS(1, OB_PARAM("data", 'T', OB_TYPES_FLOATS | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
              OB_OPTIONAL_PARAM("ratio", '1', OB_TYPES_FLOATS | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
              OB_OPTIONAL_PARAM("training_mode", '2', OB_TYPES_BOOL)),
    OB_OUTPUTS(1, OB_PARAM("output", 'T', OB_TYPES_FLOATS | (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0))),
               OB_OPTIONAL_PARAM("mask", '2', OB_TYPES_BOOL)),
    OB_ATTRIBUTES(OB_MAYBE("seed", INT)),
    .infer = infer,
    .doc = "the input, or in training with random elements zeroed; and which ones were kept",
};
