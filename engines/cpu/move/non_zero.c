/* NonZero and Compress, whose outputs are as long as the data says: they are counted first. */
#include <string.h>

#include "cpu/cpu.h"

/* ---------------------------------------------------------------- NonZero */

typedef struct job {
  const void *x;
  int64_t *y;
  size_t rows, columns, total;
  int32_t rank;
  const int64_t *dims;
  size_t *counts; /* [row] */
  size_t size;    /* of an element */
  uint64_t mask;  /* bits that make a number differ from zero: not the sign of a float */
} job_t;

#define EACH_SIZE(X) X(1, uint8_t) X(2, uint16_t) X(4, uint32_t) X(8, uint64_t)

static size_t count_row(const job_t *job, size_t row) {
  size_t count = 0;
  switch (job->size) {
#define X(bytes, type)                                                                              \
  case bytes: {                                                                                     \
    const type *x = (const type *)job->x + row * job->columns, mask = (type)job->mask;              \
    for (size_t i = 0; i < job->columns; i++) count += (x[i] & mask) != 0;                          \
    break;                                                                                          \
  }
    EACH_SIZE(X)
#undef X
    default: break;
  }
  return count;
}

static void count_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  (void)piece;
  for (size_t row = begin; row < end; row++) job->counts[row] = count_row(job, row);
}

/* The places in a row, from `at` on. */
static void list_row(const job_t *job, size_t row, int64_t *columns) {
  size_t found = 0;
  switch (job->size) {
#define X(bytes, type)                                                                 \
  case bytes: {                                                                        \
    const type *x = (const type *)job->x + row * job->columns, mask = (type)job->mask; \
    for (size_t i = 0; i < job->columns; i++)                                          \
      if ((x[i] & mask) != 0) columns[found++] = (int64_t)i;                           \
    break;                                                                             \
  }
    EACH_SIZE(X)
#undef X
    default: break;
  }
}

/* counts[row] is by now where the row's places begin. */
static void list_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  (void)piece;
  for (size_t row = begin; row < end; row++) {
    const size_t at = job->counts[row], count = (row + 1 < job->rows ? job->counts[row + 1] : job->total) - at;
    size_t left = row;
    if (count == 0) continue;
    list_row(job, row, job->y + (size_t)(job->rank - 1) * job->total + at);
    for (int32_t d = job->rank - 2; d >= 0; d--) {
      const int64_t index = (int64_t)(left % (size_t)job->dims[d]);
      int64_t *to = job->y + (size_t)d * job->total + at;
      for (size_t i = 0; i < count; i++) to[i] = index;
      left /= (size_t)job->dims[d];
    }
  }
}

static size_t row_count(const ob_tensor_t *x) {
  const size_t count = ob_tensor_count(x), columns = x->rank > 0 ? (size_t)x->dims[x->rank - 1] : 1;
  return count == 0 ? 0 : count / columns;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  setup->scratch_bytes = row_count(setup->inputs[0]) * sizeof(size_t);
  return OB_OK;
}

static uint64_t mask_of(ob_dtype_t dtype) {
  const uint64_t sign = UINT64_C(1) << (ob_dtype_bits(dtype) - 1);
  const bool has_sign = dtype == OB_FLOAT16 || dtype == OB_BFLOAT16 || dtype == OB_FLOAT32 || dtype == OB_FLOAT64;
  return has_sign ? ~sign : ~UINT64_C(0);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  job_t job = {.x = x->data, .rows = row_count(x), .rank = x->rank, .dims = x->dims, .counts = call->scratch};
  job.columns = x->rank > 0 ? (size_t)x->dims[x->rank - 1] : 1;
  job.size = ob_cpu_size(x->dtype);
  job.mask = mask_of(x->dtype);
  const size_t grain = ob_cpu_row_grain(job.columns);
  ob_cpu_split(call->host, call->threads, job.rows, grain, count_rows, &job);
  for (size_t row = 0; row < job.rows; row++) {
    const size_t count = job.counts[row];
    job.counts[row] = job.total;
    job.total += count;
  }
  OB_TRY(ob_kernel_allocate(call, 0, 2, (int64_t[]){x->rank, (int64_t)job.total}));
  if (x->rank == 0 || job.total == 0) return OB_OK;
  job.y = call->outputs[0]->data;
  ob_cpu_split(call->host, call->threads, job.rows, grain, list_rows, &job);
  return OB_OK;
}

/* Whole bytes, and zero is all bits zero but the sign. */
static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_dtype_t dtype = node->inputs[0]->dtype;
  (void)region;
  switch (dtype) {
    case OB_BOOL: case OB_INT8: case OB_UINT8: case OB_INT16: case OB_UINT16: case OB_INT32: case OB_UINT32: case OB_INT64: case OB_UINT64:
    case OB_FLOAT16: case OB_BFLOAT16: case OB_FLOAT32: case OB_FLOAT64: return true;
    default: return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(dtype));
  }
}

const ob_kernel_t ob_cpu_kernel_NonZero = {.op = "NonZero", .domain = "", .supports = supports, .prepare = prepare, .run = run};

/* ---------------------------------------------------------------- Compress */

static ob_status_t run_compress(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *condition = call->inputs[1];
  const bool flat = ob_node_attribute(call->node, "axis") == NULL;
  const int64_t axis = flat ? 0 : ob_cpu_axis(ob_kernel_int(call, "axis", 0), x->rank);
  const ob_cpu_around_t around = flat ? (ob_cpu_around_t){1, ob_tensor_count(x), 1} : ob_cpu_around(x, axis, axis + 1);
  const size_t count = ob_tensor_count(condition), bytes = around.inner * ob_cpu_size(x->dtype);
  const uint8_t *keep = condition->data;
  int64_t dims[OB_MAX_RANK], kept = 0;
  if (count > around.axis) return ob_fail(OB_OUT_OF_RANGE, "the condition has %zu elements, the axis %zu", count, around.axis);
  for (size_t i = 0; i < count; i++) kept += keep[i] != 0;
  for (int32_t i = 0; !flat && i < x->rank; i++) dims[i] = x->dims[i];
  dims[axis] = kept;
  OB_TRY(ob_kernel_allocate(call, 0, flat ? 1 : x->rank, dims));
  char *to = call->outputs[0]->data;
  for (size_t o = 0; o < around.outer; o++)
    for (size_t i = 0; i < count;) {
      size_t run_end = i; /* neighbours that stay are copied at once */
      while (run_end < count && keep[run_end]) run_end++;
      if (run_end > i && bytes > 0) memcpy(to, (const char *)x->data + (o * around.axis + i) * bytes, (run_end - i) * bytes);
      to += (run_end - i) * bytes;
      i = run_end + 1;
    }
  return OB_OK;
}

const ob_kernel_t ob_cpu_kernel_Compress = {.op = "Compress", .domain = "", .supports = ob_cpu_takes_bytes, .run = run_compress};
