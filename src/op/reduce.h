/* Reductions over axes that come as an input, and over one axis. */
#ifndef OB_OP_REDUCE_H
#define OB_OP_REDUCE_H

#include "op/infer_util.h"

/* Output 0 is input 0 without the axes at input 1 (or with size 1 there: keepdims). `fold`: computes contents; NULL: there is none.
 */
ob_status_t ob_infer_reduce(ob_infer_t *infer, ob_fold_t fold);
/* The same for operators without contents. */
ob_status_t ob_infer_reduce_plain(ob_infer_t *infer);
/* Output 0 is input 0 without the axis attribute's axis (or with size 1 there). */
ob_status_t ob_infer_arg_reduce(ob_infer_t *infer);

#endif
