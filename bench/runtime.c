/* Times what the runtime itself costs, on one thread: `runtime_bench [FIRST OTHER] FILE.ob...`. First the call of a model that does nothing,
 * and what a new shape adds to it; then, for each file, in fresh processes: loading, the first call, what the first call at another shape takes
 * beyond the second one, making the plans again when instances are there, and peak memory beyond the file and the arena.
 * Symbolic axes are FIRST (axis 0) or OTHER long: 1 and 64. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <outboard/outboard.h>

#include "base/thread.h"
#include "import/onnx/onnx.h"
#include "op/op.h"
#include "runtime/frame.h"

enum { MOST_VALUES = 64, ROUNDS = 20, LAUNCHES = 9 };
static int64_t first_axis = 1, other_axis = 64;

static void must(ob_status_t status) {
  if (status == OB_OK) return;
  fprintf(stderr, "%s\n", ob_error_message());
  exit(1);
}

/* ---------------------------------------------------------------- inputs */

/* An axis is the first where any input's axis 0 has its name. */
static bool is_first(const ob_function_t *function, const char *name) {
  ob_value_info_t info;
  for (size_t i = 0; i < ob_function_input_count(function); i++) {
    must(ob_function_input(function, i, &info));
    if (info.rank > 0 && strcmp(info.dim_texts[0], name) == 0) return true;
  }
  return false;
}

/* Ones: right for masks, indices and images alike. A single integer is taken for a sampling rate. */
static ob_tensor_t make_input(const ob_function_t *function, size_t index) {
  ob_value_info_t info;
  size_t count = 1;
  must(ob_function_input(function, index, &info));
  int64_t *dims = calloc((size_t)info.rank + 1, sizeof *dims);
  if (!dims) exit(1);
  for (int32_t i = 0; i < info.rank; i++) {
    dims[i] = info.dims[i] != OB_DYNAMIC ? info.dims[i] : is_first(function, info.dim_texts[i]) ? first_axis : other_axis;
    count *= (size_t)dims[i];
  }
  size_t bytes = ob_dtype_bytes(info.dtype, count);
  char *data = calloc(bytes + 1, 1);
  if (!data) exit(1);
  for (size_t i = 0; i < count; i++) {
    if (info.dtype == OB_FLOAT32) ((float *)(void *)data)[i] = 1;
    else data[i * (bytes / count)] = 1;
  }
  if (info.rank == 0 && info.dtype == OB_INT64) *(int64_t *)(void *)data = 16000;
  return (ob_tensor_t){.dtype = info.dtype, .rank = info.rank, .dims = dims, .data = data, .bytes = bytes};
}

typedef struct session {
  ob_model_t *model;
  ob_context_t *context;
  ob_tensor_t inputs[MOST_VALUES], outputs[MOST_VALUES];
} session_t;

static void make_inputs(session_t *session) {
  const ob_function_t *function = ob_model_function(session->model, NULL);
  for (size_t i = 0; i < ob_function_input_count(function) && i < MOST_VALUES; i++)
    session->inputs[i] = make_input(function, i);
}

static void free_inputs(session_t *session) {
  for (size_t i = 0; i < MOST_VALUES; i++) {
    free((void *)(uintptr_t)session->inputs[i].dims);
    free(session->inputs[i].data);
    session->inputs[i] = (ob_tensor_t){0};
  }
}

static void run(session_t *session) { must(ob_context_run(session->context, session->inputs, session->outputs, NULL)); }

static void close_session(session_t *session) {
  free_inputs(session);
  ob_context_close(session->context);
  ob_model_close(session->model);
}

/* ---------------------------------------------------------------- calls */

