/* Random numbers for the operators that ask for them: splitmix64, the same sequence for the same seed on every machine. */
#ifndef OB_REF_SUPPORT_RANDOM_H
#define OB_REF_SUPPORT_RANDOM_H

#include "kit/kit.h"

typedef struct ob_ref_random {
  uint64_t state;
} ob_ref_random_t;

/* From the node's `seed` attribute; without one, a new sequence for every call. */
ob_ref_random_t ob_ref_random_seed(const ob_kernel_call_t *call);
double ob_ref_random_real(ob_ref_random_t *random);   /* uniform in [0, 1) */
double ob_ref_random_normal(ob_ref_random_t *random); /* mean 0, deviation 1 (Box-Muller) */

#endif
