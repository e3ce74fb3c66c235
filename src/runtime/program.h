/* Programs: a graph that the host runs, as steps in segments, and the plans that bind its segments to shapes. */
#ifndef OB_RUNTIME_PROGRAM_H
#define OB_RUNTIME_PROGRAM_H

#include "runtime/model.h"

#define OB_NO_VALUE UINT32_MAX

typedef enum ob_step_kind {
  OB_STEP_REGION,  /* shapes follow from the symbols known before the segment: bound with the plan */
  OB_STEP_DYNAMIC, /* a region bound when its inputs exist */
  OB_STEP_IF,
  OB_STEP_LOOP,
  OB_STEP_SCAN
} ob_step_kind_t;

/* A body of control flow. */
typedef struct ob_step_body {
  ob_program_t *program;
  const uint32_t *captures; /* values of the outer program, for the body's last inputs */
  uint32_t capture_count;
} ob_step_body_t;

typedef struct ob_step {
  ob_step_kind_t kind;
  bool defers;            /* some output's shape is known only when it has run, or it is no plain tensor */
  bool full;              /* some input or output is no plain tensor: the engine gets full descriptions */
  const char *name;       /* of the node, or the region's symbol */
  const ob_node_t *node;  /* of control flow */
  ob_unit_t *unit;        /* of a region */
  const uint32_t *inputs, *outputs; /* values; OB_NO_VALUE where left out */
  const ob_value_t **output_values; /* NULL where not wanted */
  uint32_t input_count, output_count;
  uint32_t input_at, output_at; /* where their pointers begin in a frame */
  ob_step_body_t *bodies;
  uint32_t body_count;
} ob_step_t;

/* What the inputs' shapes say about symbols. */
typedef enum ob_rule_kind { OB_RULE_BIND, OB_RULE_CHECK } ob_rule_kind_t;
typedef struct ob_rule {
  ob_rule_kind_t kind;
  uint32_t input;
  int32_t axis;      /* -1: an element of the input's content */
  uint32_t element;
  uint32_t symbol;   /* BIND */
  const ob_expr_t *expr;
  int64_t min, max;  /* BIND: what the symbol may be */
} ob_rule_t;
typedef OB_ARRAY(ob_rule_t) ob_rules_t;

typedef struct ob_plan ob_plan_t;

/* Steps whose shapes are all known when the first of them starts. The last one may leave outputs whose shapes nobody knew. */
typedef struct ob_segment {
  uint32_t begin, end;
  uint32_t *symbols; /* its plans depend on these */
  size_t symbol_count;
  uint32_t *locals;  /* values that a plan of it places: made here with known shapes, or symbolic constants used here */
  size_t local_count;
  uint32_t *outputs; /* those of the locals (by their index there) that are made in place of program outputs */
  size_t output_count;
  ob_rules_t after;  /* what the deferred outputs of the last step say about symbols (rule.input: output of the step) */
  OB_ARRAY(const ob_guard_t *) guards; /* of its regions */
  pthread_mutex_t lock;
  ob_plan_t *plans; /* most recently made first */
  ob_plan_t *largest; /* those with room for all shapes, for different thread numbers; they stay */
  size_t plan_count;
  uint64_t clock;
} ob_segment_t;

struct ob_program {
  ob_model_t *model;
  ob_arena_t arena;
  const char *name;
  const ob_value_t **values;
  uint32_t value_count;
  uint32_t *inputs, *outputs; /* values */
  uint32_t input_count, output_count;
  const ob_value_t **input_values;
  ob_step_t *steps;
  uint32_t step_count;
  ob_segment_t *segments;
  uint32_t segment_count;
  uint32_t pointer_count; /* inputs and outputs of all steps */
  uint32_t *use_starts;   /* [value + 1] into `uses` */
  uint32_t *uses;         /* places in a frame's pointers that hold the value */
  int32_t *output_of;     /* [value]: the program output that is made in place of it, or -1 */
  uint32_t *last_use;     /* [value]: step that reads it last; step_count: lives to the end */
  bool *deferred;         /* [value]: its shape is known only once its step has run, or it is no plain tensor */
  ob_rules_t rules;
};

/* Makes the program of a partitioned graph. `known`: symbols that are known when it starts (by index), or NULL; it is not changed. */
OB_MUST_CHECK ob_status_t ob_program_create(ob_model_t *model, const ob_graph_t *graph, const bool *known,
                                            ob_program_t **program);
/* The program of one region alone: one step. */
OB_MUST_CHECK ob_status_t ob_program_of_region(ob_unit_t *unit, ob_program_t **program);
void ob_program_free(ob_program_t *program);

/* ---------------------------------------------------------------- checks of what artifacts state (calls.c) */

/* A region's call and its body must speak of values of the same types. `*as_stated` false: their shapes are other expressions, so the
 * region is bound with what it really gets. Errors: OB_INVALID_ARTIFACT. */
