/* Pooling: an operator says what to do with the elements of a window, this finds them. */
#ifndef OB_REF_SUPPORT_POOL_H
#define OB_REF_SUPPORT_POOL_H

#include "ref/support/window.h"

/* The state of one window. */
typedef struct ob_ref_pool {
  double value;
  size_t taken;  /* elements of the input */
  size_t places; /* the same with those in the stated padding; what ceil_mode adds beyond it does not count */
  size_t at;     /* index (in the channel) of the element that `take` chose last */
  double arg;    /* the operator's */
} ob_ref_pool_t;

typedef struct ob_ref_pooling {
  void (*take)(ob_ref_pool_t *pool, double x, size_t at);
  double (*finish)(const ob_ref_pool_t *pool);
  double first; /* what `value` begins with */
  double arg;
} ob_ref_pooling_t;

/* Output 0 from input 0; output 1, if it is wanted, gets the indices that `take` chose. */
OB_MUST_CHECK ob_status_t ob_ref_pool(const ob_kernel_call_t *call, const ob_ref_pooling_t *pooling);

#endif
