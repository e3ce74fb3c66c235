/* Graphs as engines see them: builds the read-only structs of outboard/engine.h. */
#ifndef OB_OP_VIEW_H
#define OB_OP_VIEW_H

#include "op/op.h"

/* The view of a graph; lives in `arena`. Value and node indices are those of graph->values and graph->nodes. `host` goes into
 * view->host. Region calls and control flow appear as nodes too (an engine that is asked about them says no). */
OB_MUST_CHECK ob_status_t ob_view_create(const ob_graph_t *graph, const char *symbol, void *host, ob_arena_t *arena,
                                         ob_region_view_t **view);

#endif