OB_MUST_CHECK ob_status_t ob_call_check(const ob_node_t *call, bool *as_stated);
/* Numbers of inputs, outputs and bodies that control flow takes for granted. Errors: OB_INVALID_MODEL. */
OB_MUST_CHECK ob_status_t ob_control_check(const ob_node_t *node, ob_step_kind_t kind);

/* ---------------------------------------------------------------- rules (rules.c) */

/* Adds what a value's type and content tell about symbols that are not known yet; `known` grows. */
OB_MUST_CHECK ob_status_t ob_rules_bind(ob_program_t *program, ob_rules_t *rules, uint32_t input, const ob_value_t *value,
                                        bool *known);
/* Adds checks of the dims that follow from known symbols. After all the bindings: a check may need any of them. */
OB_MUST_CHECK ob_status_t ob_rules_check(ob_program_t *program, ob_rules_t *rules, uint32_t input, const ob_value_t *value,
                                         const bool *known);
/* True when every symbol of the expression is known. */
bool ob_expr_all_known(const ob_expr_t *expr, const bool *known);
/* Takes away the rules for elements of symbols that nothing uses, so that data which decides no shape makes no new plans. */
void ob_rules_prune(ob_rules_t *rules, const bool *used);
/* Applies them to tensors. `names`: what to call tensor `input` in messages. */
OB_MUST_CHECK ob_status_t ob_rules_apply(const ob_rules_t *rules, const ob_program_t *program, const ob_value_t *const *values,
                                         const ob_tensor_t *const *tensors, int64_t *symbols);

/* ---------------------------------------------------------------- plans (plan.c) */

typedef enum ob_place_kind { OB_PLACE_ARENA, OB_PLACE_OUTPUT, OB_PLACE_CONTENT } ob_place_kind_t;
typedef struct ob_place {
  ob_place_kind_t kind;
  int32_t rank;
  const int64_t *dims;
  size_t bytes;
  size_t offset;    /* ARENA */
  uint32_t output;  /* OUTPUT */
  const void *data; /* CONTENT */
} ob_place_t;

/* A segment with numbers for its symbols. Immutable; counted. */
struct ob_plan {
  atomic_uint references;
  unsigned generation; /* of the model's engines */
  uint32_t threads;
  int64_t *key; /* [segment symbol] */
  ob_arena_t arena;
  ob_place_t *places;  /* [segment local] */
  ob_bound_t **bounds; /* [step - begin]; NULL for what is bound later */
  size_t bound_count;
  size_t *workspaces;  /* [step - begin]: offset in the arena */
  size_t arena_bytes;
  size_t lower_bound;  /* the most bytes alive at once */
  size_t total_bytes;  /* all values, as if none shared */
  uint64_t last_use;
  struct ob_plan *next;
};

typedef struct ob_plan_request {
  const ob_program_t *program;
  uint32_t segment;
  const int64_t *symbols;
  uint32_t threads;
  bool largest; /* room for all shapes: each value has the most bytes that it can come to, and nothing is made in place */
} ob_plan_request_t;

/* From the cache, or new. Give it back with ob_plan_release(). */
OB_MUST_CHECK ob_status_t ob_plan_acquire(const ob_plan_request_t *request, ob_plan_t **plan);
void ob_plan_release(ob_plan_t *plan);
/* Outside of the cache, with one reference. */
OB_MUST_CHECK ob_status_t ob_plan_create(const ob_plan_request_t *request, ob_plan_t **plan);
void ob_plan_free(const ob_allocator_t *allocator, ob_plan_t *plan);
void ob_plan_free_all(const ob_allocator_t *allocator, ob_plan_t *first); /* a list */
/* The parts of making one: memory for what a plan says, in plan->arena; then, as often as you like, guards, shapes and contents. */
OB_MUST_CHECK ob_status_t ob_plan_reserve(const ob_plan_request_t *request, ob_plan_t *plan);
OB_MUST_CHECK ob_status_t ob_plan_shape(const ob_plan_request_t *request, ob_plan_t *plan);

/* ---------------------------------------------------------------- one plan for all shapes (bounded.c) */

/* The most bytes that a value can have. OB_UNSUPPORTED when there is no limit. */
OB_MUST_CHECK ob_status_t ob_value_largest_bytes(const ob_model_t *model, const ob_value_t *value, size_t *bytes);
/* The plan of a segment with room for all shapes; lives as long as the program. OB_UNSUPPORTED: a symbol has no largest size. */
OB_MUST_CHECK ob_status_t ob_segment_largest(const ob_program_t *program, uint32_t segment, uint32_t threads, const ob_plan_t **plan);
/* Bytes that all shapes of the program run in. OB_UNSUPPORTED: there is no telling, and why. */
OB_MUST_CHECK ob_status_t ob_program_arena_bytes(const ob_program_t *program, uint32_t threads, size_t *bytes);

#endif
