/* Prints the table of operators as JSON, for tests that compare it with ONNX's definitions. */
#include <inttypes.h>
#include <stdio.h>

#include "op/op.h"

static void print_params(const char *key, const ob_op_param_t *params, uint32_t count) {
  printf(", \"%s\": [", key);
  for (uint32_t i = 0; i < count; i++) {
    printf("%s{\"name\": \"%s\", \"letter\": \"%.1s\", \"optional\": %s, \"types\": [", i ? ", " : "", params[i].name,
           params[i].type ? &params[i].type : "", params[i].optional ? "true" : "false");
    bool first = true;
    for (int dtype = 1; dtype < OB_DTYPE_COUNT; dtype++)
      if (params[i].types & OB_DTYPE_BIT(dtype)) {
        printf("%s%d", first ? "" : ", ", dtype);
        first = false;
      }
    printf("]}");
  }
  printf("]");
}

static void print_default(const ob_op_attribute_t *attribute) {
  if (attribute->presence != OB_DEFAULT) return;
  switch (attribute->kind) {
    case OB_ATTRIBUTE_INT:
      printf(", \"default\": %" PRId64, attribute->int_value);
      break;
    case OB_ATTRIBUTE_FLOAT:
      printf(", \"default\": %.9e", (double)attribute->float_value);
      break;
    case OB_ATTRIBUTE_STRING:
      printf(", \"default\": \"%s\"", attribute->string_value);
      break;
    default:
      printf(", \"default\": [");
      for (size_t i = 0; i < attribute->ints_count; i++) printf("%s%" PRId64, i ? ", " : "", attribute->ints_value[i]);
      printf("]");
  }
}

static void print_attributes(const ob_op_t *op) {
  printf(", \"attributes\": [");
  for (uint32_t i = 0; i < op->attribute_count; i++) {
    const ob_op_attribute_t *attribute = &op->attributes[i];
    printf("%s{\"name\": \"%s\", \"kind\": %d, \"required\": %s", i ? ", " : "", attribute->name, (int)attribute->kind,
           attribute->presence == OB_REQUIRED ? "true" : "false");
    print_default(attribute);
    printf("}");
  }
  printf("], \"bodies\": [");
  for (size_t i = 0; op->body_attributes && op->body_attributes[i]; i++) printf("%s\"%s\"", i ? ", " : "", op->body_attributes[i]);
  printf("]");
}

int main(void) {
  printf("[\n");
  for (size_t i = 0; i < ob_op_count(); i++) {
    const ob_op_t *op = ob_op_at(i);
    printf("%s{\"name\": \"%s\", \"domain\": \"%s\", \"since\": %d, \"flags\": %u, \"doc\": \"%s\"", i ? ",\n" : "", op->name,
           op->domain, op->since, op->flags, op->doc);
    printf(", \"min_inputs\": %u, \"min_outputs\": %u, \"variadic_inputs\": %s, \"variadic_outputs\": %s, \"infers\": %s",
           op->min_inputs, op->min_outputs, op->variadic_inputs ? "true" : "false", op->variadic_outputs ? "true" : "false",
           op->infer ? "true" : "false");
    print_params("inputs", op->inputs, op->input_count);
    print_params("outputs", op->outputs, op->output_count);
    print_attributes(op);
    printf("}");
  }
  printf("\n]\n");
  return 0;
}