/* y = -x as one region of the engine cpu, or y = x as nothing at all. max_plans 0: the usual. */
static void open_noop(session_t *session, bool region, uint32_t max_plans, const char *const *dims) {
  ob_module_t *module;
  ob_value_t *x, *y;
  ob_node_t *node;
  const ob_expr_t *dim;
  void *bytes;
  size_t size;
  must(ob_module_create(NULL, &module));
  must(ob_graph_create(module, "noop", &module->main));
  must(ob_expr_symbol(module->exprs, "n", OB_SYMBOL_DIM, 0, 0, &dim));
  must(ob_value_create(module->main, "x", &x));
  must(ob_type_tensor(module, OB_FLOAT32, 1, &dim, &x->type));
  must(ob_graph_add_input(module->main, x));
  y = x;
  if (region) {
    must(ob_node_create(module->main, ob_op_find("", "Neg"), "node", 1, 1, &node));
    must(ob_value_create(module->main, "y", &y));
    node->inputs[0] = x;
    ob_node_set_output(node, 0, y);
  }
  must(ob_graph_add_output(module->main, y));
  must(ob_infer_graph(module->main));
  must(ob_export_onnx(module->main, ob_allocator_default(), &bytes, &size));
  ob_module_free(module);
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = "cpu,ref", .dims = dims};
  ob_options_t options = {.struct_size = sizeof options, .threads = 1, .compile = &compile, .max_plans = max_plans};
  *session = (session_t){0};
  must(ob_model_open_memory(bytes, size, &options, &session->model));
  ob_release(bytes);
  must(ob_context_create(ob_model_function(session->model, NULL), &options, &session->context));
  make_inputs(session);
}

/* Least nanoseconds of a call; `sizes` > 1: the shape changes with each. */
static double call_time(session_t *session, int64_t sizes) {
  enum { CALLS = 10000 };
  static float numbers[64];
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t begin = ob_now_ns();
    for (int i = 0; i < CALLS; i++) {
      int64_t n = 1 + i % sizes;
      ob_tensor_t input = {.dtype = OB_FLOAT32, .rank = 1, .dims = &n, .data = numbers, .bytes = sizeof numbers};
      must(ob_context_run(session->context, &input, session->outputs, NULL));
    }
    double each = (double)(ob_now_ns() - begin) / CALLS;
    if (each < best) best = each;
  }
  return best;
}

static void print_calls(void) {
  static const char *const bounds[] = {"n=1:64", NULL};
  session_t session;
  open_noop(&session, false, 0, NULL);
  printf("call of a model without nodes       %8.0f ns\n", call_time(&session, 1));
  close_session(&session);
  open_noop(&session, true, 0, NULL);
  double same = call_time(&session, 1);
  printf("call of one node, one element       %8.0f ns\n", same);
  printf("more for a shape seen before        %8.0f ns (of 2), %.0f ns (of 32)\n", call_time(&session, 2) - same,
         call_time(&session, 32) - same);
  close_session(&session);
  open_noop(&session, true, 1, NULL); /* plans are made again and again, instances are there */
  printf("more for a plan to be made          %8.0f ns\n", call_time(&session, 32) - same);
  close_session(&session);
  open_noop(&session, true, 1, bounds);
  printf("more for a new shape, bounded       %8.0f ns\n", call_time(&session, 32) - same);
  close_session(&session);
}

/* ---------------------------------------------------------------- one file, in a fresh process */

typedef struct figures {
  double load_ms, first_ms, plan_ms, shape_ms;
  double rss_mb, arena_mb;
} figures_t;

static double peak_mb(void) {
  char line[128];
  long kb = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %ld", &kb) == 1) break;
  if (file) fclose(file);
  return (double)kb / 1024;
}

/* Time to make the plans again when all instances exist. */
static double plan_time(const session_t *session) {
  const ob_program_t *program = session->context->frame->program;
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double sum = 0;
    for (uint32_t s = 0; s < program->segment_count; s++) {
      ob_segment_t *segment = &program->segments[s];
      ob_plan_request_t request = {.program = program, .segment = s, .symbols = session->context->symbols, .threads = session->context->threads};
      ob_plan_t *kept = segment->plans, *plan;
      segment->plans = NULL;
      uint64_t begin = ob_now_ns();
      must(ob_plan_acquire(&request, &plan));
      sum += (double)(ob_now_ns() - begin) * 1e-6;
      segment->plans = kept;
      segment->plan_count--;
      ob_plan_free(session->model->allocator, plan);
    }
    if (sum < best) best = sum;
  }
  return best;
}

