/* Times kernels of the engine cpu, one thread or more: GB/s against a copy of the same size, GFLOP/s against the register tile of the
 * matrix product alone. `cpu_kernels [THREADS] [NAME...]`; OUTBOARD_CPU_ISA caps the instruction set. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "cpu/cpu.h"
#include "testing/internal.h"

static const ob_engine_api_t *entry(uint32_t abi) { return ob_kit_entry(&ob_cpu_engine, abi); }
static uint32_t threads = 1;

/* ---------------------------------------------------------------- timing */

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median seconds of a call, over about a tenth of a second. */
static double median_of(void (*call)(void *), void *arg) {
  enum { MOST = 2000 };
  static double times[MOST];
  size_t n = 0;
  call(arg);
  const uint64_t start = ob_now_ns();
  while (n < MOST && (n < 5 || ob_now_ns() - start < 100000000)) {
    const uint64_t before = ob_now_ns();
    call(arg);
    times[n++] = (double)(ob_now_ns() - before) * 1e-9;
  }
  qsort(times, n, sizeof *times, compare);
  return times[n / 2];
}

typedef struct prepared {
  ob_rig_t *rig;
  ob_call_t call;
  const void *inputs[8];
  void *outputs[8];
} prepared_t;

static void run_region(void *arg) {
  const prepared_t *p = arg;
  if (p->rig->api->run(p->rig->instance, &p->call) != OB_OK) rig_die("it failed: %s", ob_rig_message(p->rig));
}

/* The rig's own runs check and copy; these do not. */
static double time_region(ob_rig_t *rig) {
  prepared_t p = {.rig = rig};
  ob_rig_threads(rig, threads);
  const char *refusal = ob_rig_refusal(rig);
  if (refusal) rig_die("%s", refusal);
  if (ob_rig_run(rig) != OB_OK) rig_die("%s", ob_rig_message(rig));
  for (size_t i = 0; i < rig->region.input_count; i++) p.inputs[i] = rig->values[rig->inputs[i]->index]->data;
  for (size_t i = 0; i < rig->region.output_count; i++) p.outputs[i] = rig->values[rig->outputs[i]->index]->data;
  p.call = (ob_call_t){.struct_size = sizeof p.call, .inputs = p.inputs, .outputs = p.outputs, .workspace = rig_alloc(rig->info.workspace_bytes + 64)};
  memset(p.call.workspace, 0, rig->info.workspace_bytes);
  const double seconds = median_of(run_region, &p);
  free(p.call.workspace);
  return seconds;
}

/* ---------------------------------------------------------------- yardsticks */

typedef struct copying {
  char *from, *to;
  size_t bytes;
} copying_t;

static void run_copy(void *arg) {
  const copying_t *c = arg;
  memcpy(c->to, c->from, c->bytes);
}

/* Bytes read and written a second by memcpy of so many bytes. */
static double copy_speed(size_t bytes) {
  copying_t c = {rig_alloc(bytes), rig_alloc(bytes), bytes};
  memset(c.from, 1, bytes);
  memset(c.to, 1, bytes);
  const double seconds = median_of(run_copy, &c);
  free(c.from);
  free(c.to);
  return 2.0 * (double)bytes / seconds;
}

static void run_tile(void *arg) {
  for (int i = 0; i < 100; i++) ob_cpu_isa()->gemm(arg);
}

static double tile_speed(void) {
  const ob_isa_t *isa = ob_cpu_isa();
  enum { K = 256 };
  ob_gemm_tile_t tile = {.k = K, .rows = isa->gemm_rows, .columns = isa->gemm_columns, .ldc = isa->gemm_columns, .low = -INFINITY, .high = INFINITY};
  float *a = rig_alloc(K * 64 * sizeof *a), *b = rig_alloc(K * 64 * sizeof *b), *c = rig_alloc(64 * 64 * sizeof *c);
  memset(a, 0, K * 64 * sizeof *a);
  memset(b, 0, K * 64 * sizeof *b);
  tile.a = a;
  tile.b = b;
  tile.c = c;
  const double seconds = median_of(run_tile, &tile) / 100;
  free(a);
  free(b);
  free(c);
  return 2.0 * K * (double)(isa->gemm_rows * isa->gemm_columns) / seconds;
}

