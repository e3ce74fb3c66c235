/* What the files of the importer share: its state, name scopes, and nodes on their way into the graph. */
#ifndef OB_IMPORT_ONNX_IMPORTER_H
#define OB_IMPORT_ONNX_IMPORTER_H

#include "import/onnx/onnx.h"
#include "import/onnx/proto.h"
#include "op/op.h"

enum {
  ONNX_OPSET = 28,     /* what everything is rewritten to */
  ONNX_MAX_DEPTH = 32, /* of subgraphs and function calls, when the options say nothing */
  ONNX_MAX_TYPE_DEPTH = 16,
  ONNX_MAX_ATTRIBUTES = 200, /* of a node */
  ONNX_MAX_OPSETS = 100,
  ONNX_MAX_CALLS = 64, /* of functions, nested */
  /* What an import may cost, in bytes: so much, and so many times the model's size. Functions that call functions twice double at
   * every level, so it is counted. */
  ONNX_COST_BASE = 256 << 20,
  ONNX_COST_FACTOR = 64,
  ONNX_COST_NODE = 512,
  ONNX_COST_ENTRY = 32
};

/* Versions of operator sets that a model or a function imports. */
typedef struct ob_opsets {
  const char **domains;
  int64_t *versions;
  size_t count;
} ob_opsets_t;

/* A file of external data that is mapped already. */
typedef struct ob_external_file {
  const char *location;
  const uint8_t *data;
  size_t size;
} ob_external_file_t;

typedef struct ob_importer {
  const ob_import_options_t *options;
  const ob_allocator_t *allocator;
  ob_module_t *module;
  ob_arena_t scratch; /* names and records that are not needed after the import */
  uint32_t max_depth;
  ob_opsets_t opsets;
  ob_map_t functions; /* "domain:name:overload" -> ob_function_t */
  ob_map_t symbols;   /* dim_param -> ob_expr_t */
  OB_ARRAY(ob_external_file_t) files;
  size_t cost, cost_limit;
  uint32_t calls;      /* of functions, that we are in */
  const char *located; /* the node that the failure's message begins with; NULL: none yet */
} ob_importer_t;

/* A model-local function. */
typedef struct ob_function {
  const char *title; /* "domain:name", for messages */
  onnx_function_t proto;
  ob_opsets_t opsets;
  bool active; /* being inlined: a call now is a recursion */
} ob_function_t;

/* An attribute on its way, in the form of the graph; a subgraph is kept as bytes. */
typedef struct ob_stated {
  ob_attribute_t attribute; /* kind 0: a subgraph */
  ob_wire_span_t graph;
} ob_stated_t;
typedef OB_ARRAY(ob_stated_t) ob_stated_list_t;

/* Names that nodes of one graph, or of one function call, can see. */
typedef struct ob_scope {
  struct ob_scope *parent; /* of a subgraph: the graph around it */
  ob_graph_t *graph;
  const ob_opsets_t *opsets;
  const ob_stated_list_t *arguments; /* attributes of the function call that we are in; NULL: none */
  const char *prefix;                /* of names of values made in a function call: "layer.3/"; "" else */
  ob_map_t names;                    /* -> ob_value_t */
  ob_map_t absent;                   /* inputs of a function that its caller leaves out */
  ob_map_t renamed;                  /* outputs of a function -> names at the caller */
  ob_map_t declared;                 /* -> first byte of the TypeProto's span in value_info */
  OB_ARRAY(ob_value_t *) results;    /* outputs of the graph, when it is done */
  OB_ARRAY(ob_value_t *) captured;   /* from the graph around, in the order of the inputs made for them */
  uint32_t depth;
} ob_scope_t;

/* A node on its way: what the model says, then what upgrades make of it. Arrays live in the importer's scratch arena. */
typedef struct ob_record {
  const char *domain, *op, *name;
  int64_t opset;       /* that the model states for the domain */
  int64_t version;     /* since-version of the definition that the record follows now */
  ob_value_t **inputs; /* NULL: left out */
  size_t input_count;
  const char **outputs;  /* names wanted for the outputs; NULL: left out */
  ob_value_t **results;  /* filled when the outputs exist */
  size_t stated_outputs; /* as the model lists them, those left out at the end too */
  size_t output_count;
  ob_attribute_t *attributes;
  size_t attribute_count;
  ob_body_t *bodies;
  size_t body_count;
  bool made; /* results are there: nothing is left to emit */
} ob_record_t;

