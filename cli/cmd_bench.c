/* outboard bench: how fast a model loads and runs. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "session.h"
#include "text.h"

static const option_t options[] = {MODEL_OPTIONS, INPUT_OPTIONS,
                                   {"--seconds", "S", "how long to run; default: 2", false},
                                   {"--json", NULL, "print one JSON object", false},
                                   {"--profile", NULL, "print time by region as well", false},
                                   {NULL, NULL, NULL, false}};

enum { MOST_RUNS = 1000000, MOST_REGIONS = 4096 };

typedef struct {
  const char *symbol, *engine;
  uint64_t nanoseconds;
} region_time_t;

typedef struct {
  double load, first, least, median, p90; /* milliseconds */
  size_t runs, regions;
  double peak; /* megabytes */
  region_time_t *times;
  size_t time_count;
} figures_t;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void add_region(void *user, const char *symbol, const char *engine, uint64_t nanoseconds) {
  figures_t *f = user;
  for (size_t i = 0; i < f->time_count; i++)
    if (f->times[i].symbol == symbol) {
      f->times[i].nanoseconds += nanoseconds;
      return;
    }
  if (f->time_count < MOST_REGIONS) f->times[f->time_count++] = (region_time_t){symbol, engine, nanoseconds};
}

/* Runs until the time is up, at least three times; fills the statistics. */
static int measure(session_t *s, ob_context_t *context, double seconds, figures_t *f) {
  double *samples = malloc(MOST_RUNS * sizeof *samples), begin = now();
  ob_run_options_t how = {.struct_size = sizeof how, .trace_user = f};
  if (argument(s->arguments, "--profile")) how.trace = add_region;
  if (!samples) return EXIT_WRONG;
  for (f->runs = 0; f->runs < MOST_RUNS && (f->runs < 3 || now() - begin < seconds * 1e3); f->runs++) {
    for (size_t i = 0; i < s->output_count; i++) s->outputs[i] = (ob_tensor_t){0};
    double start = now();
    if (ob_context_run(context, s->inputs, s->outputs, &how) != OB_OK) return free(samples), session_fail(s);
    samples[f->runs] = now() - start;
  }
  qsort(samples, f->runs, sizeof *samples, by_value);
  f->least = samples[0];
  f->median = samples[f->runs / 2];
  f->p90 = samples[f->runs * 9 / 10];
  free(samples);
  return EXIT_RIGHT;
}

/* Megabytes at the peak. getrusage() would count what the process was before exec, a Python that started it say. */
static double peak_memory(void) {
  FILE *file = fopen("/proc/self/status", "re");
  char line[256];
  double kilobytes = 0;
  struct rusage usage;
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmHWM: %lf kB", &kilobytes) == 1) break;
  if (file) fclose(file);
  if (kilobytes == 0 && getrusage(RUSAGE_SELF, &usage) == 0) kilobytes = (double)usage.ru_maxrss;
  return kilobytes / 1024;
}

static void print_figures(const session_t *s, const figures_t *f) {
  if (argument(s->arguments, "--json")) {
    printf("{\"load_ms\": %.4f, \"first_ms\": %.4f, \"min_ms\": %.5f, \"median_ms\": %.5f, \"p90_ms\": %.5f, \"runs\": %zu, "
           "\"peak_rss_mb\": %.2f, \"threads\": %u, \"regions\": %zu}\n",
           f->load, f->first, f->least, f->median, f->p90, f->runs, f->peak, s->threads, f->regions);
    return;
  }
  printf("load %.2f ms, first run %.2f ms; then median %.4f ms, min %.4f, p90 %.4f over %zu runs; %u %s, peak %.1f MB\n", f->load, f->first,
         f->median, f->least, f->p90, f->runs, s->threads, s->threads == 1 ? "thread" : "threads", f->peak);
  for (size_t i = 0; i < f->time_count; i++)
    printf("  %-24s %-10s %10.2f us\n", printable(f->times[i].symbol), printable(f->times[i].engine), (double)f->times[i].nanoseconds / 1e3 / (double)f->runs);
}

static int bench(session_t *s, double seconds, figures_t *f) {
  ob_context_t *context;
  double begin = now();
  if (ob_model_open(s->arguments->positional[0], &s->options, &s->model) != OB_OK) return session_fail(s);
  if (ob_context_create(ob_model_function(s->model, NULL), &s->options, &context) != OB_OK) return session_fail(s);
  f->load = now() - begin;
  int code = session_inputs(s);
  if (code == EXIT_RIGHT) {
    begin = now();
    code = ob_context_run(context, s->inputs, s->outputs, NULL) == OB_OK ? EXIT_RIGHT : session_fail(s);
    f->first = now() - begin;
  }
  if (code == EXIT_RIGHT) code = measure(s, context, seconds, f);
  while (ob_model_symbol(s->model, f->regions)) f->regions++;
  f->peak = peak_memory();
  if (code == EXIT_RIGHT) print_figures(s, f);
  ob_context_close(context);
  return code;
}

static int run(const arguments_t *arguments) {
  session_t s;
  figures_t figures = {0};
  const char *text = argument(arguments, "--seconds");
  char *end;
  double seconds = text ? strtod(text, &end) : 2;
  int code = session_begin(&s, arguments);
  if (text && (*end || end == text || !(seconds >= 0 && seconds <= 3600))) {
    fprintf(stderr, "outboard bench: --seconds takes a number from 0 to 3600, not '%s'\n", text);
    return EXIT_USAGE;
  }
  if (code != EXIT_RIGHT) return code;
  if (s.threads == 0) s.threads = s.options.threads = ob_default_threads();
  figures.times = calloc(MOST_REGIONS, sizeof *figures.times);
  code = figures.times ? bench(&s, seconds, &figures) : EXIT_WRONG;
  free(figures.times);
  session_close(&s);
  return code;
}

const command_t command_bench = {"bench", "MODEL [--threads N] [--seconds S] [--json] [options]", "measure load and run time of a model",
                                 "Opens a model (.ob or .onnx), runs it once, then again and again, and prints times and peak memory.", options,
                                 1, 1, run};