/* ---------------------------------------------------------------- cases */

static int input(ob_rig_t *rig, int32_t rank, const int64_t *dims) {
  ob_random_t random = {3};
  const int value = ob_rig_input(rig, OB_FLOAT32, rank, dims, NULL);
  ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, value), ob_rig_count(rig, value), -2, 2, 0);
  return value;
}

static int constant(ob_rig_t *rig, int32_t rank, const int64_t *dims) {
  ob_random_t random = {4};
  const int value = ob_rig_constant(rig, OB_FLOAT32, rank, dims, NULL);
  ob_random_fill(&random, OB_FLOAT32, ob_rig_data(rig, value), ob_rig_count(rig, value), -1, 1, 0);
  return value;
}

static char *const *wanted;
static int wanted_count;

static bool is_wanted(const char *name) {
  for (int i = 0; i < wanted_count; i++)
    if (strstr(name, wanted[i])) return true;
  return wanted_count == 0;
}

static void report_bandwidth(const char *name, ob_rig_t *rig, double bytes, double copy) {
  const double seconds = time_region(rig), speed = bytes / seconds;
  printf("%-34s %10.2f us %8.1f GB/s   %5.2f of copy\n", name, seconds * 1e6, speed * 1e-9, speed / copy);
  ob_rig_close(rig);
}

static void report_flops(const char *name, ob_rig_t *rig, double flops, double peak) {
  const double seconds = time_region(rig), speed = flops / seconds;
  printf("%-34s %10.2f us %8.1f GFLOP/s %5.2f of the tile's\n", name, seconds * 1e6, speed * 1e-9, speed / peak / threads);
  ob_rig_close(rig);
}

static void time_unary(const char *op, int64_t count, double copy) {
  if (!is_wanted(op)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int x = input(rig, OB_DIMS(count)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(count));
  ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  char name[64];
  snprintf(name, sizeof name, "%s of %lld", op, (long long)count);
  report_bandwidth(name, rig, 8.0 * (double)count, copy);
}

static void time_rows(const char *op, int64_t rows, int64_t n, double copy) {
  if (!is_wanted(op)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int x = input(rig, OB_DIMS(rows, n)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(rows, n));
  if (strcmp(op, "LayerNormalization") == 0)
    ob_rig_node(rig, op, OB_LIST(x, constant(rig, OB_DIMS(n)), constant(rig, OB_DIMS(n))), OB_LIST(y));
  else
    ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "axis", -1);
  char name[64];
  snprintf(name, sizeof name, "%s %lld x %lld", op, (long long)rows, (long long)n);
  report_bandwidth(name, rig, 8.0 * (double)(rows * n), copy);
}

static void time_add(const char *name, int32_t rank, const int64_t *dims, int32_t own_rank, const int64_t *own, double copy) {
  if (!is_wanted(name)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int a = input(rig, rank, dims), b = input(rig, own_rank, own), y = ob_rig_output(rig, OB_FLOAT32, rank, dims);
  const double bytes = 4.0 * (double)(2 * ob_rig_count(rig, a) + ob_rig_count(rig, b));
  ob_rig_node(rig, "Add", OB_LIST(a, b), OB_LIST(y));
  report_bandwidth(name, rig, bytes, copy);
}

/* x * sigmoid(x) + r: three nodes, one pass when fused */
static void time_chain(int64_t count, double copy) {
  if (!is_wanted("chain")) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int x = input(rig, OB_DIMS(count)), r = input(rig, OB_DIMS(count)), s = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(count));
  const int p = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(count)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(count));
  ob_rig_node(rig, "Sigmoid", OB_LIST(x), OB_LIST(s));
  ob_rig_node(rig, "Mul", OB_LIST(x, s), OB_LIST(p));
  ob_rig_node(rig, "Add", OB_LIST(p, r), OB_LIST(y));
  char name[64];
  snprintf(name, sizeof name, "chain SiLU + add of %lld", (long long)count);
  report_bandwidth(name, rig, 12.0 * (double)count, copy);
}

