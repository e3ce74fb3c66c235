/* GRU: gated recurrent unit over a sequence, in one or both directions. */
#include "op/recurrent.h"

static ob_status_t infer(ob_infer_t *infer) { return ob_infer_recurrent(infer, 3, false); }

const ob_op_t ob_op_GRU = {
    .name = "GRU",
    .domain = "",
    .since = 22,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(3, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("W", 'T', OB_TYPES_FLOATS), OB_PARAM("R", 'T', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("B", 'T', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("sequence_lens", '1', OB_TYPES_INT32),
              OB_OPTIONAL_PARAM("initial_h", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(0, OB_OPTIONAL_PARAM("Y", 'T', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("Y_h", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_MAYBE("activation_alpha", FLOATS), OB_MAYBE("activation_beta", FLOATS), OB_MAYBE("activations", STRINGS),
                  OB_MAYBE("clip", FLOAT), OB_TEXT("direction", "forward"), OB_MAYBE("hidden_size", INT), OB_INT("layout", 0),
                  OB_INT("linear_before_reset", 0)),
    .infer = infer,
    .doc = "gated recurrent unit over a sequence, in one or both directions",
};
