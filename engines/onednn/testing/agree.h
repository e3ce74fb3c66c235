/* Property tests: the same random region on `ref` and on this engine; the answers must agree. */
#ifndef OB_ONEDNN_TESTING_AGREE_H
#define OB_ONEDNN_TESTING_AGREE_H

#include <math.h>
#include <string.h>

#include "onednn/engine.h"
#include "testing/internal.h"
#include "testing/test.h"

/* Builds a region with random shapes, attributes and data. Called with equal random numbers for both engines. */
typedef void (*dn_case_t)(ob_rig_t *rig, ob_random_t *random);

int64_t dn_pick(ob_random_t *random, int64_t low, int64_t high);
/* A random tensor of values in [-1, 1]. */
int dn_input(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims);
int dn_constant(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims);
/* The same in [low, high]. */
int dn_constant_in(ob_rig_t *rig, ob_random_t *random, int32_t rank, const int64_t *dims, double low, double high);
/* An output to compare; a value between nodes. */
int dn_output(ob_rig_t *rig, int32_t rank, const int64_t *dims);
int dn_between(ob_rig_t *rig, int32_t rank, const int64_t *dims);
/* `rounds` regions on 1 and 2 threads, with and without in-place offers, symbolic dims and plain constants. The tolerance counts
 * relative to the largest value wanted (or 1, when all are smaller). */
void dn_agree(const char *name, dn_case_t build, int rounds, double tolerance);
#define DN_AGREES(name, rounds, tolerance)  \
  static void name##_agrees(void **state) { \
    (void)state;                            \
    dn_agree(#name, name, rounds, tolerance); \
  }

ob_rig_t *dn_rig(void);
/* The steps of the rig's instance, after a run: "Conv+Add+Relu jit:avx512_core", one a line. */
const char *dn_steps(ob_rig_t *rig);
/* How many of them contain `text`. */
size_t dn_steps_with(ob_rig_t *rig, const char *text);

/* A random window on a random image. */
typedef struct dn_case_window {
  int32_t spatial;
  int64_t x[5], y[5], kernel[3], strides[3], dilations[3], pads[6];
} dn_case_window_t;
void dn_case_window(ob_random_t *random, dn_case_window_t *w, int64_t max_size, bool dilated);
void dn_state_window(ob_rig_t *rig, const dn_case_window_t *w);

#endif
