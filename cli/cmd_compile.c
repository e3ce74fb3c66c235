/* outboard compile: ONNX in, one artifact out. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "session.h"
#include "text.h"

static const option_t options[] = {
    {"-o", "FILE.ob", "the artifact to write; default: the model's name with .ob", false},
    MODEL_OPTIONS,
    {"--place", "static", "how engines are chosen: static, by the order of --engines", false},
    {"--require", "ENGINE=OP,...", "fail unless all nodes of an operator are on an engine; says why they are not", false},
    {"--forbid", "ENGINE=OP,...", "keep operators from engines", false},
    {"--verify", NULL, "compare each region with the engine 'ref'; one that is wrong goes to the next engine", false},
    {"--input", "NAME=FILE.npy", "with --verify: content of one input, random if not given; may be repeated", true},
    {"--random", "SEED", "with --verify: seed of random inputs; default: 0", false},
    {"--dim", "SYMBOL=N", "fix a symbolic dim, or bound it by SYMBOL=MIN:MAX; ,typical=N behind says what is likely; may be repeated", true},
    {"--portable", NULL, "keep weights in plain form only, for any engine and CPU", false},
    {"--report", "FILE", "write graph, placement and reasons: .json, .html, .dot, or text", false},
    {NULL, NULL, NULL, false}};

/* MODEL.onnx -> MODEL.ob */
static char *default_output(const char *model) {
  size_t size = strlen(model);
  if (size > 5 && strcmp(model + size - 5, ".onnx") == 0) size -= 5;
  char *path = malloc(size + 4);
  if (path) memcpy(path, model, size), memcpy(path + size, ".ob", 4);
  return path;
}

static bool ends_with(const char *text, const char *end) {
  size_t a = strlen(text), b = strlen(end);
  return a >= b && strcmp(text + a - b, end) == 0;
}

static int write_report(const session_t *s, const char *path) {
  ob_report_t form = ends_with(path, ".json") ? OB_REPORT_JSON : ends_with(path, ".html") ? OB_REPORT_HTML : ends_with(path, ".dot") ? OB_REPORT_DOT : OB_REPORT_TEXT;
  char *text;
  if (ob_model_report(s->model, form, &text) != OB_OK) return session_fail(s);
  FILE *file = fopen(path, "we");
  bool right = file && fputs(text, file) >= 0;
  if (file) right = fclose(file) == 0 && right;
  ob_release(text);
  if (right) return EXIT_RIGHT;
  fprintf(stderr, "outboard compile: ");
  perror(path);
  return EXIT_WRONG;
}

static void tell_replaced(void *user, const ob_verify_result_t *r) {
  (void)user;
  fprintf(stderr, "outboard compile: region %s is wrong on engine %s: ", printable(r->symbol), printable(r->engine));
  fprintf(stderr, "%llu of %llu elements of %s, the largest error is %.3g; the next engine gets it\n", (unsigned long long)r->differing,
          (unsigned long long)r->elements, printable(r->output), r->max_abs);
}

/* Regions that are wrong on random or given inputs go to other engines. */
static int verify(session_t *s) {
  int code = session_inputs(s);
  if (code != EXIT_RIGHT) return code;
  return ob_model_repair(s->model, s->inputs, tell_replaced, NULL) == OB_OK ? EXIT_RIGHT : session_fail(s);
}

static int compile(session_t *s, const char *model, const char *artifact) {
  struct stat info;
  if (ob_model_open(model, &s->options, &s->model) != OB_OK) return session_fail(s);
  if (argument(s->arguments, "--verify")) {
    int code = verify(s);
    if (code != EXIT_RIGHT) return code;
  }
  if (ob_model_save(s->model, artifact) != OB_OK) return session_fail(s);
  const char *report = argument(s->arguments, "--report");
  if (report && write_report(s, report) != EXIT_RIGHT) return EXIT_WRONG;
  size_t regions = 0;
  while (ob_model_symbol(s->model, regions)) regions++;
  double megabytes = stat(artifact, &info) == 0 ? (double)info.st_size / 1e6 : 0;
  size_t arena = 0;
  printf("%s: %.2f MB, %zu %s\n", artifact, megabytes, regions, regions == 1 ? "region" : "regions");
  if (s->compile.dims && s->compile.dims[0] && ob_function_arena_bytes(ob_model_function(s->model, NULL), &arena) == OB_OK)
    printf("all shapes run in an arena of %.2f MB\n", (double)arena / 1e6);
  return EXIT_RIGHT;
}

static int run(const arguments_t *arguments) {
  session_t s;
  const char *dims[MOST_ARGUMENTS + 1] = {NULL}, *place = argument(arguments, "--place");
  int code = session_begin(&s, arguments);
  if (code != EXIT_RIGHT) return code;
  for (size_t i = 0; (dims[i] = argument_at(arguments, "--dim", i));) i++;
  s.compile.dims = dims;
  if (place && strcmp(place, "static") != 0) {
    fprintf(stderr, "outboard compile: --place takes 'static', not '%s'\n", place);
    return EXIT_USAGE;
  }
  char *made = argument(arguments, "-o") ? NULL : default_output(arguments->positional[0]);
  code = compile(&s, arguments->positional[0], made ? made : argument(arguments, "-o"));
  free(made);
  session_close(&s);
  return code;
}

const command_t command_compile = {"compile", "MODEL.onnx [-o FILE.ob] [options]", "build an artifact from an ONNX model",
                                   "Reads an ONNX model, simplifies it, gives every node to the first engine of the list that takes it, "
                                   "builds the regions and writes graph, weights and built engines as one file.",
                                   options, 1, 1, run};
