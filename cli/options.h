/* Command lines, declared once: parsing, --help and the man page come from the same tables. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct option {
  const char *name;     /* "--threads" */
  const char *argument; /* "N"; NULL: a flag */
  const char *help;
  bool repeats;
} option_t;

typedef struct arguments arguments_t;

typedef struct command {
  const char *name;
  const char *synopsis; /* what follows the name: "MODEL -o FILE [options]" */
  const char *summary;  /* one line */
  const char *about;    /* a paragraph or more */
  const option_t *options; /* ends with a NULL name */
  size_t least, most;      /* positional arguments */
  int (*run)(const arguments_t *arguments);
} command_t;

extern const command_t command_compile, command_run, command_bench, command_inspect, command_verify, command_engines, command_ops;

enum { EXIT_RIGHT = 0, EXIT_WRONG = 1, EXIT_USAGE = 2, MOST_ARGUMENTS = 256 };

struct arguments {
  const command_t *command;
  const char *positional[MOST_ARGUMENTS];
  size_t positional_count;
  const char *names[MOST_ARGUMENTS], *values[MOST_ARGUMENTS]; /* options given, in order */
  size_t option_count;
};

/* Fills `arguments`; false, with a message on stderr, for wrong usage. */
bool arguments_parse(const command_t *command, int argc, char **argv, arguments_t *arguments);
/* The value last given for an option, or NULL. A flag's value is "". */
const char *argument(const arguments_t *arguments, const char *name);
/* The `index`-th value of a repeated option, or NULL. */
const char *argument_at(const arguments_t *arguments, const char *name, size_t index);
/* A whole number from `low` to `high`, `fallback` when not given; false, with a message, for anything else. */
bool argument_number(const arguments_t *arguments, const char *name, long long low, long long high, long long fallback, long long *value);

void print_help(const command_t *command, FILE *out);
void print_overview(const command_t *const *commands, FILE *out);
void print_man_page(const command_t *const *commands, FILE *out);

#endif