/* ---- names and strings (names.c) */
OB_MUST_CHECK ob_status_t ob_import_text(ob_importer_t *importer, ob_wire_span_t span, const char **text);
/* Counts what the import costs. Errors: OB_UNSUPPORTED, the model expands to too much. */
OB_MUST_CHECK ob_status_t ob_import_charge(ob_importer_t *importer, size_t count, size_t each);
/* The value called `name` here or around here; NULL: there is none. Captures are made as needed. */
OB_MUST_CHECK ob_status_t ob_scope_find(ob_importer_t *importer, ob_scope_t *scope, const char *name, ob_value_t **value);
/* Gives a value its name. Errors: the name is taken. */
OB_MUST_CHECK ob_status_t ob_scope_define(ob_scope_t *scope, const char *name, ob_value_t *value);
/* True when `name` is an input that a function's caller leaves out. */
bool ob_scope_is_absent(const ob_scope_t *scope, const char *name);
/* The name that a value of the scope gets in the graph. */
OB_MUST_CHECK ob_status_t ob_scope_full_name(ob_importer_t *importer, const ob_scope_t *scope, const char *name, const char **full);
void ob_scope_init(ob_scope_t *scope, ob_importer_t *importer, ob_scope_t *parent, ob_graph_t *graph);
void ob_scope_free(ob_importer_t *importer, ob_scope_t *scope);
/* Version of a domain's operator set; 0: not imported. */
int64_t ob_opsets_find(const ob_opsets_t *opsets, const char *domain);
OB_MUST_CHECK ob_status_t ob_import_opsets(ob_importer_t *importer, ob_wire_list_t entries, ob_opsets_t *opsets);

/* ---- types (type.c) */
/* Reads a TypeProto. `input` >= 0: dynamic axes get symbols of that graph input; else they get what the model's inputs call so, or
 * what is said here. */
enum {
  ONNX_DIMS_FRESH = -1,  /* a fresh u_k each */
  ONNX_DIMS_UNKNOWN = -2 /* nothing: then the rank is not known either */
};
OB_MUST_CHECK ob_status_t ob_import_type(ob_importer_t *importer, ob_wire_span_t bytes, const char *name, int64_t input,
                                         ob_type_t *type);

/* ---- tensors (tensor.c, sparse.c, external.c) */
OB_MUST_CHECK ob_status_t ob_import_tensor(ob_importer_t *importer, ob_wire_span_t bytes, const char *name,
                                           const ob_constant_t **constant);
OB_MUST_CHECK ob_status_t ob_import_sparse(ob_importer_t *importer, ob_wire_span_t bytes, const char *name,
                                           const ob_constant_t **constant);
/* Name of a TensorProto, "" when it has none. */
OB_MUST_CHECK ob_status_t ob_import_tensor_name(ob_importer_t *importer, ob_wire_span_t bytes, const char **name);
/* Finds `size` bytes of external data. */
OB_MUST_CHECK ob_status_t ob_import_external(ob_importer_t *importer, const char *name, const onnx_tensor_t *tensor, size_t size,
                                             const uint8_t **data);

/* ---- graphs, nodes, functions (graph.c, node.c, attribute.c, function.c) */
OB_MUST_CHECK ob_status_t ob_import_main(ob_importer_t *importer, ob_wire_span_t bytes);
/* A subgraph as a closed graph. `body->captures` are values of the scope's graph. */
OB_MUST_CHECK ob_status_t ob_import_body(ob_importer_t *importer, ob_scope_t *scope, ob_wire_span_t bytes, const char *name,
                                         ob_body_t *body);
/* The branch of an If whose condition is known, in place of the node. Fills record->results. */
OB_MUST_CHECK ob_status_t ob_import_branch(ob_importer_t *importer, ob_scope_t *scope, ob_wire_span_t bytes, ob_record_t *record);
OB_MUST_CHECK ob_status_t ob_import_nodes(ob_importer_t *importer, ob_scope_t *scope, ob_wire_list_t nodes);
/* Attributes of a node, those that refer to a function's replaced. */
OB_MUST_CHECK ob_status_t ob_import_attributes(ob_importer_t *importer, const ob_scope_t *scope, ob_wire_list_t entries,
                                               const char *node, ob_stated_list_t *list);
/* The attribute called `name`, or NULL. */
const ob_stated_t *ob_stated_find(const ob_stated_list_t *list, const char *name);
OB_MUST_CHECK ob_status_t ob_import_functions(ob_importer_t *importer, ob_wire_list_t entries);
/* The function that a node calls, or NULL. */
OB_MUST_CHECK ob_status_t ob_import_find_function(ob_importer_t *importer, const char *domain, const char *op, const char *overload,
                                                  ob_function_t **function);
/* Puts the function's nodes in place of a call, and fills record->results. */
OB_MUST_CHECK ob_status_t ob_import_call(ob_importer_t *importer, ob_scope_t *scope, ob_function_t *function, ob_record_t *record,
                                         const ob_stated_list_t *attributes);
/* A Constant node: fills record->results with a constant. */
OB_MUST_CHECK ob_status_t ob_import_constant(ob_importer_t *importer, ob_graph_t *graph, ob_record_t *record);

/* ---- making nodes (emit.c) */
/* Adds the record's node to the graph, types inferred, and fills record->results. */
OB_MUST_CHECK ob_status_t ob_record_emit(ob_importer_t *importer, ob_scope_t *scope, ob_record_t *record);
/* Rewrites the record step by step to the newest opset (upgrade.c). It may be made on the way: record->made. */
OB_MUST_CHECK ob_status_t ob_record_upgrade(ob_importer_t *importer, ob_scope_t *scope, ob_record_t *record);

#endif
