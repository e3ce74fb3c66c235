/* Comparing two results: how far apart they are, over every element type. */
#ifndef OB_RUNTIME_COMPARE_H
#define OB_RUNTIME_COMPARE_H

#include <outboard/types.h>

typedef struct ob_difference {
  double max_abs, max_rel; /* largest |got - want|; that over the largest |want| */
  uint64_t differing, elements;
} ob_difference_t;

/* Two values of one type. A value of another kind, shape or length differs in every element. */
void ob_compare(const ob_tensor_t *got, const ob_tensor_t *want, ob_difference_t *difference);

#endif