/* What the first call at a shape takes beyond the second; 0 when no axis is symbolic. The least of some. */
static double shape_time(session_t *session) {
  const int64_t first = first_axis, other = other_axis;
  double best = 1e9;
  if (session->model->symbol_count == 0) return 0;
  for (int i = 1; i <= 5; i++) {
    double times[2];
    free_inputs(session);
    first_axis = first + (other > 8 * i ? 0 : i);
    other_axis = other > 8 * i ? other - 8 * i : other;
    make_inputs(session);
    for (int k = 0; k < 2; k++) {
      uint64_t begin = ob_now_ns();
      run(session);
      times[k] = (double)(ob_now_ns() - begin) * 1e-6;
    }
    if (times[0] - times[1] < best) best = times[0] - times[1];
  }
  return best;
}

static figures_t measure(const char *path) {
  ob_options_t options = {.struct_size = sizeof options, .threads = 1};
  session_t session = {0};
  figures_t figures;
  uint64_t begin = ob_now_ns();
  must(ob_model_open(path, &options, &session.model));
  must(ob_context_create(ob_model_function(session.model, NULL), NULL, &session.context));
  figures.load_ms = (double)(ob_now_ns() - begin) * 1e-6;
  make_inputs(&session);
  begin = ob_now_ns();
  run(&session);
  figures.first_ms = (double)(ob_now_ns() - begin) * 1e-6;
  figures.rss_mb = peak_mb();
  figures.arena_mb = (double)ob_context_arena_bytes(session.context) / 1048576;
  figures.plan_ms = plan_time(&session);
  figures.shape_ms = shape_time(&session);
  close_session(&session);
  return figures;
}

static int by_load(const void *a, const void *b) {
  double x = ((const figures_t *)a)->load_ms, y = ((const figures_t *)b)->load_ms;
  return (x > y) - (x < y);
}

static void print_file(const char *program, const char *path) {
  figures_t all[LAUNCHES];
  struct stat info;
  char command[4096];
  if (stat(path, &info) != 0 || strchr(path, '\'')) return;
  snprintf(command, sizeof command, "'%s' --one %lld %lld '%s'", program, (long long)first_axis, (long long)other_axis, path);
  for (int i = 0; i < LAUNCHES; i++) {
    FILE *pipe = popen(command, "r");
    if (!pipe || fread(&all[i], sizeof all[i], 1, pipe) != 1 || pclose(pipe) != 0) {
      printf("%s: failed\n", path);
      return;
    }
  }
  qsort(all, LAUNCHES, sizeof *all, by_load);
  const figures_t *best = &all[0], *median = &all[LAUNCHES / 2];
  double weights = (double)info.st_size / 1048576;
  printf("%-36s load %6.2f ms (median %6.2f)  first %7.2f ms  shape %6.2f ms  plan %6.3f ms  peak %6.1f MB = file %6.1f + arena %5.1f + %5.1f\n",
         path, best->load_ms, median->load_ms, best->first_ms, best->shape_ms, best->plan_ms, best->rss_mb, weights, best->arena_mb,
         best->rss_mb - weights - best->arena_mb);
}

int main(int argc, char **argv) {
  bool one = argc == 5 && strcmp(argv[1], "--one") == 0;
  int at = one ? 2 : 1;
  if (argc > at + 1 && atoll(argv[at]) > 0 && atoll(argv[at + 1]) > 0) {
    first_axis = atoll(argv[at]);
    other_axis = atoll(argv[at + 1]);
    at += 2;
  }
  if (one) {
    figures_t figures = measure(argv[at]);
    return fwrite(&figures, sizeof figures, 1, stdout) == 1 ? 0 : 1;
  }
  print_calls();
  fflush(stdout);
  for (; at < argc; at++) {
    print_file(argv[0], argv[at]);
    fflush(stdout);
  }
  return 0;
}
