/* Reports: what ob_model_report() tells, gathered once and written in four forms. */
#ifndef OB_RUNTIME_REPORT_H
#define OB_RUNTIME_REPORT_H

#include "base/str.h"
#include "op/op.h"
#include "runtime/model.h"

/* A node of the whole model, with regions opened and bodies of control flow behind their node. */
typedef struct ob_flat_node {
  const ob_node_t *node;   /* NULL for an input or output of the model */
  const ob_value_t *value; /* of an input or output */
  bool is_output;
  const ob_unit_t *unit;   /* NULL: run by the host, or no node */
  uint32_t depth;          /* of control flow around it */
  uint32_t layer;          /* longest way from an input */
} ob_flat_node_t;

typedef struct ob_flat_edge {
  uint32_t from, to;
  const ob_value_t *value;
} ob_flat_edge_t;

typedef struct ob_report_memory {
  bool known;             /* the plan could be made for likely sizes */
  size_t arena_bytes;     /* what the host plans, workspaces of engines included */
  size_t total_bytes;     /* all values made by nodes, each on its own */
  size_t lower_bound;     /* the most of them alive at once */
  char problem[256];      /* when it is not known */
  bool bounded;           /* one arena does for all shapes: */
  size_t largest_bytes;
  char unbounded[256];    /* why not */
} ob_report_memory_t;

typedef struct ob_facts {
  const ob_model_t *model;
  ob_arena_t arena;
  OB_ARRAY(ob_flat_node_t) nodes;
  OB_ARRAY(ob_flat_edge_t) edges;
  uint32_t **sources;     /* [graph][value]: flat node that makes it, or UINT32_MAX */
  size_t constant_bytes, packed_bytes, blob_bytes;
  ob_report_memory_t memory;
} ob_facts_t;

OB_MUST_CHECK ob_status_t ob_facts_gather(const ob_model_t *model, ob_facts_t *facts);
void ob_facts_free(ob_facts_t *facts);
/* Fills facts->memory. */
OB_MUST_CHECK ob_status_t ob_facts_memory(ob_facts_t *facts);

/* The engine that a flat node runs on now; "host" for control flow; "" for inputs and outputs. */
const char *ob_flat_engine(const ob_flat_node_t *node);
/* "any", "range", "exact". */
const char *ob_accepts_name(ob_accepts_t accepts);
/* "12.3 MB". */
void ob_report_bytes(ob_str_t *out, size_t bytes);

/* Nodes of one operator on one engine. */
typedef struct ob_op_count {
  const char *engine, *op;
  uint32_t count;
} ob_op_count_t;
typedef OB_ARRAY(ob_op_count_t) ob_op_counts_t;
/* By engine in order of first use, then by count. Freed with ob_array_free(). */
OB_MUST_CHECK ob_status_t ob_facts_count(const ob_facts_t *facts, ob_op_counts_t *counts);

OB_MUST_CHECK ob_status_t ob_report_text(const ob_facts_t *facts, ob_str_t *out);
OB_MUST_CHECK ob_status_t ob_report_json(const ob_facts_t *facts, ob_str_t *out);
OB_MUST_CHECK ob_status_t ob_report_dot(const ob_facts_t *facts, ob_str_t *out);
OB_MUST_CHECK ob_status_t ob_report_html(const ob_facts_t *facts, ob_str_t *out);

#endif
