/* What most commands share. */
#include "session.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npy.h"
#include "text.h"

int session_fail(const session_t *session) {
  fprintf(stderr, "outboard %s: %s\n", session->arguments->command->name, ob_error_message());
  return EXIT_WRONG;
}

static void print_log(void *user, ob_log_level_t level, const char *line) {
  (void)user;
  if (level == OB_LOG_WARNING) fprintf(stderr, "warning: %s\n", line);
}

/* A bar on a terminal, for work that takes a while. */
static void print_progress(void *user, const char *what, uint64_t done, uint64_t total) {
  enum { WIDTH = 40 };
  (void)user;
  int filled = total > 0 ? (int)(done * WIDTH / total) : WIDTH;
  fprintf(stderr, "\r\033[K%-24s [%.*s%*s] %llu/%llu", what, filled, "########################################", WIDTH - filled, "",
          (unsigned long long)done, (unsigned long long)total);
  if (done >= total) fprintf(stderr, "\r\033[K");
}

int session_begin(session_t *s, const arguments_t *arguments) {
  long long threads;
  *s = (session_t){.arguments = arguments};
  if (!argument_number(arguments, "--threads", 1, 1024, 0, &threads)) return EXIT_USAGE;
  s->threads = (uint32_t)threads;
  s->compile = (ob_compile_options_t){.struct_size = sizeof s->compile, .engines = argument(arguments, "--engines"),
                                      .require = argument(arguments, "--require"), .forbid = argument(arguments, "--forbid"), .portable = argument(arguments, "--portable") != NULL};
  s->options = (ob_options_t){.struct_size = sizeof s->options, .threads = s->threads, .engine_path = argument(arguments, "--engine-path"),
                              .compile = &s->compile};
  if (!argument(arguments, "--quiet")) s->options.log = print_log;
  if (isatty(STDERR_FILENO)) s->options.progress = print_progress;
  return EXIT_RIGHT;
}

int session_open(session_t *s, const arguments_t *arguments, const char *path) {
  int code = session_begin(s, arguments);
  if (code != EXIT_RIGHT) return code;
  return ob_model_open(path, &s->options, &s->model) == OB_OK ? EXIT_RIGHT : session_fail(s);
}

/* ---------------------------------------------------------------- inputs */

/* Marsaglia's xorshift64*; inputs of the same seed are the same everywhere. */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12, *state ^= *state << 25, *state ^= *state >> 27;
  return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static double uniform(uint64_t *state) { return (double)(next_random(state) >> 11) * 0x1p-53; }

static float normal(uint64_t *state) {
  return (float)(sqrt(-2 * log(1 - uniform(state))) * cos(6.283185307179586 * uniform(state)));
}

static bool read_size(const char *text, const char *end_of, int64_t *size) {
  char *end;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  *size = number;
  return end != text && errno == 0 && number >= 0 && strchr(end_of, *end);
}

/* "N", or what a compilation takes: "MIN:MAX" and ",typical=N" behind either. The likely size counts, or the largest. */
static bool read_dim(const char *text, int64_t *size) {
  const char *typical = strstr(text, ",typical="), *colon = strchr(text, ':');
  if (typical) return read_size(typical + strlen(",typical="), "", size);
  return read_size(colon ? colon + 1 : text, "", size);
}

/* The size given for a symbol: 1 when none is. */
static bool dim_of(const session_t *s, const char *symbol, int64_t *size) {
  const char *given;
  *size = 1;
  for (size_t i = 0; (given = argument_at(s->arguments, "--dim", i)); i++) {
    const char *equals = strchr(given, '=');
    int64_t number = 0;
    if (!equals || equals == given || !read_dim(equals + 1, &number)) {
      fprintf(stderr, "outboard %s: --dim takes SYMBOL=N, not '%s'\n", s->arguments->command->name, given);
      return false;
    }
    if (strlen(symbol) == (size_t)(equals - given) && strncmp(symbol, given, (size_t)(equals - given)) == 0) *size = number;
  }
  return true;
}

/* Normal numbers for floats, 0 and 1 for integers: indices stay in range. */
static void fill_random(ob_tensor_t *tensor, size_t count, uint64_t seed) {
  uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  for (size_t i = 0; i < count; i++) {
    if (tensor->dtype == OB_FLOAT32) ((float *)tensor->data)[i] = normal(&state);
    else if (tensor->dtype == OB_FLOAT64) ((double *)tensor->data)[i] = (double)normal(&state);
    else if (tensor->dtype == OB_FLOAT16) ((uint16_t *)tensor->data)[i] = (uint16_t)(0x3800 + next_random(&state) % 0x400); /* 0.5 to 1 */
    else if (tensor->dtype == OB_BFLOAT16) ((uint16_t *)tensor->data)[i] = (uint16_t)(0x3f00 + next_random(&state) % 0x80);
    else ((uint8_t *)tensor->data)[i * ob_dtype_bytes(tensor->dtype, 1)] = (uint8_t)(next_random(&state) >> 40 & 1);
  }
}

