/* Bodies of control flow: their inputs get types, they are inferred, and their outputs' types come out. */
#ifndef OB_OP_CONTROL_H
#define OB_OP_CONTROL_H

#include "op/infer_util.h"

/* The body has so many formal inputs (captures not counted) and, where `outputs` is not SIZE_MAX, outputs. */
bool ob_body_check(ob_infer_t *infer, const ob_body_t *body, size_t inputs, size_t outputs);
/* Gives formal input `index` a type, naming sizes that are NULL. What is known of the body is dropped where that contradicts it. */
void ob_body_set_input(ob_infer_t *infer, const ob_body_t *body, size_t index, ob_dtype_t dtype, const ob_shape_t *shape);
void ob_body_set_input_type(ob_infer_t *infer, const ob_body_t *body, size_t index, const ob_type_t *type);
/* Types and contents of the captures go in, then the body's nodes are inferred. */
void ob_body_infer(ob_infer_t *infer, const ob_body_t *body);
/* A size of a body's value as seen from outside: NULL where it holds symbols that only the body knows. */
ob_dim_t ob_body_outside(ob_infer_t *infer, const ob_body_t *body, ob_dim_t dim);
/* The shape of body output `index` as seen from outside. */
ob_shape_t ob_body_output(ob_infer_t *infer, const ob_body_t *body, size_t index);

/* Infers a body that runs many times: `count` state values come in as formal inputs from `first_input` on (at first with the
 * types of the node's inputs from `first_initial` on), and leave as the body's outputs from `first_output` on. A size
 * that changes on the way becomes a symbol. Fills the node's first `count` outputs. */
ob_status_t ob_body_infer_states(ob_infer_t *infer, const ob_body_t *body, size_t first_initial, size_t first_input,
                                 size_t first_output, size_t count);

#endif