static void time_transpose(const char *name, int32_t rank, const int64_t *dims, const int64_t *perm, double copy) {
  if (!is_wanted(name)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int64_t out[OB_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) out[i] = dims[perm[i]];
  const int x = input(rig, rank, dims), y = ob_rig_output(rig, OB_FLOAT32, rank, out);
  const double bytes = 8.0 * (double)ob_rig_count(rig, x);
  ob_rig_node(rig, "Transpose", OB_LIST(x), OB_LIST(y));
  ob_rig_ints(rig, "perm", perm, (size_t)rank);
  report_bandwidth(name, rig, bytes, copy);
}

static void time_matmul(int64_t m, int64_t k, int64_t n, double peak) {
  char name[64];
  snprintf(name, sizeof name, "MatMul %lld x %lld x %lld", (long long)m, (long long)k, (long long)n);
  if (!is_wanted(name)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int a = input(rig, OB_DIMS(m, k)), b = constant(rig, OB_DIMS(k, n)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(m, n));
  ob_rig_node(rig, "MatMul", OB_LIST(a, b), OB_LIST(y));
  report_flops(name, rig, 2.0 * (double)(m * k * n), peak);
}

typedef struct conv {
  int64_t channels, filters, size, kernel, stride, groups;
} conv_t;

static void time_conv(const conv_t *c, double peak) {
  char name[64];
  snprintf(name, sizeof name, "Conv %lldx%lld/%lld %lld>%lld at %lld", (long long)c->kernel, (long long)c->kernel, (long long)c->stride,
           (long long)c->channels, (long long)c->filters, (long long)c->size);
  if (!is_wanted(name)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int64_t pad = c->kernel / 2, out = (c->size + 2 * pad - c->kernel) / c->stride + 1, own = c->channels / c->groups;
  const int x = input(rig, OB_DIMS(1, c->channels, c->size, c->size)), w = constant(rig, OB_DIMS(c->filters, own, c->kernel, c->kernel));
  const int b = constant(rig, OB_DIMS(c->filters)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, c->filters, out, out));
  ob_rig_node(rig, "Conv", OB_LIST(x, w, b), OB_LIST(y));
  ob_rig_ints(rig, "kernel_shape", OB_INTS(c->kernel, c->kernel));
  ob_rig_ints(rig, "pads", OB_INTS(pad, pad, pad, pad));
  ob_rig_ints(rig, "strides", OB_INTS(c->stride, c->stride));
  ob_rig_int(rig, "group", c->groups);
  report_flops(name, rig, 2.0 * (double)(c->filters * out * out * own * c->kernel * c->kernel), peak);
}

static void time_pool(const char *op, int64_t channels, int64_t size, double copy) {
  if (!is_wanted(op)) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int64_t out = (size + 2 - 3) / 2 + 1;
  const int x = input(rig, OB_DIMS(1, channels, size, size)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, channels, out, out));
  ob_rig_node(rig, op, OB_LIST(x), OB_LIST(y));
  ob_rig_ints(rig, "kernel_shape", OB_INTS(3, 3));
  ob_rig_ints(rig, "pads", OB_INTS(1, 1, 1, 1));
  ob_rig_ints(rig, "strides", OB_INTS(2, 2));
  char name[64];
  snprintf(name, sizeof name, "%s 3x3/2 %lld at %lld", op, (long long)channels, (long long)size);
  report_bandwidth(name, rig, 4.0 * (double)(channels * (size * size + out * out)), copy);
}

static void time_lstm(int64_t n) {
  if (!is_wanted("LSTM")) return;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int x = input(rig, OB_DIMS(1, 1, n)), w = constant(rig, OB_DIMS(1, 4 * n, n)), r = constant(rig, OB_DIMS(1, 4 * n, n));
  const int b = constant(rig, OB_DIMS(1, 8 * n)), h = input(rig, OB_DIMS(1, 1, n)), c = input(rig, OB_DIMS(1, 1, n));
  const int y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, 1, 1, n)), yh = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, 1, n));
  const int yc = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, 1, n));
  ob_rig_node(rig, "LSTM", OB_LIST(x, w, r, b, OB_LEFT_OUT, h, c), OB_LIST(y, yh, yc));
  ob_rig_int(rig, "hidden_size", n);
  const double seconds = time_region(rig);
  printf("LSTM step %lld/%lld %30.2f us\n", (long long)n, (long long)n, seconds * 1e6);
  ob_rig_close(rig);
}

