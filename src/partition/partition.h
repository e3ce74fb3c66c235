/* Partitioning: gives every node to an engine and cuts the graphs into regions. */
#ifndef OB_PARTITION_PARTITION_H
#define OB_PARTITION_PARTITION_H

#include "op/op.h"

/* An engine as the partitioner sees it; order is preference. */
typedef struct ob_candidate {
  const char *name;
  uint32_t flags; /* OB_ENGINE_* */
  void *self;
  bool (*supports)(void *self, const ob_region_view_t *graph, const ob_node_view_t *node, char *reason, size_t reason_size);
} ob_candidate_t;

typedef struct ob_partition_options {
  const ob_candidate_t *candidates;
  size_t candidate_count;
  const char *require; /* "onednn=Conv,cpu=Softmax": OB_UNSUPPORTED when not kept, naming the node and the reason */
  const char *forbid;  /* the same form: these operators do not go to these engines */
} ob_partition_options_t;

/* Rewrites each graph that the host runs (main and bodies of control flow) so that only region calls and control flow are left.
 * Regions are convex, of one engine, and as large as preference and convexity allow; a node whose output shape is known
 * only at run time is a region of its own (dynamic). Every node keeps its refusals.
 * Errors: OB_UNSUPPORTED naming a node that no engine takes, with each engine's reason. */
OB_MUST_CHECK ob_status_t ob_partition(ob_module_t *module, const ob_partition_options_t *options);

#endif
