/* What LSTM, GRU and RNN share: shapes, directions, layouts, activations, and the weights as doubles. */
#ifndef OB_REF_SUPPORT_RECURRENT_H
#define OB_REF_SUPPORT_RECURRENT_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef struct ob_ref_activation {
  double (*f)(double x, double alpha, double beta);
  double alpha, beta;
} ob_ref_activation_t;

typedef struct ob_ref_recurrent {
  const ob_kernel_call_t *call;
  size_t gates; /* 4 for LSTM, 3 for GRU, 1 for RNN */
  size_t steps, batch, input, hidden, directions;
  bool reverse_first, batch_major; /* direction "reverse"; layout 1 */
  double clip;                     /* 0: none */
  ob_ref_activation_t activations[6];
  size_t activation_count;         /* a direction */
  /* of the direction at hand, in the scratch */
  double *w, *r, *b;  /* [gates*hidden][input], [gates*hidden][hidden], [2*gates*hidden] */
  double *x;          /* [input]: one step of one batch element */
  double *sums;       /* [2*gates*hidden]: what W x + Wb and R h + Rb give */
  double *h, *c;      /* [hidden] states */
} ob_ref_recurrent_t;

OB_MUST_CHECK ob_status_t ob_ref_recurrent_prepare(ob_kernel_setup_t *setup, size_t gates);
/* `defaults`: activation names a direction, NULL-terminated. Inputs: X, W, R, B, sequence_lens, initial_h as in ONNX. */
OB_MUST_CHECK ob_status_t ob_ref_recurrent_begin(const ob_kernel_call_t *call, size_t gates, const char *const *defaults,
                                                 ob_ref_recurrent_t *r);
/* One step of one batch element: from `r->x`, `r->h` (and `r->c`) to new ones. */
typedef void (*ob_ref_cell_t)(ob_ref_recurrent_t *r, size_t direction, const void *arg);
/* Runs all directions, batch elements and steps, and writes Y, Y_h and (`cell_state`: input 5, output 2) Y_c. */
OB_MUST_CHECK ob_status_t ob_ref_recurrent_run(ob_ref_recurrent_t *r, ob_ref_cell_t cell, bool cell_state, const void *arg);
/* sums = W x + Wb in the first half, R h + Rb in the second. */
void ob_ref_recurrent_sums(ob_ref_recurrent_t *r);
double ob_ref_activate(const ob_ref_recurrent_t *r, size_t direction, size_t which, double x);
double ob_ref_clip(const ob_ref_recurrent_t *r, double x);

#endif
