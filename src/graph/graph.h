/* The graph: values, nodes and graphs of a module, typed, with symbolic dims and attributes.
 *
 * A module owns everything: graphs, nodes, values, types and strings live in its arena. Removing a node takes it off its
 * graph's list; memory comes back with the module. Nodes of a graph are kept in topological order.
 * Bodies of If, Loop and Scan, and of regions, are closed graphs: what they use from outside is an input of theirs
 * ("capture") and listed at the node. Constants are the exception: they belong to the module and are used from anywhere. */
#ifndef OB_GRAPH_GRAPH_H
#define OB_GRAPH_GRAPH_H

#include <outboard/engine.h>

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "graph/expr.h"

typedef struct ob_module ob_module_t;
typedef struct ob_graph ob_graph_t;
typedef struct ob_node ob_node_t;
typedef struct ob_value ob_value_t;
typedef struct ob_region ob_region_t;
struct ob_op; /* src/op/op.h */

/* What a value is: a tensor of given element type and dims, or a collection. */
typedef struct ob_type {
  ob_kind_t kind;
  ob_dtype_t dtype;             /* tensor: element; map: key; OB_UNDEFINED: not known yet */
  int32_t rank;                 /* tensor; -1: not known */
  const ob_expr_t *const *dims; /* tensor: rank expressions */
  const struct ob_type *element; /* sequence, optional: of what; map: the values */
} ob_type_t;

/* Payload of a constant, shared by all values that stand for it. `data` is NULL when only packed forms are kept. */
typedef struct ob_constant {
  const char *name; /* unique in the module */
  ob_dtype_t dtype;
  int32_t rank;
  const int64_t *dims;
  const void *data; /* row-major; strings: ob_string_t. 64-byte aligned except in a module fresh from an importer */
  size_t bytes;
  uint32_t index; /* in module->constants */
} ob_constant_t;

struct ob_value {
  const char *name; /* unique in its graph */
  ob_type_t type;
  ob_node_t *producer; /* NULL: an input, a constant, or symbolic content alone */
  uint32_t output;     /* which output of the producer */
  uint32_t id;         /* index in graph->values */
  const ob_constant_t *constant;
  /* Content of a small integer or bool tensor (rank <= 1, at most OB_MAX_CONTENT elements) as expressions; row-major.
   * With `producer`, `constant` NULL and not an input the value is nothing but this ("symbolic constant"): the shape operand
   * of a Reshape whose shape chain was folded, say. */
  const ob_expr_t *const *content;
  size_t content_count;
};
#define OB_MAX_CONTENT 4096

/* An attribute that the model states. Defaults are not stored: ob_node_attribute() falls back to the operator's. */
typedef struct ob_attribute {
  const char *name;
  ob_attribute_kind_t kind;
  size_t count;
  const ob_expr_t *const *ints; /* INT, INTS: constants or expressions */
  const float *floats;
  const ob_string_t *strings; /* NUL-terminated too */
  const ob_constant_t *tensor;
} ob_attribute_t;

/* A subgraph of a node and what it captures. body->inputs are the operator's formal inputs, then the captures. */
typedef struct ob_body {
  const char *attribute; /* "then_branch" */
  ob_graph_t *graph;
  ob_value_t **captures;
  size_t capture_count;
} ob_body_t;

/* Why an engine did not get a node. */
typedef struct ob_refusal {
  const char *engine, *reason;
} ob_refusal_t;

struct ob_node {
  const char *name; /* the model's, or made from the first output; for messages */
  const struct ob_op *op;
  ob_graph_t *graph;
  uint32_t id; /* index in graph->nodes; kept by ob_graph_sort() and ob_graph_compact() */
  ob_value_t **inputs; /* NULL: left out */
  size_t input_count;
  ob_value_t **outputs; /* NULL: not wanted */
  size_t output_count;
  ob_attribute_t *attributes;
  size_t attribute_count;
  ob_body_t *bodies; /* in the order of the operator's graph attributes */
  size_t body_count;
  ob_region_t *region; /* of a region call (op is ob_op_region) */
  ob_refusal_t *refusals; /* filled by the partitioner */
  size_t refusal_count;
  json_t *extra; /* unknown members of its JSON object, kept on save; borrowed from module->document */
};

