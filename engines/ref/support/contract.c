/* Matrix products in double, a block of columns at a time: see contract.h. */
#include "ref/support/contract.h"

#include <string.h>

enum { BLOCK = 64 }; /* columns of b that are loaded at once */

static size_t aligned(size_t doubles) { return (doubles + 7) / 8 * 8; }

ob_status_t ob_ref_product_prepare(ob_kernel_setup_t *setup, size_t m, size_t k, size_t n, size_t *offset) {
  size_t a, b, c, sum, unused;
  if (!ob_mul_size(m, k, &a) || !ob_mul_size(BLOCK, k, &b) || !ob_mul_size(m, n, &c) || a > SIZE_MAX / 64 || b > SIZE_MAX / 64 ||
      c > SIZE_MAX / 64)
    return ob_fail(OB_OUT_OF_MEMORY, "a product of %zu x %zu x %zu is too large", m, k, n);
  sum = aligned(a) + aligned(b) + c;
  OB_TRY(ob_ref_reserve(setup, sum, sizeof(double), offset ? offset : &unused));
  return OB_OK;
}

typedef struct block {
  const double *a, *b; /* a: m x k; b: k x width */
  double *c;           /* column block of m x n */
  size_t k, n, width;
} block_t;

static void multiply_rows(void *arg, size_t begin, size_t end) {
  const block_t *p = arg;
  for (size_t i = begin; i < end; i++) {
    double sums[BLOCK] = {0};
    for (size_t k = 0; k < p->k; k++) {
      double factor = p->a[i * p->k + k];
      const double *row = p->b + k * BLOCK;
      for (size_t j = 0; j < BLOCK; j++) sums[j] += factor * row[j];
    }
    memcpy(p->c + i * p->n, sums, p->width * sizeof *sums);
  }
}

/* Rows [0, rows) and columns [first, first + columns) of a matrix as doubles, `pitch` apart. */
static void load_matrix(const ob_ref_matrix_t *m, size_t rows, size_t first, size_t columns, size_t pitch, double *out) {
  for (size_t i = 0; i < rows; i++) {
    double *row = out + i * pitch;
    ob_ref_load(m->tensor->dtype, m->tensor->data, (size_t)(m->at + (int64_t)i * m->row + (int64_t)first * m->column), m->column, columns, row);
    for (size_t j = 0; m->minus && j < columns; j++)
      row[j] -= m->minus[(int64_t)i * m->minus_row + (int64_t)(first + j) * m->minus_column];
  }
}

ob_status_t ob_ref_matrix_product(const ob_kernel_call_t *call, const ob_ref_matrix_t *a, const ob_ref_matrix_t *b, size_t m, size_t k, size_t n,
                                  size_t offset, double **c) {
  double *a_values = (double *)(void *)((char *)call->scratch + offset), *b_values = a_values + aligned(m * k);
  *c = b_values + aligned(BLOCK * k);
  load_matrix(a, m, 0, k, k, a_values);
  for (size_t j = 0; j < n; j += BLOCK) {
    size_t width = n - j < BLOCK ? n - j : BLOCK;
    block_t block = {a_values, b_values, *c + j, k, n, width};
    OB_TRY(ob_kernel_poll(call));
    if (width < BLOCK) memset(b_values, 0, BLOCK * k * sizeof *b_values);
    load_matrix(b, k, j, width, BLOCK, b_values);
    call->host->parallel_for(call->threads, m, 1, multiply_rows, &block);
  }
  return OB_OK;
}

/* Batch dim `i` of `rank` (all batch axes) of an operand whose own are `dims`. */
static int64_t batch_dim(int32_t own_rank, const int64_t *dims, int32_t rank, int32_t i) {
  int32_t at = i - (rank - own_rank);
  return at < 0 ? 1 : dims[at];
}

static void batch_strides(int32_t own_rank, const int64_t *dims, size_t matrix, int32_t rank, int64_t *strides) {
  int64_t stride = (int64_t)matrix;
  for (int32_t i = rank; i-- > 0;) {
    int64_t dim = batch_dim(own_rank, dims, rank, i);
    strides[i] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
}

ob_status_t ob_ref_matmul_shape(const ob_tensor_t *a, const ob_tensor_t *b, ob_ref_matmul_t *s) {
  memset(s, 0, sizeof *s);
  if (a->rank < 1 || b->rank < 1) return ob_fail(OB_INVALID_ARGUMENT, "operands of rank %d and %d", (int)a->rank, (int)b->rank);
  int64_t b_rows = b->rank == 1 ? b->dims[0] : b->dims[b->rank - 2];
  int32_t a_batch = a->rank > 2 ? a->rank - 2 : 0, b_batch = b->rank > 2 ? b->rank - 2 : 0;
  s->m = a->rank == 1 ? 1 : (size_t)a->dims[a->rank - 2];
  s->k = (size_t)a->dims[a->rank - 1];
  s->n = b->rank == 1 ? 1 : (size_t)b->dims[b->rank - 1];
  if ((int64_t)s->k != b_rows) return ob_fail(OB_INVALID_ARGUMENT, "rows of %zu elements times columns of %lld", s->k, (long long)b_rows);
  s->rank = a_batch > b_batch ? a_batch : b_batch;
  s->batches = 1;
  for (int32_t i = 0; i < s->rank; i++) {
    int64_t p = batch_dim(a_batch, a->dims, s->rank, i), q = batch_dim(b_batch, b->dims, s->rank, i);
    if (p != q && p != 1 && q != 1) return ob_fail(OB_INVALID_ARGUMENT, "axis %d: %lld against %lld", (int)i, (long long)p, (long long)q);
    s->dims[i] = s->out_dims[i] = p == 1 ? q : p;
    s->batches *= (size_t)s->dims[i];
  }
  batch_strides(a_batch, a->dims, s->m * s->k, s->rank, s->a_strides);
  batch_strides(b_batch, b->dims, s->k * s->n, s->rank, s->b_strides);
  s->out_rank = s->rank;
  if (a->rank > 1) s->out_dims[s->out_rank++] = (int64_t)s->m;
  if (b->rank > 1) s->out_dims[s->out_rank++] = (int64_t)s->n;
  return OB_OK;
}

void ob_ref_matmul_batch(const ob_ref_matmul_t *s, size_t batch, int64_t *a_at, int64_t *b_at) {
  *a_at = *b_at = 0;
  for (int32_t i = s->rank; i-- > 0; batch /= (size_t)s->dims[i]) {
    int64_t index = (int64_t)(batch % (size_t)s->dims[i]);
    *a_at += index * s->a_strides[i];
    *b_at += index * s->b_strides[i];
  }
}
