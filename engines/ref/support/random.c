/* MT19937, after Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998: see random.h. */
#include "ref/support/random.h"

#include <math.h>
#include <stdatomic.h>
#include <time.h>

enum { SIZE = 624, MIDDLE = 397 };

static void seed(ob_ref_random_t *random, uint32_t number) {
  for (uint32_t i = 0; i < SIZE; i++) {
    random->state[i] = number;
    number = UINT32_C(1812433253) * (number ^ (number >> 30)) + i + 1;
  }
  random->at = SIZE;
  random->has_spare = false;
}

static void refill(ob_ref_random_t *random) {
  uint32_t *s = random->state;
  for (size_t i = 0; i < SIZE; i++) {
    uint32_t joined = (s[i] & UINT32_C(0x80000000)) | (s[(i + 1) % SIZE] & UINT32_C(0x7fffffff));
    s[i] = s[(i + MIDDLE) % SIZE] ^ (joined >> 1) ^ (joined & 1 ? UINT32_C(0x9908b0df) : 0);
  }
  random->at = 0;
}

static uint32_t next(ob_ref_random_t *random) {
  if (random->at == SIZE) refill(random);
  uint32_t y = random->state[random->at++];
  y ^= y >> 11;
  y ^= (y << 7) & UINT32_C(0x9d2c5680);
  y ^= (y << 15) & UINT32_C(0xefc60000);
  return y ^ (y >> 18);
}

void ob_ref_random_begin(ob_ref_random_t *random, const ob_kernel_call_t *call) {
  static _Atomic uint32_t calls;
  const ob_attribute_view_t *stated = ob_node_attribute(call->node, "seed");
  if (stated) {
    double number = stated->floats ? (double)stated->floats[0] : (double)ob_kernel_int(call, "seed", 0);
    seed(random, number >= 0 && number <= (double)UINT32_MAX ? (uint32_t)number : 0);
    return;
  }
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  seed(random, (uint32_t)now.tv_sec * UINT32_C(1000003) ^ (uint32_t)now.tv_nsec ^ (atomic_fetch_add(&calls, 1) * UINT32_C(0x9e3779b9)));
}

double ob_ref_random_real(ob_ref_random_t *random) {
  uint32_t high = next(random) >> 5, low = next(random) >> 6;
  return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

double ob_ref_random_normal(ob_ref_random_t *random) {
  double a, b, square;
  if (random->has_spare) {
    random->has_spare = false;
    return random->spare;
  }
  do {
    a = 2 * ob_ref_random_real(random) - 1;
    b = 2 * ob_ref_random_real(random) - 1;
    square = a * a + b * b;
  } while (square >= 1 || square == 0);
  double factor = sqrt(-2 * log(square) / square);
  random->spare = factor * a;
  random->has_spare = true;
  return factor * b;
}
