/* What the steps of partitioning one graph hand to each other. */
#ifndef OB_PARTITION_INTERNAL_H
#define OB_PARTITION_INTERNAL_H

#include "partition/partition.h"

enum { OB_MAX_CANDIDATES = 64, OB_NO_ENGINE = -1 };

/* What is known of a node of the graph that is being cut; by node id. */
typedef struct ob_placed_node {
  uint64_t takers;   /* candidates that support it, one bit each */
  int engine;        /* candidate that has it; OB_NO_ENGINE for control flow */
  bool given_back;   /* its preferred engine lost it for being light among another engine's nodes */
  bool dynamic;      /* output shapes known only from contents or after it ran */
  uint32_t level;
  uint32_t group;
} ob_placed_node_t;

/* A set of nodes that becomes one region, or one control-flow node. */
typedef struct ob_group {
  int engine;
  bool dynamic, light, given_back;
  uint32_t first; /* smallest node id */
  uint32_t node_count;
} ob_group_t;

/* One graph on its way to regions. Lives in `arena`. */
typedef struct ob_partitioning {
  const ob_partition_options_t *options;
  ob_graph_t *graph;
  ob_arena_t *arena;
  ob_placed_node_t *nodes; /* by node id */
  uint32_t *edges;         /* pairs (from, to) of node ids: data, and introductions of run-time symbols */
  size_t edge_count, edge_capacity;
  ob_group_t *groups;
  size_t group_count;
} ob_partitioning_t;

/* Does the caller keep the operator from the engine? */
bool ob_partition_forbids(const ob_partition_options_t *options, const char *engine, const char *op);
/* Asks every candidate about every node; marks control flow; records refusals; gives each node to the first taker. */
OB_MUST_CHECK ob_status_t ob_partition_assign(ob_partitioning_t *p);
/* Lists the edges, and marks nodes that introduce run-time symbols or touch values of unknown rank or other kinds as dynamic. */
OB_MUST_CHECK ob_status_t ob_partition_edges(ob_partitioning_t *p);
/* Groups nodes: same engine, same level, connected. */
OB_MUST_CHECK ob_status_t ob_partition_group(ob_partitioning_t *p);
/* Hands light groups that sit among nodes of one other engine to that engine. */
OB_MUST_CHECK ob_status_t ob_partition_give_back(ob_partitioning_t *p, bool *changed);
/* Moves each group's nodes into a region's body and leaves a call. */
OB_MUST_CHECK ob_status_t ob_partition_outline(ob_partitioning_t *p);

#endif
