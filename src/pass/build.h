/* Making nodes in a pass: the first failure is kept, and what is made afterwards is NULL. */
#ifndef OB_PASS_BUILD_H
#define OB_PASS_BUILD_H

#include "pass/pass.h"

typedef struct ob_build {
  ob_graph_t *graph;
  const ob_node_t *near; /* names come from it: "near/0.Cast" */
  ob_status_t status;
  size_t made;
} ob_build_t;

/* A node of ai.onnx with one output, for attributes to be set; its type is not known yet. NULL after a failure. */
ob_node_t *ob_build_node(ob_build_t *build, const char *op, ob_value_t *const *inputs, size_t count);
/* The node's output with its type. NULL for NULL. */
ob_value_t *ob_build_result(ob_build_t *build, ob_node_t *node);
#define OB_BUILD(build, op, ...)                                                 \
  ob_build_result(build, ob_build_node(build, op, (ob_value_t *[]){__VA_ARGS__}, \
                                       sizeof((ob_value_t *[]){__VA_ARGS__}) / sizeof(ob_value_t *)))
/* A scalar of float32. */
ob_value_t *ob_build_number(ob_build_t *build, double number);
ob_value_t *ob_build_list(ob_build_t *build, const int64_t *numbers, size_t count);
ob_value_t *ob_build_cast(ob_build_t *build, ob_value_t *value, ob_dtype_t dtype);

#endif
