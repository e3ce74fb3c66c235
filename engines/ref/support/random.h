/* Random numbers for the operators that ask for them: the Mersenne Twister MT19937 as NumPy's RandomState has it, so that a node with a
 * seed gives what onnx's reference evaluator gives. The same sequence for the same seed on every machine. */
#ifndef OB_REF_SUPPORT_RANDOM_H
#define OB_REF_SUPPORT_RANDOM_H

#include "kit/kit.h"

typedef struct ob_ref_random {
  uint32_t state[624];
  size_t at;
  bool has_spare; /* the second of two normal numbers */
  double spare;
} ob_ref_random_t;

/* From the node's `seed` attribute, cut to an integer; without one, a new sequence for every call. */
void ob_ref_random_begin(ob_ref_random_t *random, const ob_kernel_call_t *call);
double ob_ref_random_real(ob_ref_random_t *random);   /* uniform in [0, 1), of 53 bits */
double ob_ref_random_normal(ob_ref_random_t *random); /* mean 0, deviation 1 (Marsaglia's polar method) */

#endif
