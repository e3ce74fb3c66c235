/* Parsing of command lines, help texts and the man page. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const option_t *find_option(const command_t *command, const char *name, size_t size) {
  for (const option_t *option = command->options; option->name; option++)
    if (strlen(option->name) == size && strncmp(option->name, name, size) == 0) return option;
  return NULL;
}

static bool complain(const command_t *command, const char *words, const char *what) {
  fprintf(stderr, "outboard %s: %s '%s'\nTry 'outboard %s --help'.\n", command->name, words, what, command->name);
  return false;
}

/* One option at argv[*i]; takes the next word too when that is its value. */
static bool take_option(arguments_t *a, int argc, char **argv, int *i) {
  const char *word = argv[*i], *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
  const option_t *option = find_option(a->command, word, equals ? (size_t)(equals - word) : strlen(word));
  if (!option) return complain(a->command, "unknown option", word);
  if (a->option_count == MOST_ARGUMENTS) return complain(a->command, "too many options at", word);
  const char *value = "";
  if (equals) {
    if (!option->argument) return complain(a->command, "no value is expected in", word);
    value = equals + 1;
  } else if (option->argument) {
    if (*i + 1 >= argc) return complain(a->command, "a value is missing after", word);
    value = argv[++*i];
  }
  a->names[a->option_count] = option->name;
  a->values[a->option_count++] = value;
  return true;
}

bool arguments_parse(const command_t *command, int argc, char **argv, arguments_t *a) {
  bool only_positional = false;
  *a = (arguments_t){.command = command};
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i];
    if (!only_positional && strcmp(word, "--") == 0) {
      only_positional = true;
    } else if (!only_positional && word[0] == '-' && word[1]) {
      if (!take_option(a, argc, argv, &i)) return false;
    } else {
      if (a->positional_count == command->most) return complain(command, "unexpected argument", word);
      a->positional[a->positional_count++] = word;
    }
  }
  if (a->positional_count >= command->least) return true;
  fprintf(stderr, "outboard %s: too few arguments\nUsage: outboard %s %s\n", command->name, command->name, command->synopsis);
  return false;
}

const char *argument(const arguments_t *a, const char *name) {
  for (size_t i = a->option_count; i-- > 0;)
    if (strcmp(a->names[i], name) == 0) return a->values[i];
  return NULL;
}

const char *argument_at(const arguments_t *a, const char *name, size_t index) {
  for (size_t i = 0; i < a->option_count; i++)
    if (strcmp(a->names[i], name) == 0 && index-- == 0) return a->values[i];
  return NULL;
}

bool argument_number(const arguments_t *a, const char *name, long long low, long long high, long long fallback, long long *value) {
  const char *text = argument(a, name);
  char *end;
  *value = fallback;
  if (!text) return true;
  errno = 0;
  *value = strtoll(text, &end, 10);
  if (errno == 0 && end != text && !*end && *value >= low && *value <= high) return true;
  fprintf(stderr, "outboard %s: %s takes a whole number from %lld to %lld, not '%s'\n", a->command->name, name, low, high, text);
  return false;
}

/* ---------------------------------------------------------------- help */

enum { WIDTH = 96, INDENT = 26 };

/* Prints `text` broken into lines, each but the first indented. */
static void print_wrapped(const char *text, int column, int indent, FILE *out) {
  while (*text) {
    if (*text == '\n') {
      fprintf(out, "\n%*s", indent, "");
      column = indent;
      text++;
      continue;
    }
    size_t word = strcspn(text, " \n");
    if (column > indent && column + (int)word + 1 > WIDTH) {
      fprintf(out, "\n%*s", indent, "");
      column = indent;
    }
    fprintf(out, "%.*s", (int)word, text);
    column += (int)word;
    text += word;
    if (*text == ' ') {
      fputc(' ', out);
      column++;
      text++;
    }
  }
  fputc('\n', out);
}

void print_help(const command_t *command, FILE *out) {
  fprintf(out, "Usage: outboard %s %s\n\n", command->name, command->synopsis);
  print_wrapped(command->about, 0, 0, out);
  if (command->options->name) fprintf(out, "\nOptions:\n");
  for (const option_t *option = command->options; option->name; option++) {
    int column = fprintf(out, "  %s%s%s", option->name, option->argument ? " " : "", option->argument ? option->argument : "");
    if (column < INDENT - 1) column += fprintf(out, "%*s", INDENT - column, "");
    else column = fprintf(out, "\n%*s", INDENT, "") - 1;
    print_wrapped(option->help, column, INDENT, out);
  }
}

void print_overview(const command_t *const *commands, FILE *out) {
  fprintf(out, "Usage: outboard COMMAND [arguments]\n\nRuns neural networks on the engines that you already have.\n\nCommands:\n");
  for (; *commands; commands++) fprintf(out, "  %-10s %s\n", (*commands)->name, (*commands)->summary);
  fprintf(out, "\n'outboard COMMAND --help' tells more about a command. 'outboard --version' prints the version.\n");
}

/* ---------------------------------------------------------------- man page */

/* Text for troff: backslashes and hyphens escaped, no line that begins with a control character. */
static void print_troff(const char *text, FILE *out) {
  bool begins = true;
  for (; *text; text++) {
    if (begins && (*text == '.' || *text == '\'')) fputs("\\&", out);
    if (*text == '\\') fputs("\\e", out);
    else if (*text == '-') fputs("\\-", out);
    else if (*text == '\n') fputs("\n.br", out), fputc('\n', out);
    else fputc(*text, out);
    begins = *text == '\n';
  }
  fputc('\n', out);
}

static void print_man_command(const command_t *command, FILE *out) {
  fprintf(out, ".SS %s ", command->name);
  print_troff(command->synopsis, out);
  print_troff(command->about, out);
  for (const option_t *option = command->options; option->name; option++) {
    fprintf(out, ".TP\n.B ");
    print_troff(option->name, out);
    if (option->argument) fprintf(out, ".I %s\n.br\n", option->argument);
    print_troff(option->help, out);
  }
}

void print_man_page(const command_t *const *commands, FILE *out) {
  fprintf(out, ".TH OUTBOARD 1 \"\" \"Outboard " OB_VERSION "\" \"User Commands\"\n"
               ".SH NAME\noutboard \\- runs neural networks on the engines that you already have\n"
               ".SH SYNOPSIS\n.B outboard\n.I command\n[arguments]\n"
               ".SH DESCRIPTION\nAn ONNX model is cut into regions, each built by the engine that runs it best; graph, weights and built\n"
               "engines are kept in one file, the artifact (.ob). Commands that take a model take .onnx and .ob alike.\n"
               ".SH COMMANDS\n");
  for (; *commands; commands++) print_man_command(*commands, out);
  fprintf(out, ".SH EXIT STATUS\n0 right, 1 the work failed, 2 wrong usage.\n"
               ".SH ENVIRONMENT\n.TP\n.B OUTBOARD_ENGINE_PATH\nFolders with engine libraries, ':' between them.\n");
}
