/* outboard ops: which operators there are, and which engines have them. */
#include <string.h>

#include "session.h"
#include "text.h"

static const option_t options[] = {{"--engine-path", "DIRS", "folders with engine libraries, ':' between; default: $OUTBOARD_ENGINE_PATH", false},
                                   {"--json", NULL, "one JSON object an operator, a line each", false},
                                   {NULL, NULL, NULL, false}};

static void print_json(const ob_operator_report_t *op) {
  const struct {
    const char *name, *value;
  } members[] = {{"domain", op->domain}, {"name", op->name}, {"about", op->about}, {"engines", op->engines}, {"made_of", op->made_of}};
  printf("{\"since\": %d", op->since);
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    printf(", \"%s\": ", members[i].name);
    print_json_string(members[i].value);
  }
  printf("}\n");
}

static void print_operator(void *user, const ob_operator_report_t *op) {
  static char domain[64];
  if (argument(user, "--json")) {
    print_json(op);
    return;
  }
  if (strncmp(domain, op->domain, sizeof domain - 1) != 0) printf("%s\n", op->domain);
  snprintf(domain, sizeof domain, "%s", op->domain);
  printf("  %-28s %3d  %s%s\n", op->name, op->since, op->made_of ? "becomes " : op->engines[0] ? "" : "no engine has it", op->made_of ? op->made_of : op->engines);
}

static int run(const arguments_t *arguments) {
  session_t s;
  int code = session_begin(&s, arguments);
  if (code != EXIT_RIGHT) return code;
  return ob_operators_list(&s.options, print_operator, (void *)(uintptr_t)arguments) == OB_OK ? EXIT_RIGHT : session_fail(&s);
}

const command_t command_ops = {"ops", "[--json] [--engine-path DIRS]", "list operators and the engines that have them",
                               "Lists every operator with its domain, the version of its definition that is followed, and the engines that have it. An "
                               "engine may still refuse a node of it: 'outboard inspect' says why.",
                               options, 0, 0, run};
