/* One model, eight threads: serve MODEL.ob [CALLS]. The model is shared; each thread has a context of its own. Inputs are zeros. */
#include <outboard/outboard.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 8, MOST = 16 };

static const ob_function_t *function;
static int calls = 20;

/* Zeros for every input; dynamic dims are taken as 1. */
static int make_inputs(ob_tensor_t *inputs, int64_t (*dims)[OB_MAX_RANK]) {
  for (size_t i = 0; i < ob_function_input_count(function); i++) {
    ob_value_info_t info;
    size_t count = 1;
    if (i == MOST || ob_function_input(function, i, &info) != OB_OK) return 0;
    for (int32_t d = 0; d < info.rank; d++) {
      dims[i][d] = info.dims[d] == OB_DYNAMIC ? 1 : info.dims[d];
      count *= (size_t)dims[i][d];
    }
    size_t bytes = ob_dtype_bytes(info.dtype, count);
    inputs[i] = (ob_tensor_t){.dtype = info.dtype, .rank = info.rank, .dims = dims[i], .data = calloc(1, bytes + 1), .bytes = bytes};
  }
  return 1;
}

static void *serve(void *result) {
  ob_options_t options = {.struct_size = sizeof options, .threads = 1};
  ob_tensor_t inputs[MOST] = {0};
  int64_t dims[MOST][OB_MAX_RANK];
  ob_context_t *context;
  if (!make_inputs(inputs, dims) || ob_context_create(function, &options, &context) != OB_OK) return NULL;
  for (int i = 0; i < calls; i++) {
    ob_tensor_t outputs[MOST] = {0}; /* no data: the context provides the buffers */
    if (ob_context_run(context, inputs, outputs, NULL) != OB_OK) {
      fprintf(stderr, "run: %s\n", ob_error_message());
      break;
    }
    if (i == calls - 1) memcpy(result, outputs[0].data, sizeof(float) < outputs[0].bytes ? sizeof(float) : outputs[0].bytes);
  }
  ob_context_close(context);
  for (size_t i = 0; i < MOST; i++) free(inputs[i].data);
  return result;
}

int main(int argc, char **argv) {
  pthread_t threads[THREADS];
  float results[THREADS];
  struct timespec begin, end;
  ob_model_t *model;
  if (argc < 2) return fprintf(stderr, "usage: serve MODEL.ob [CALLS]\n"), 2;
  if (argc > 2) calls = atoi(argv[2]);
  if (ob_model_open(argv[1], NULL, &model) != OB_OK) return fprintf(stderr, "%s: %s\n", argv[1], ob_error_message()), 1;
  function = ob_model_function(model, NULL);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, serve, &results[i]) != 0) return 1;
  int right = 1;
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    right &= result != NULL && memcmp(&results[i], &results[0], sizeof results[0]) == 0;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) * 1e-9;
  printf("%d threads, %d calls each: %.1f calls a second, %s\n", THREADS, calls, THREADS * calls / seconds, right ? "all agree" : "RESULTS DIFFER");
  ob_model_close(model);
  return right ? 0 : 1;
}
