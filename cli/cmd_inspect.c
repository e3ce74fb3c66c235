/* outboard inspect: what is in a model, which engine runs what, and why. */
#include "session.h"

static const option_t options[] = {MODEL_OPTIONS,
                                   {"--json", NULL, "everything, for machines", false},
                                   {"--dot", NULL, "the graph for Graphviz, coloured by engine", false},
                                   {"--html", NULL, "a page with the graph, coloured by engine", false},
                                   {NULL, NULL, NULL, false}};

static int run(const arguments_t *arguments) {
  session_t s;
  char *text;
  ob_report_t form = argument(arguments, "--json")   ? OB_REPORT_JSON
                     : argument(arguments, "--dot")  ? OB_REPORT_DOT
                     : argument(arguments, "--html") ? OB_REPORT_HTML
                                                     : OB_REPORT_TEXT;
  int code = session_open(&s, arguments, arguments->positional[0]);
  if (code == EXIT_RIGHT && ob_model_report(s.model, form, &text) != OB_OK) code = session_fail(&s);
  else if (code == EXIT_RIGHT) {
    fputs(text, stdout);
    ob_release(text);
  }
  session_close(&s);
  return code;
}

const command_t command_inspect = {"inspect", "MODEL [--json | --dot | --html] [options]", "show graph, placement, reasons and sizes",
                                   "Describes a model (.ob or .onnx): inputs and outputs with symbolic shapes, regions with their engine and "
                                   "why, what other engines said to each node, sizes, and the memory plan.",
                                   options, 1, 1, run};
