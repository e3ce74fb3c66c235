/* What LSTM and GRU share: shapes, weights as panels of gates side by side, the input's part of all steps in one product. */
#ifndef OB_CPU_RECURRENT_RECURRENT_H
#define OB_CPU_RECURRENT_RECURRENT_H

#include "cpu/gemm/gemm.h"

typedef struct ob_recurrent {
  const ob_isa_t *isa;
  size_t gates, steps, batch, input, hidden, directions, rows; /* rows: gates x hidden */
  bool batch_major, reverse; /* reverse: the first direction runs backwards */
  const float *w, *r;        /* [direction] panels as the columns of matrix products; NULL: packed in each call */
  size_t w_size, r_size;     /* floats of a direction's panels */
  ob_gemm_cut_t cut;         /* of X W */
  size_t gemm_bytes;         /* scratch of a thread for products */
  /* where things are in the scratch, in floats */
  size_t w_at, r_at, sums_at, bias_at, h_at, c_at, spare_at, gemm_at;
} ob_recurrent_t;

/* A direction while it runs. */
typedef struct ob_recurrent_run {
  const ob_recurrent_t *plan;
  const ob_kernel_call_t *call;
  size_t direction;
  const float *r, *bias; /* of this direction; bias: the operator's B (NULL: none), 2 x rows */
  float *sums;           /* [row of the batch and step][rows]: X W + bias */
  float *h, *c;          /* [batch][hidden] */
  float *spare;          /* [2][hidden] */
} ob_recurrent_run_t;

/* A step of one sequence: `sums` is its row, h and c its state. */
typedef void (*ob_cell_t)(const ob_recurrent_run_t *run, float *sums, float *h, float *c);

OB_MUST_CHECK ob_status_t ob_recurrent_compile(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node);
OB_MUST_CHECK ob_status_t ob_recurrent_prepare(ob_kernel_setup_t *setup, size_t gates);
/* `skip_rows`: the last of the recurrent bias that the cell adds itself. */
OB_MUST_CHECK ob_status_t ob_recurrent_run(const ob_kernel_call_t *call, ob_cell_t cell, bool has_cell, size_t skip_rows);
bool ob_recurrent_supports(const ob_node_view_t *node, const char *const *activations, size_t count, char *reason, size_t size);

#endif
