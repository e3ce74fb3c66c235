/* StringNormalizer: strings in one case, without stop words. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"NONE", "LOWER", "UPPER", NULL};
  ob_shape_t shape = ob_infer_shape(infer, 0);
  ob_infer_word(infer, "case_change_action", "NONE", words);
  if (shape.rank == 0 || shape.rank > 2) return ob_infer_fail(infer, "input 0 ('X') has rank %d, expected 1 or 2", shape.rank);
  if (shape.rank > 0 && ob_infer_stated(infer, "stopwords")) shape.dims[shape.rank - 1] = NULL;
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_StringNormalizer = {
    .name = "StringNormalizer",
    .domain = "",
    .since = 10,
    .flags = OB_OP_DATA_SHAPE,
    OB_INPUTS(1, OB_PARAM("X", 0, OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("Y", 0, OB_TYPES_STRING)),
    OB_ATTRIBUTES(OB_TEXT("case_change_action", "NONE"), OB_INT("is_case_sensitive", 0), OB_MAYBE("locale", STRING),
                  OB_MAYBE("stopwords", STRINGS)),
    .infer = infer,
    .doc = "strings in one case, without stop words",
};
