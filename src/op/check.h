/* Checks of a node against its operator's description. */
#ifndef OB_OP_CHECK_H
#define OB_OP_CHECK_H

#include "op/op.h"

/* The formal input or output for an actual one; NULL beyond the last. */
const ob_op_param_t *ob_op_input(const ob_op_t *op, size_t index);
const ob_op_param_t *ob_op_output(const ob_op_t *op, size_t index);
/* Counts, attributes, subgraphs and the inputs' element types. Errors: OB_INVALID_MODEL, without the node's name. */
OB_MUST_CHECK ob_status_t ob_check_node(const ob_node_t *node);
/* A type against a parameter. `what`: "input", "output". */
OB_MUST_CHECK ob_status_t ob_check_type(const ob_op_param_t *param, const char *what, size_t index, const ob_type_t *type);
/* The element type that the description gives an output: the only one, or that of an input with the same letter. */
ob_dtype_t ob_op_output_dtype(const ob_node_t *node, size_t output);

#endif