struct ob_graph {
  ob_module_t *module;
  const char *name;
  uint32_t index; /* in module->graphs */
  OB_ARRAY(ob_value_t *) values;
  OB_ARRAY(ob_node_t *) nodes; /* topological order */
  OB_ARRAY(ob_value_t *) inputs;
  OB_ARRAY(ob_value_t *) outputs;
  ob_map_t value_names; /* values by name */
  json_t *extra;
};

/* Packed form of a constant (constant != NULL, layout) or engine-made data (key). */
typedef struct ob_packed {
  const ob_constant_t *constant;
  ob_layout_t layout;
  const char *key;
  const void *data; /* 64-byte aligned */
  size_t bytes;
} ob_packed_t;

/* A piece of graph that one engine runs; a function of the module. */
struct ob_region {
  const char *symbol; /* unique in the module */
  const char *engine; /* name of the engine that has it */
  const char *why;    /* why this engine, for people */
  ob_graph_t *body;   /* closed; its inputs and outputs are the region's */
  bool dynamic;       /* one node whose output shapes are known only from its inputs' contents or after it ran */
  uint32_t index;     /* in module->regions */
  const char *fingerprint; /* of the engine that made the packed data and blob; NULL: none */
  const void *blob;   /* engine's saved executable; NULL: none */
  size_t blob_bytes;
  OB_ARRAY(ob_packed_t) packed;
  json_t *extra;
};

/* A condition that a call's shapes must meet: `expr` is not 0. Checked at bind. */
typedef struct ob_guard {
  const ob_expr_t *expr;
  const char *node;   /* name of the node that needs it */
  const char *reason; /* "Reshape: -1 must come out even" */
} ob_guard_t;

struct ob_module {
  const ob_allocator_t *allocator;
  ob_arena_t arena;
  ob_expr_pool_t *exprs;
  ob_graph_t *main;
  OB_ARRAY(ob_graph_t *) graphs; /* all: main, bodies, region bodies. Those no longer used are dropped by ob_module_compact() */
  OB_ARRAY(ob_region_t *) regions;
  OB_ARRAY(ob_constant_t *) constants;
  ob_map_t constants_by_name;
  OB_ARRAY(ob_guard_t) guards;
  OB_ARRAY(ob_mapping_t) mappings; /* files that constants point into; closed with the module */
  OB_ARRAY(void *) blocks;         /* heap blocks that constants point into; freed with the module */
  OB_ARRAY(const char *) metadata; /* key, value, key, value, ... of the model */
  const char *producer;
  json_t *extra;    /* unknown members of the document that it was read from, kept on save */
  json_t *document; /* an array that owns every `extra` */
};

OB_MUST_CHECK ob_status_t ob_module_create(const ob_allocator_t *allocator, ob_module_t **module);
void ob_module_free(ob_module_t *module);
/* Drops graphs, regions and constants that main does not reach, and renumbers. */
OB_MUST_CHECK ob_status_t ob_module_compact(ob_module_t *module);

OB_MUST_CHECK ob_status_t ob_graph_create(ob_module_t *module, const char *name, ob_graph_t **graph);
/* Takes the graph that was created last away again; nothing refers to it. */
void ob_graph_discard(ob_graph_t *graph);
/* A value without a producer; `name` is copied and made unique in the graph. Type: tensor, undefined, rank -1. */
OB_MUST_CHECK ob_status_t ob_value_create(ob_graph_t *graph, const char *name, ob_value_t **value);
OB_MUST_CHECK ob_status_t ob_graph_add_input(ob_graph_t *graph, ob_value_t *value);
OB_MUST_CHECK ob_status_t ob_graph_add_output(ob_graph_t *graph, ob_value_t *value);
/* A node at the end of the list, with room for inputs and outputs (all NULL). */
OB_MUST_CHECK ob_status_t ob_node_create(ob_graph_t *graph, const struct ob_op *op, const char *name, size_t input_count,
                                         size_t output_count, ob_node_t **node);
