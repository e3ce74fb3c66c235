/* Reverse-mode differentiation of a part of the graph: what Gradient becomes when it is imported. */
#ifndef OB_IMPORT_ONNX_GRADIENT_H
#define OB_IMPORT_ONNX_GRADIENT_H

#include "import/onnx/expand.h"

typedef struct ob_gradient {
  ob_contrib_t c;
  ob_graph_t *graph;
  size_t count;        /* of values that the graph had before */
  bool *live;          /* [value] depends on one of xs */
  bool *changed;       /* [value] depends on one that the node gives another value */
  bool *needed;        /* [value] y depends on it */
  bool *fed;           /* [value] one of xs or zs */
  ob_value_t **stands; /* [value] what stands for it where the gradient is taken */
  ob_value_t **slopes; /* [value] dy/d(value) as far as it was added up; NULL: none */
} ob_gradient_t;

/* The value that stands for input, output `index` of a node. */
ob_value_t *ob_gradient_in(const ob_gradient_t *g, const ob_node_t *node, size_t index);
ob_value_t *ob_gradient_out(const ob_gradient_t *g, const ob_node_t *node, size_t index);
/* Adds to the slope of an input; it is summed down to the input's shape where that was broadcast. */
void ob_gradient_give(ob_gradient_t *g, const ob_node_t *node, size_t index, ob_value_t *slope);
/* True where the slope of input `index` is wanted. */
bool ob_gradient_wants(const ob_gradient_t *g, const ob_node_t *node, size_t index);

/* The derivative of an operator: `slope` is that of output 0. */
typedef void ob_gradient_rule_t(ob_gradient_t *g, const ob_node_t *node, ob_value_t *slope);
/* The operator's rule, or NULL. */
ob_gradient_rule_t *ob_gradient_find(const ob_node_t *node);

#endif
