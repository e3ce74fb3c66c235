/* Copies the nodes of a body into another graph of the same module. */
#ifndef OB_GRAPH_INLINE_H
#define OB_GRAPH_INLINE_H

#include "graph/graph.h"

/* arguments: one value of `graph` an input of `body`. results: the value that stands for each output of `body`; an input that is
 * handed on gives the argument itself. The nodes come last in the list: sort afterwards. `body` stays as it is; bodies of its own
 * nodes are shared, not copied. */
OB_MUST_CHECK ob_status_t ob_graph_inline(ob_graph_t *graph, const ob_graph_t *body, ob_value_t *const *arguments,
                                          ob_value_t **results);

#endif
