/* The command `outboard`. */
#include <outboard/outboard.h>

#include <string.h>

#include "options.h"

static const command_t *const commands[] = {&command_compile, &command_run,    &command_bench,
                                            &command_inspect, &command_verify, &command_engines, &command_ops, NULL};

static bool is(const char *word, const char *name) { return strcmp(word, name) == 0; }

static int run_command(const command_t *command, int argc, char **argv) {
  static arguments_t arguments;
  for (int i = 0; i < argc && !is(argv[i], "--"); i++)
    if (is(argv[i], "--help") || is(argv[i], "-h")) return print_help(command, stdout), EXIT_RIGHT;
  if (!arguments_parse(command, argc, argv, &arguments)) return EXIT_USAGE;
  int code = command->run(&arguments);
  if (fflush(stdout) == 0 && !ferror(stdout)) return code;
  perror("outboard: cannot write the output");
  return EXIT_WRONG;
}

int main(int argc, char **argv) {
  if (argc < 2) return print_overview(commands, stderr), EXIT_USAGE;
  if (is(argv[1], "--help") || is(argv[1], "-h") || is(argv[1], "help")) return print_overview(commands, stdout), EXIT_RIGHT;
  if (is(argv[1], "--version")) return printf("outboard %s\n", ob_version()), EXIT_RIGHT;
  if (is(argv[1], "--man")) return print_man_page(commands, stdout), EXIT_RIGHT; /* the build makes outboard.1 of it */
  for (const command_t *const *command = commands; *command; command++)
    if (is((*command)->name, argv[1])) return run_command(*command, argc - 2, argv + 2);
  fprintf(stderr, "outboard: unknown command '%s'\nTry 'outboard --help'.\n", argv[1]);
  return EXIT_USAGE;
}
