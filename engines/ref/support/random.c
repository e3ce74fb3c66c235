/* splitmix64: see random.h. */
#include "ref/support/random.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static uint64_t next(ob_ref_random_t *random) {
  uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

ob_ref_random_t ob_ref_random_seed(const ob_kernel_call_t *call) {
  static _Atomic uint64_t calls;
  ob_ref_random_t random = {0};
  if (ob_node_attribute(call->node, "seed")) {
    float seed = ob_kernel_float(call, "seed", 0);
    uint32_t bits;
    memcpy(&bits, &seed, sizeof bits);
    random.state = bits;
  } else {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    random.state = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec + (atomic_fetch_add(&calls, 1) << 32);
  }
  return random;
}

double ob_ref_random_real(ob_ref_random_t *random) { return (double)(next(random) >> 11) * 0x1p-53; }

double ob_ref_random_normal(ob_ref_random_t *random) {
  double radius = sqrt(-2 * log(1 - ob_ref_random_real(random)));
  return radius * cos(6.283185307179586 * ob_ref_random_real(random));
}
