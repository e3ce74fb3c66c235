/* What passes share: replacing values without losing the names of outputs, constants, questions about nodes. */
#ifndef OB_PASS_REWRITE_H
#define OB_PASS_REWRITE_H

#include "pass/pass.h"

/* Lets `to` take the place of `from` everywhere in the graph. An output of the graph keeps its name: `to` takes it over. Does nothing
 * and gives false when that cannot be: `from` is an output, and `to` is an input or an output already. */
OB_MUST_CHECK ob_status_t ob_rewrite_replace(ob_graph_t *graph, ob_value_t *from, ob_value_t *to, bool *replaced);
bool ob_rewrite_is_output(const ob_graph_t *graph, const ob_value_t *value);
bool ob_rewrite_is_input(const ob_graph_t *graph, const ob_value_t *value);
/* Same kind, element type, rank and dims, as far as can be told. */
bool ob_rewrite_same_type(const ob_type_t *a, const ob_type_t *b);
bool ob_rewrite_is(const ob_node_t *node, const char *op); /* of the domain ai.onnx */
/* Content of input `index` if all of it is constant: fills `numbers` (room for `most`) and gives the count, else -1. */
int ob_rewrite_numbers(const ob_node_t *node, size_t index, int64_t *numbers, int most);

#endif