/* ---------------------------------------------------------------- the list */

static void time_bandwidth(int64_t count) {
  const double copy = copy_speed((size_t)count * sizeof(float));
  static const char *const ops[] = {"Relu", "HardSwish", "Sigmoid", "Tanh", "Erf", "Gelu", "Swish", "Exp", "Log", "Mish"};
  printf("-- %lld floats, copy %.1f GB/s\n", (long long)count, copy * 1e-9);
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) time_unary(ops[i], count, copy);
  time_chain(count, copy);
  time_add("Add same shape", OB_DIMS(count), OB_DIMS(count), copy);
  time_add("Add per channel 56x56", OB_DIMS(count / 3136, 56, 56), OB_DIMS(count / 3136, 1, 1), copy);
  time_add("Add per channel 7x7", OB_DIMS(count / 49, 7, 7), OB_DIMS(count / 49, 1, 1), copy);
  time_add("Add row 384", OB_DIMS(count / 384, 384), OB_DIMS(384), copy);
  time_add("Add row 32", OB_DIMS(count / 32, 32), OB_DIMS(32), copy);
  time_rows("Softmax", count / 128, 128, copy);
  time_rows("Softmax", count / 6625, 6625, copy);
  time_rows("LayerNormalization", count / 384, 384, copy);
  time_transpose("Transpose of matrix", OB_DIMS(count / 384, 384), (const int64_t[]){1, 0}, copy);
  time_transpose("Transpose of heads", OB_DIMS(1, count / 384, 6, 64), (const int64_t[]){0, 2, 1, 3}, copy);
  time_transpose("Transpose NCHW to NHWC", OB_DIMS(1, 64, count / 64 / 64, 64), (const int64_t[]){0, 2, 3, 1}, copy);
  time_pool("MaxPool", 64, count > 1000000 ? 256 : 56, copy);
  time_pool("AveragePool", 64, count > 1000000 ? 256 : 56, copy);
}

static void time_products(void) {
  static const conv_t convs[] = {{3, 64, 224, 7, 2, 1},    {64, 64, 56, 1, 1, 1},   {64, 64, 56, 3, 1, 1},   {256, 64, 56, 1, 1, 1},
                                 {128, 128, 28, 3, 1, 1},  {256, 256, 14, 3, 1, 1}, {1024, 256, 14, 1, 1, 1}, {512, 512, 7, 3, 1, 1},
                                 {512, 2048, 7, 1, 1, 1},  {256, 512, 56, 1, 2, 1}, {64, 64, 224, 3, 1, 1},  {96, 96, 56, 3, 1, 96},
                                 {96, 96, 112, 3, 2, 96},  {384, 384, 14, 3, 1, 384}, {16, 96, 112, 1, 1, 1}, {128, 128, 56, 5, 1, 128}};
  const double peak = tile_speed();
  printf("-- products, the tile alone %.1f GFLOP/s\n", peak * 1e-9);
  time_matmul(1, 2048, 1000, peak);
  time_matmul(7, 384, 384, peak);
  time_matmul(32, 384, 384, peak);
  time_matmul(128, 384, 384, peak);
  time_matmul(128, 768, 3072, peak);
  time_matmul(1024, 1024, 1024, peak);
  for (size_t i = 0; i < sizeof convs / sizeof *convs; i++) time_conv(&convs[i], peak);
  time_lstm(128);
  time_lstm(64);
}

int main(int argc, char **argv) {
  if (argc > 1) threads = (uint32_t)strtoul(argv[1], NULL, 10);
  if (threads == 0) threads = 1;
  wanted = argv + 2;
  wanted_count = argc > 2 ? argc - 2 : 0;
  printf("%s, %u thread%s\n", ob_cpu_isa()->name, threads, threads > 1 ? "s" : "");
  time_bandwidth(3136 * 20);
  time_bandwidth(3136 * 4096);
  time_products();
  return 0;
}
