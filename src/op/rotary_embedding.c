/* RotaryEmbedding: rotates pairs of elements of each head by angles that depend on the position. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape(infer, 0);
  if (x.rank >= 0 && x.rank != 3 && x.rank != 4) return ob_infer_fail(infer, "input 0 ('X') has rank %d, expected 3 or 4", x.rank);
  if (x.rank == 3) ob_infer_int_within(infer, "num_heads", 0, 1, INT64_MAX);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
}

const ob_op_t ob_op_RotaryEmbedding = {
    .name = "RotaryEmbedding",
    .domain = "",
    .since = 23,
    OB_INPUTS(3, OB_PARAM("X", 'T', OB_TYPES_SHORT_FLOATS), OB_PARAM("cos_cache", 'T', OB_TYPES_SHORT_FLOATS),
              OB_PARAM("sin_cache", 'T', OB_TYPES_SHORT_FLOATS), OB_OPTIONAL_PARAM("position_ids", 'M', OB_TYPES_INT64)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_SHORT_FLOATS)),
    OB_ATTRIBUTES(OB_INT("interleaved", 0), OB_MAYBE("num_heads", INT), OB_INT("rotary_embedding_dim", 0)),
    .infer = infer,
    .doc = "rotates pairs of elements of each head by angles that depend on the position",
};
