/* outboard engines: which engines there are, and what others need. */
#include "session.h"
#include "text.h"

static const option_t options[] = {{"--engine-path", "DIRS", "folders with engine libraries, ':' between; default: $OUTBOARD_ENGINE_PATH", false},
                                   {"--json", NULL, "one JSON object an engine, a line each", false},
                                   {NULL, NULL, NULL, false}};

static void print_json(const ob_engine_report_t *e) {
  const struct {
    const char *name, *value;
  } members[] = {{"name", e->name}, {"version", e->version}, {"library", e->library}, {"about", e->about}, {"path", e->path}, {"problem", e->problem}};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    printf("%s\"%s\": ", i > 0 ? ", " : "{", members[i].name);
    print_json_string(members[i].value);
  }
  printf("}\n");
}

static void print_engine(void *user, const ob_engine_report_t *e) {
  if (argument(user, "--json")) {
    print_json(e);
    return;
  }
  printf("%-10s ", e->name);
  if (e->problem) printf("not usable: %s\n", e->problem);
  else printf("%s%s%s\n%11s%s\n", e->version, e->library && *e->library ? ", " : "", e->library ? e->library : "", "", e->about);
}

static int run(const arguments_t *arguments) {
  session_t s;
  int code = session_begin(&s, arguments);
  if (code != EXIT_RIGHT) return code;
  return ob_engines_list(&s.options, print_engine, (void *)(uintptr_t)arguments) == OB_OK ? EXIT_RIGHT : session_fail(&s);
}

const command_t command_engines = {"engines", "[--json] [--engine-path DIRS]", "list engines and what they need",
                                   "Lists the engine libraries that were found, their versions, and for those that cannot be used what is missing.", options, 0,
                                   0, run};
