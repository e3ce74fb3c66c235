/* What most commands share: options that open a model, its inputs, log lines, progress. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <outboard/outboard.h>

#include "options.h"

/* Options of all commands that open a model. */
#define MODEL_OPTIONS                                                                                                \
  {"--engines", "LIST", "engines in order of preference, comma-separated; default: onednn,cpu,ref", false},          \
      {"--threads", "N", "threads to use; default: the CPUs that affinity and cgroup allow", false},                 \
      {"--engine-path", "DIRS", "folders with engine libraries, ':' between; default: $OUTBOARD_ENGINE_PATH", false}, \
      {"--quiet", NULL, "no warnings of the model's log", false}
/* Options of commands that need values for the inputs. */
#define INPUT_OPTIONS                                                                                             \
  {"--input", "NAME=FILE.npy", "content of one input; may be repeated", true},                                    \
      {"--random", "SEED", "seed of the inputs that are not given; default: 0", false},                           \
      {"--dim", "SYMBOL=N", "size of a symbolic dim of a random input, 1 if not given; may be repeated", true}

typedef struct session {
  const arguments_t *arguments;
  ob_options_t options;
  ob_compile_options_t compile;
  ob_model_t *model;
  uint32_t threads;
  ob_tensor_t *inputs, *outputs;
  size_t input_count, output_count;
} session_t;

/* Options from the command line; EXIT_RIGHT, or the exit code after a message. */
int session_begin(session_t *session, const arguments_t *arguments);
/* session_begin and the model at `path`. */
int session_open(session_t *session, const arguments_t *arguments, const char *path);
/* Reads or makes all inputs, and room for the descriptions of outputs. */
int session_inputs(session_t *session);
void session_close(session_t *session);
/* Prints the last failure: "outboard COMMAND: message". Gives EXIT_WRONG. */
int session_fail(const session_t *session);

#endif