/* Makes `value` output `index` of `node`. */
void ob_node_set_output(ob_node_t *node, size_t index, ob_value_t *value);
/* Sets or replaces an attribute; everything is copied into the arena except a tensor. */
OB_MUST_CHECK ob_status_t ob_node_set_attribute(ob_node_t *node, const ob_attribute_t *attribute);
OB_MUST_CHECK ob_status_t ob_node_set_int(ob_node_t *node, const char *name, int64_t value);
OB_MUST_CHECK ob_status_t ob_node_set_ints(ob_node_t *node, const char *name, const int64_t *values, size_t count);
OB_MUST_CHECK ob_status_t ob_node_set_float(ob_node_t *node, const char *name, float value);
OB_MUST_CHECK ob_status_t ob_node_set_string(ob_node_t *node, const char *name, const char *value);
void ob_node_remove_attribute(ob_node_t *node, const char *name);
/* The stated attribute, or NULL. (Defaults: ob_op_attribute() in op/op.h.) */
const ob_attribute_t *ob_node_stated(const ob_node_t *node, const char *name);

/* Registers a constant. `name` is copied and made unique; data is not copied: it lives in a mapping or block of the module. */
OB_MUST_CHECK ob_status_t ob_constant_create(ob_module_t *module, const char *name, ob_dtype_t dtype, int32_t rank,
                                             const int64_t *dims, const void *data, size_t bytes, const ob_constant_t **constant);
/* The same with a fresh 64-byte aligned, zeroed block of the module for the data. */
OB_MUST_CHECK ob_status_t ob_constant_allocate(ob_module_t *module, const char *name, ob_dtype_t dtype, int32_t rank,
                                               const int64_t *dims, void **data, const ob_constant_t **constant);
/* A value of `graph` that stands for the constant; sets type, and content where it is small and integer. */
OB_MUST_CHECK ob_status_t ob_value_from_constant(ob_graph_t *graph, const ob_constant_t *constant, ob_value_t **value);
/* The same under a name of its own. */
OB_MUST_CHECK ob_status_t ob_value_from_constant_named(ob_graph_t *graph, const ob_constant_t *constant, const char *name,
                                                       ob_value_t **value);
/* A value that is nothing but symbolic content: rank 0 (count 1, scalar true) or rank 1. */
OB_MUST_CHECK ob_status_t ob_value_from_content(ob_graph_t *graph, const char *name, ob_dtype_t dtype, bool scalar,
                                                const ob_expr_t *const *content, size_t count, ob_value_t **value);

/* Replaces every use of `from` in its graph (inputs, captures, outputs) by `to`. */
void ob_graph_replace_uses(ob_graph_t *graph, ob_value_t *from, ob_value_t *to);
/* Counts uses of each value (by id) by nodes, captures and graph outputs. `counts` has values.count entries. */
void ob_graph_count_uses(const ob_graph_t *graph, uint32_t *counts);
/* Nodes into topological order. Errors: OB_INVALID_MODEL, naming a node on a cycle. */
OB_MUST_CHECK ob_status_t ob_graph_sort(ob_graph_t *graph);
/* Takes dead nodes (no output used; only pure operators are pure: all are) and unused values away, renumbers. */
OB_MUST_CHECK ob_status_t ob_graph_compact(ob_graph_t *graph);
/* Takes nodes with removed[id] off the list and renumbers. */
void ob_graph_remove_nodes(ob_graph_t *graph, const bool *removed);
/* Invariants: order, links both ways, unique names, closed bodies. For tests and after reading a file. */
OB_MUST_CHECK ob_status_t ob_graph_check(const ob_graph_t *graph);
/* A deep copy in `module` (which may be another one: expressions are rebuilt, constants registered again without copying data). */
OB_MUST_CHECK ob_status_t ob_graph_clone(const ob_graph_t *graph, ob_module_t *module, ob_graph_t **copy);

/* "float32[batch, 3, 224, 224]", "seq(string[?])". */
void ob_type_print(const ob_expr_pool_t *pool, const ob_type_t *type, ob_str_t *out);
OB_MUST_CHECK ob_status_t ob_type_tensor(ob_module_t *module, ob_dtype_t dtype, int32_t rank, const ob_expr_t *const *dims,
                                         ob_type_t *type);
/* True when every dim is a constant; fills dims. */
bool ob_type_is_static(const ob_type_t *type, int64_t *dims);
/* A readable listing of a graph, for people and golden tests. */
void ob_graph_print(const ob_graph_t *graph, ob_str_t *out);

#endif
