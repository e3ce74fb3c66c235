/* Property tests: the same random node on `ref` and on this engine, on every instruction set; the answers must agree. */
#ifndef OB_CPU_AGREE_AGREE_H
#define OB_CPU_AGREE_AGREE_H

#include <math.h>
#include <string.h>

#include "cpu/cpu.h"
#include "testing/test.h"

/* Builds one node with random shapes, attributes and data. Called with equal random numbers for both engines. */
typedef void (*ob_case_t)(ob_rig_t *rig, ob_random_t *random);

/* A random tensor of values in [low, high] as input or, one time in three, as constant. */
int ob_agree_data(ob_rig_t *rig, ob_random_t *random, ob_dtype_t dtype, int32_t rank, const int64_t *dims, double low, double high);
/* An output to compare. */
int ob_agree_output(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims);
/* `rounds` cases on all instruction sets and 1 to 3 threads. `tolerance` counts relative to the largest value wanted (or 1, when all are smaller). */
void ob_agree(const char *name, ob_case_t build, int rounds, double tolerance);
#define OB_AGREES(name, rounds, tolerance)   \
  static void name##_agrees(void **state) { \
    (void)state;                            \
    ob_agree(#name, name, rounds, tolerance); \
  }
static inline int64_t ob_pick(ob_random_t *random, int64_t low, int64_t high) { return ob_random_int(random, low, high); }

/* A random window on a random image. */
typedef struct ob_agree_window {
  int32_t spatial;
  int64_t x[5], y[5], kernel[3], strides[3], dilations[3], pads[6];
} ob_agree_window_t;
void ob_agree_window(ob_random_t *random, ob_agree_window_t *w, int64_t max_size);
void ob_agree_state_window(ob_rig_t *rig, const ob_agree_window_t *w);

#endif
