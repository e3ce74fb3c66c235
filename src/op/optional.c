/* Optional: something that may be absent. */
#include <string.h>

#include "op/infer_util.h"

/* Reads the text of a type: "seq(float32[2, 3])". Sizes are left out: nothing is there yet that has them. */
static ob_status_t read_type(ob_infer_t *infer, const char *text, int depth, ob_type_t *type) {
  static const struct {
    const char *word;
    ob_kind_t kind;
  } kinds[] = {{"seq(", OB_SEQUENCE}, {"optional(", OB_OPTIONAL}};
  for (size_t i = 0; i < 2; i++) {
    size_t length = strlen(kinds[i].word);
    ob_type_t *element;
    if (strncmp(text, kinds[i].word, length) != 0) continue;
    if (depth > 8) return ob_infer_fail(infer, "attribute 'type' is nested too deep");
    OB_TRY(OB_ARENA_NEW(&infer->module->arena, &element));
    *type = (ob_type_t){.kind = kinds[i].kind, .element = element};
    return read_type(infer, text + length, depth + 1, element);
  }
  char name[32] = "";
  size_t length = strcspn(text, "[");
  if (length < sizeof name) memcpy(name, text, length);
  *type = (ob_type_t){.kind = OB_TENSOR, .dtype = ob_dtype_from_name(name), .rank = -1};
  return type->dtype != OB_UNDEFINED ? OB_OK : ob_infer_fail(infer, "attribute 'type' is '%s', which is no type", ob_quote(text));
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_type_t *type, *element;
  const char *text = ob_node_string(infer->node, "type", NULL);
  OB_TRY(OB_ARENA_NEW(&infer->module->arena, &element));
  OB_TRY(OB_ARENA_NEW(&infer->module->arena, &type));
  *type = (ob_type_t){.kind = OB_OPTIONAL, .element = element};
  if (ob_infer_has(infer, 0))
    *element = ob_infer_input(infer, 0)->type;
  else if (!text)
    return ob_infer_fail(infer, "expected an input or the attribute 'type'");
  else
    OB_TRY(read_type(infer, text, 0, element));
  return ob_infer_set_type(infer, 0, type);
}

const ob_op_t ob_op_Optional = {
    .name = "Optional",
    .domain = "",
    .since = 28,
    OB_INPUTS(0, OB_OPTIONAL_PARAM("input", 0, 0)),
    OB_OUTPUTS(1, OB_PARAM("output", 0, 0)),
    OB_ATTRIBUTES(OB_MAYBE("type", STRING)), /* a TYPE_PROTO in ONNX; the importer gives its text */
    .infer = infer,
    .doc = "something that may be absent",
};
