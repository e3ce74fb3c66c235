/* outboard run: one call of a model. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "npy.h"
#include "session.h"
#include "text.h"

static const option_t options[] = {MODEL_OPTIONS, INPUT_OPTIONS,
                                   {"--save", "DIR", "write output_0.npy, output_1.npy, ... in the model's order", false},
                                   {"--trace", NULL, "print each region with its engine and time", false},
                                   {NULL, NULL, NULL, false}};

static int save(const session_t *s, const char *folder) {
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    fprintf(stderr, "outboard run: cannot make the folder ");
    perror(folder);
    return EXIT_WRONG;
  }
  for (size_t i = 0; i < s->output_count; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/output_%zu.npy", folder, i);
    const char *problem = npy_write(path, &s->outputs[i]);
    if (!problem) continue;
    fprintf(stderr, "outboard run: %s: %s\n", path, problem);
    return EXIT_WRONG;
  }
  return EXIT_RIGHT;
}

/* Least, largest and mean of floats; nothing for other types. */
static void print_numbers(const ob_tensor_t *tensor, size_t count) {
  if (tensor->dtype != OB_FLOAT32 || count == 0) return;
  const float *x = tensor->data;
  double least = INFINITY, most = -INFINITY, sum = 0;
  size_t at = 0, strange = 0;
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(x[i])) {
      strange++;
      continue;
    }
    least = fmin(least, (double)x[i]);
    if ((double)x[i] > most) most = (double)x[i], at = i;
    sum += (double)x[i];
  }
  printf("  min %.6g  max %.6g at %zu  mean %.6g", least, most, at, sum / (double)(count - strange ? count - strange : 1));
  if (strange > 0) printf("  %zu not finite", strange);
}

static void print_summary(const session_t *s) {
  const ob_function_t *function = ob_model_function(s->model, NULL);
  for (size_t i = 0; i < s->output_count; i++) {
    const ob_tensor_t *tensor = &s->outputs[i];
    ob_value_info_t info;
    size_t count = 1;
    if (ob_function_output(function, i, &info) != OB_OK) continue;
    printf("%s: ", printable(info.name));
    if (tensor->kind != OB_TENSOR) {
      printf("a collection of %zu\n", tensor->item_count);
      continue;
    }
    printf("%s[", ob_dtype_name(tensor->dtype));
    for (int32_t d = 0; d < tensor->rank; d++) {
      printf("%s%lld", d > 0 ? ", " : "", (long long)tensor->dims[d]);
      count *= (size_t)tensor->dims[d];
    }
    printf("]");
    print_numbers(tensor, count);
    printf("\n");
  }
}

static void print_region(void *user, const char *symbol, const char *engine, uint64_t nanoseconds) {
  (void)user;
  printf("%-24s %-10s %10.1f us\n", printable(symbol), printable(engine), (double)nanoseconds / 1000);
}

static int run_once(session_t *s) {
  ob_context_t *context;
  ob_run_options_t how = {.struct_size = sizeof how};
  if (argument(s->arguments, "--trace")) how.trace = print_region;
  if (ob_context_create(ob_model_function(s->model, NULL), &s->options, &context) != OB_OK) return session_fail(s);
  int code = ob_context_run(context, s->inputs, s->outputs, &how) == OB_OK ? EXIT_RIGHT : session_fail(s);
  const char *folder = argument(s->arguments, "--save");
  if (code == EXIT_RIGHT && folder) code = save(s, folder);
  else if (code == EXIT_RIGHT) print_summary(s);
  ob_context_close(context);
  return code;
}

static int run(const arguments_t *arguments) {
  session_t s;
  int code = session_open(&s, arguments, arguments->positional[0]);
  if (code == EXIT_RIGHT) code = session_inputs(&s);
  if (code == EXIT_RIGHT) code = run_once(&s);
  session_close(&s);
  return code;
}

const command_t command_run = {"run", "MODEL [--input NAME=FILE.npy]... [options]", "run a model once",
                               "Runs a model (.ob or .onnx) once. Inputs come from .npy files; those not given are random. Without --save it "
                               "prints a summary of each output.",
                               options, 1, 1, run};