static int make_random(session_t *s, const ob_value_info_t *info, uint64_t seed, ob_tensor_t *tensor) {
  int64_t *dims = calloc((size_t)(info->rank > 0 ? info->rank : 1), sizeof *dims);
  size_t count = 1;
  if (info->kind != OB_TENSOR || info->dtype == OB_STRING || info->rank < 0) {
    fprintf(stderr, "outboard %s: input '%s' can't be made at random: give it by --input\n", s->arguments->command->name, printable(info->name));
    free(dims);
    return EXIT_USAGE;
  }
  for (int32_t i = 0; i < info->rank; i++) {
    dims[i] = info->dims[i];
    if (dims[i] < 0 && !dim_of(s, info->dim_texts[i], &dims[i])) return free(dims), EXIT_USAGE;
    if (__builtin_mul_overflow(count, (size_t)dims[i], &count)) count = SIZE_MAX / 32;
  }
  *tensor = (ob_tensor_t){.dtype = info->dtype, .rank = info->rank, .dims = dims, .bytes = ob_dtype_bytes(info->dtype, count)};
  tensor->data = calloc(tensor->bytes + 64, 1);
  if (!tensor->data) {
    fprintf(stderr, "outboard %s: no memory for input '%s'\n", s->arguments->command->name, printable(info->name));
    return EXIT_WRONG;
  }
  fill_random(tensor, ob_dtype_bytes(info->dtype, 2) < 2 ? tensor->bytes : count, seed);
  return EXIT_RIGHT;
}

/* The file given for input `name`, or NULL. A name may hold '=', so the whole of it is compared. */
static const char *file_of(const session_t *s, const char *name) {
  const char *given;
  size_t size = strlen(name);
  for (size_t i = 0; (given = argument_at(s->arguments, "--input", i)); i++)
    if (strncmp(given, name, size) == 0 && given[size] == '=') return given + size + 1;
  return NULL;
}

/* Every --input must name an input of the model. */
static int check_names(const session_t *s, const ob_function_t *function) {
  const char *given;
  for (size_t i = 0; (given = argument_at(s->arguments, "--input", i)); i++) {
    bool known = false;
    for (size_t k = 0; k < s->input_count; k++) {
      ob_value_info_t info;
      if (ob_function_input(function, k, &info) != OB_OK) return session_fail(s);
      size_t size = strlen(info.name);
      known |= strncmp(given, info.name, size) == 0 && given[size] == '=';
    }
    if (known) continue;
    fprintf(stderr, "outboard %s: --input %s names no input of the model; 'outboard inspect' lists them\n", s->arguments->command->name, given);
    return EXIT_USAGE;
  }
  return EXIT_RIGHT;
}

/* Every --dim must be the size of an axis of some input. */
static int check_dims(const session_t *s, const ob_function_t *function) {
  const char *given;
  for (size_t i = 0; (given = argument_at(s->arguments, "--dim", i)); i++) {
    bool known = false;
    for (size_t k = 0; k < s->input_count; k++) {
      ob_value_info_t info;
      if (ob_function_input(function, k, &info) != OB_OK) return session_fail(s);
      for (int32_t d = 0; d < info.rank; d++) {
        size_t size = strlen(info.dim_texts[d]);
        known |= strncmp(given, info.dim_texts[d], size) == 0 && given[size] == '=';
      }
    }
    if (known) continue;
    fprintf(stderr, "outboard %s: --dim %s names no symbol of an input; 'outboard inspect' lists them\n", s->arguments->command->name, given);
    return EXIT_USAGE;
  }
  return EXIT_RIGHT;
}

int session_inputs(session_t *s) {
  const ob_function_t *function = ob_model_function(s->model, NULL);
  long long seed;
  if (!argument_number(s->arguments, "--random", 0, INT64_MAX, 0, &seed)) return EXIT_USAGE;
  s->input_count = ob_function_input_count(function);
  s->output_count = ob_function_output_count(function);
  s->inputs = calloc(s->input_count + 1, sizeof *s->inputs);
  s->outputs = calloc(s->output_count + 1, sizeof *s->outputs);
  int code = s->inputs && s->outputs ? check_names(s, function) : EXIT_WRONG;
  if (code == EXIT_RIGHT && !s->compile.dims) code = check_dims(s, function); /* those of a compilation were looked at then */
  for (size_t i = 0; code == EXIT_RIGHT && i < s->input_count; i++) {
    ob_value_info_t info;
    if (ob_function_input(function, i, &info) != OB_OK) return session_fail(s);
    const char *file = file_of(s, info.name), *problem = NULL;
    if (!file) code = make_random(s, &info, (uint64_t)seed + i, &s->inputs[i]);
    else if ((problem = npy_read(file, info.dtype, &s->inputs[i]))) {
      fprintf(stderr, "outboard %s: input '%s': %s: %s\n", s->arguments->command->name, printable(info.name), file, problem);
      code = EXIT_WRONG;
    }
  }
  return code;
}

void session_close(session_t *s) {
  for (size_t i = 0; s->inputs && i < s->input_count; i++) npy_free(&s->inputs[i]);
  free(s->inputs);
  free(s->outputs);
  ob_model_close(s->model);
  *s = (session_t){.arguments = s->arguments};
}
