/* Random numbers: shape and type from attributes, or from an input. */
#ifndef OB_OP_RANDOM_H
#define OB_OP_RANDOM_H

#include "op/infer_util.h"

/* Output 0 has the shape and type that attributes say. */
ob_status_t ob_infer_random(ob_infer_t *infer);
/* Output 0 has the shape of input 0, and its type unless an attribute says another. */
ob_status_t ob_infer_random_like(ob_infer_t *infer);

#endif
