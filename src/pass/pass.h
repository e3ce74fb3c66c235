/* Passes: rewrites of a module that keep its meaning. One file a pass, one line in passes.def. */
#ifndef OB_PASS_PASS_H
#define OB_PASS_PASS_H

#include "op/op.h"

/* Computes nodes whose inputs are constants. Given from outside: passes know no engines. */
typedef struct ob_evaluator {
  void *self;
  /* Runs `node` on its constant inputs and makes a constant of each output. `*done` false: it cannot, leave the node. */
  ob_status_t (*evaluate)(void *self, ob_node_t *node, const ob_constant_t **outputs, bool *done);
} ob_evaluator_t;

typedef struct ob_pass_context {
  const ob_evaluator_t *evaluator; /* NULL: nothing is folded */
  bool keep_quantised;             /* weights between DequantizeLinear and QuantizeLinear stay bytes: an engine computes with those */
  void (*log)(void *user, const char *line);
  void *user;
} ob_pass_context_t;

typedef struct ob_pass {
  const char *name;  /* "fold_constants" */
  const char *about; /* one line */
  ob_status_t (*run)(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed);
} ob_pass_t;

/* Before the passes, once: small integer inputs that sizes depend on get contents of symbols. */
OB_MUST_CHECK ob_status_t ob_pass_name_elements(ob_module_t *module);
/* All passes of passes.def over all graphs, repeated until none changes anything (at most 16 rounds), types inferred again. */
OB_MUST_CHECK ob_status_t ob_passes_run(ob_module_t *module, const ob_pass_context_t *context);

#endif
