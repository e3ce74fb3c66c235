/* Equations of Einsum. */
#ifndef OB_OP_EQUATION_H
#define OB_OP_EQUATION_H

#include "op/infer_util.h"

/* The output's shape for an equation ("ij,jk->ik", "...i->...") over the node's inputs. */
ob_shape_t ob_einsum_shape(ob_infer_t *infer, const char *equation);

#endif
