/* outboard verify: each region against the oracle. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "text.h"

static const option_t options[] = {MODEL_OPTIONS, INPUT_OPTIONS, {"--json", NULL, "one JSON object a region, a line each", false}, {NULL, NULL, NULL, false}};

typedef struct {
  const session_t *session;
  size_t regions, wrong;
} tally_t;

/* JSON has no NaN and no infinities. */
static void print_number(const char *name, double value) {
  if (isfinite(value)) printf("\"%s\": %.9g, ", name, value);
  else printf("\"%s\": null, ", name);
}

static void print_json(const ob_verify_result_t *r, bool wrong) {
  printf("{\"region\": ");
  print_json_string(r->symbol);
  printf(", \"engine\": ");
  print_json_string(r->engine);
  printf(", \"output\": ");
  print_json_string(r->output);
  printf(", ");
  print_number("max_abs", r->max_abs);
  print_number("max_rel", r->max_rel);
  printf("\"differing\": %llu, \"elements\": %llu, \"right\": %s}\n", (unsigned long long)r->differing, (unsigned long long)r->elements,
         wrong ? "false" : "true");
}

static void print_result(void *user, const ob_verify_result_t *r) {
  tally_t *tally = user;
  bool wrong = ob_verify_is_wrong(r), colour = isatty(STDOUT_FILENO);
  tally->regions++;
  tally->wrong += wrong;
  if (argument(tally->session->arguments, "--json")) {
    print_json(r, wrong);
    return;
  }
  if (tally->regions == 1) printf("%-24s %-10s %12s %12s %12s\n", "region", "engine", "max error", "relative", "differing");
  printf("%-24.24s %-10.10s %12.3g %12.3g %12llu  %s%s%s\n", printable(r->symbol), printable(r->engine), r->max_abs, r->max_rel, (unsigned long long)r->differing,
         colour ? (wrong ? "\033[31m" : "\033[32m") : "", wrong ? "WRONG" : "right", colour ? "\033[0m" : "");
}

static int run(const arguments_t *arguments) {
  session_t s;
  tally_t tally = {&s, 0, 0};
  int code = session_open(&s, arguments, arguments->positional[0]);
  if (code == EXIT_RIGHT) code = session_inputs(&s);
  if (code == EXIT_RIGHT && ob_model_verify(s.model, s.inputs, print_result, &tally) != OB_OK) code = session_fail(&s);
  if (code == EXIT_RIGHT && !argument(arguments, "--json"))
    printf("%zu %s, %zu wrong (tolerance 1e-4 + 1e-3 * |value|)\n", tally.regions, tally.regions == 1 ? "region" : "regions", tally.wrong);
  if (code == EXIT_RIGHT && tally.wrong > 0) code = EXIT_WRONG;
  session_close(&s);
  return code;
}

const command_t command_verify = {"verify", "MODEL [--input NAME=FILE.npy]... [options]", "compare each region with the reference engine",
                                  "Runs a model (.ob or .onnx) once, and each region a second time on the engine 'ref' with the same inputs. "
                                  "Prints the largest error of each region; exit code 1 if one is beyond the tolerance. The payloads of an artifact are checked "
                                  "against their checksums first.",
                                  options, 1, 1, run};
