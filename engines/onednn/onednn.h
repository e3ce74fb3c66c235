/* The engine's own structs: operators it knows, the program that compile makes of a region, the plan that bind makes of the
 * program, and the instance that runs.
 *
 * compile: nodes become ops (one contraction with what is fused behind it, or one lighter node); a trial plan with typical sizes tells
 *          the layouts of weights, which the host then keeps packed.
 * bind:    ops become steps (oneDNN primitives) with buffers; layouts go from producer to consumer, reorders where they must.
 * run:     buffers get addresses, primitives are executed in order. */
#ifndef OB_ONEDNN_ONEDNN_H
#define OB_ONEDNN_ONEDNN_H

#include <pthread.h>

#include "kit/kit.h"
#include "onednn/shim/shim.h"

enum { DN_MAX_POSTS = 8, DN_MAX_ARGS = 24 };
#define DN_NONE UINT32_MAX

typedef struct dn_plan dn_plan_t;
typedef struct dn_op dn_op_t;

/* ---------------------------------------------------------------- operators */

typedef enum dn_role {
  DN_CONTRACTION, /* worth a library by itself */
  DN_LIGHT,       /* taken next to a contraction only */
  DN_VIEW         /* moves nothing; taken between others */
} dn_role_t;

/* Words for a refusal. */
typedef struct dn_reason {
  char *text;
  size_t size;
} dn_reason_t;
/* Writes the words and returns false. */
bool dn_refuse(dn_reason_t *reason, const char *format, ...) OB_PRINTF(2, 3);

/* An element-wise function as oneDNN has it: one after the other, both of different algorithms. */
typedef struct dn_function {
  size_t count;
  struct {
    dnnl_alg_kind_t algorithm;
    float alpha, beta;
  } part[2];
} dn_function_t;

enum { DN_TAKES_ELTWISE = 1 << 0, DN_TAKES_BINARY = 1 << 1, DN_TAKES_BIAS = 1 << 2 };

typedef struct dn_kind {
  const char *op, *domain;
  dn_role_t role;
  unsigned takes; /* what may be fused behind it */
  bool all_outputs; /* makes outputs behind the first too, and the first may be absent */
  bool (*supports)(const ob_node_view_t *node, dn_reason_t *reason);
  ob_status_t (*plan)(dn_plan_t *plan, const dn_op_t *op);
  void (*lower)(dn_op_t *op); /* what the node itself brings as fused parts; NULL: nothing but a bias */
  bool (*function)(const ob_node_view_t *node, dn_function_t *function); /* of an element-wise operator; false: not this node */
  dnnl_alg_kind_t binary; /* of an operator with two operands; else dnnl_alg_kind_undef */
} dn_kind_t;

/* The node's first output that is there; NULL: none. */
const ob_value_view_t *dn_first_output(const ob_node_view_t *node);
/* NULL when the engine does not know the operator. */
const dn_kind_t *dn_kind_find(const ob_node_view_t *node);
bool dn_has_operator(const ob_engine_t *engine, const char *domain, const char *op);

/* Helpers of `supports`. */
bool dn_all_float32(const ob_node_view_t *node, dn_reason_t *reason);
bool dn_numbers_known(const ob_node_view_t *node, const char *attribute, dn_reason_t *reason); /* not symbolic */
int64_t dn_int(const ob_node_view_t *node, const char *name, int64_t fallback);
float dn_float(const ob_node_view_t *node, const char *name, float fallback);
/* A float constant of one element whose plain data is at hand. */
bool dn_scalar(const ob_value_view_t *value, float *number);
/* The same dims, whatever the symbols are. */
bool dn_same_shape(const ob_value_view_t *a, const ob_value_view_t *b);
/* `small` broadcasts to `large` without making it larger. */
bool dn_broadcasts_to(const ob_value_view_t *small, const ob_value_view_t *large);

/* ---------------------------------------------------------------- engine, neighbours */

typedef struct dn_marks {
  pthread_mutex_t mutex;
  const void *key[4];
  bool *near; /* [node] next to a contraction */
  size_t count;
} dn_marks_t;

struct ob_engine {
  const ob_host_t *host;
  dnnl_engine_t dnnl;
  dn_marks_t *marks;
  char library[64], fingerprint[128];
  int32_t block; /* channels in a block that its kernels like on this CPU: those of a vector. 0: none */
};

bool dn_supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason,
                 size_t reason_size);
/* Is the node, itself one of ours, close enough to a contraction of ours? */
bool dn_is_near(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node);
/* `supports` without the neighbours. */
bool dn_knows(const ob_node_view_t *node, dn_reason_t *reason);

/* ---------------------------------------------------------------- program */

typedef struct dn_fused {
  const ob_node_view_t *node;
  bool binary;
  dnnl_alg_kind_t algorithm;
  float alpha, beta;
  uint32_t operand; /* binary: value */
  uint32_t result;  /* value that the node makes; DN_NONE inside a function of two parts */
} dn_fused_t;

struct dn_op {
  const dn_kind_t *kind;
  const ob_node_view_t *node;
  uint32_t index;  /* in the program */
  uint32_t output; /* value: of the last fused node */
  uint32_t base;   /* value: of the node, or of the Add that became its bias */
  uint32_t bias;   /* value of a fused bias, or DN_NONE */
  uint32_t place;  /* index of the last node in it: ops are ordered by this */
  dn_fused_t fused[DN_MAX_POSTS];
  size_t fused_count;
};

/* How weights lie: a layout over the dims of oneDNN's descriptor, or transformed. Found once. */
typedef struct dn_choice {
  uint32_t known;
  uint32_t winograd; /* outputs of a tile in each direction, 2 or 4; 0: not by Winograd's algorithm */
  ob_layout_t layout;
} dn_choice_t;

struct ob_executable {
  ob_engine_t *engine;
  const ob_region_view_t *region;
  ob_arena_t arena;
  dn_op_t *ops;
  size_t op_count;
  uint32_t *reads;       /* [value] how many times ops read it */
  dn_choice_t *choices;  /* [op] */
};

OB_MUST_CHECK ob_status_t dn_program_build(ob_executable_t *executable);
ob_status_t dn_compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable);
void dn_release_executable(ob_executable_t *executable);
ob_status_t dn_save(const ob_executable_t *executable, void **blob, size_t *size);
ob_status_t dn_load(ob_engine_t *engine, const ob_region_view_t *region, const void *blob, size_t size, ob_executable_t **executable);

/* ---------------------------------------------------------------- instance */

typedef enum dn_place { DN_WORK, DN_INPUT, DN_OUTPUT, DN_FIXED } dn_place_t;

typedef struct dn_buffer {
  dn_place_t place;
  uint32_t index;    /* DN_INPUT, DN_OUTPUT: of the region */
  const void *data;  /* DN_FIXED */
  size_t bytes;
  uint32_t first, last; /* steps at which it is alive */
  uint32_t pending;  /* reads still to be planned */
  uint32_t root;     /* the buffer that it is a part of, or itself */
  size_t delta;      /* where in the root */
  bool shared;       /* has parts: never overwritten */
  size_t offset;     /* DN_WORK: in the workspace */
} dn_buffer_t;

typedef struct dn_arg {
  int id; /* DNNL_ARG_ */
  dn_md_t md;
  uint32_t buffer;
} dn_arg_t;

/* Work that is not oneDNN's. */
typedef struct dn_own {
  void (*run)(const struct dn_own *own, const ob_host_t *host, void *const *data); /* data: [arg] */
} dn_own_t;

typedef struct dn_step {
  const dn_own_t *own;        /* NULL: the primitive */
  dnnl_primitive_t primitive;
  const_dnnl_primitive_desc_t pd;
  dn_arg_t *args;
  int arg_count;
  const char *text; /* "Conv+Add+Relu jit:avx512_core", for tests and logs */
} dn_step_t;

/* The objects of one call at a time. */
typedef struct dn_frame {
  struct dn_frame *next;
  dn_store_t store;
  dnnl_stream_t stream;
  dnnl_exec_arg_t *args; /* of all steps, one after the other */
  void **handles;        /* [arg] what its memory points to at present */
} dn_frame_t;

struct ob_instance {
  const ob_executable_t *executable;
  dn_store_t store;
  uint32_t threads;
  dn_step_t *steps;
  size_t step_count, arg_count;
  dn_buffer_t *buffers;
  size_t buffer_count;
  size_t workspace_bytes;
  pthread_mutex_t mutex; /* guards `frames` */
  dn_frame_t *frames;    /* not in use */
};

ob_status_t dn_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info, ob_instance_t **instance);
ob_status_t dn_run(const ob_instance_t *instance, const ob_call_t *call);
void dn_release_instance(ob_instance_t *instance);
OB_MUST_CHECK ob_status_t dn_frame_create(const ob_instance_t *instance, dn_frame_t **frame);
void dn_frame_free(const ob_allocator_t *allocator, dn_frame_t *frame);
/* What step `index` is: its nodes' operators joined by '+', then oneDNN's implementation. NULL past the end. */
const char *dn_instance_step(const ob_instance_t *instance, size_t index);

/* ---------------------------------------------------------------- plan: what `plan` functions of operators work with */

/* Where a value is, and how it lies there. */
typedef struct dn_ref {
  dn_md_t md;
  uint32_t buffer;
} dn_ref_t;

typedef struct dn_held {
  dn_ref_t main;                /* buffer DN_NONE: not made yet */
  OB_ARRAY(dn_ref_t) copies;    /* the same in other layouts */
  uint32_t joins;               /* index of the op (a Concat) that wants it as a part of its output, or DN_NONE */
  int64_t joins_at;             /* at this element of the joined axis */
} dn_held_t;

struct dn_plan {
  const ob_host_t *host;
  dnnl_engine_t dnnl;
  ob_executable_t *executable;
  const ob_binding_t *binding;
  ob_instance_t *instance;
  dn_store_t *store;         /* the instance's */
  const ob_allocator_t *allocator;
  OB_ARRAY(dn_step_t) steps;
  OB_ARRAY(dn_buffer_t) buffers;
  dn_held_t *values;         /* [value] */
  const dn_op_t *op;         /* at work */
  bool trial;                /* compile's: choices are written down */
  int8_t blocks;             /* answer of dn_prefers_blocks(); -1: not asked yet */
};

/* Should convolutions keep channels in blocks of engine->block (else channels last, or what oneDNN likes)? */
bool dn_prefers_blocks(dn_plan_t *plan);
/* Tiles of how many outputs the plan makes a Conv by Winograd's algorithm with: 2, 4, or 0 for not at all. */
size_t dn_winograd_outputs(const dn_plan_t *plan, const ob_node_view_t *node);
/* Is that sensible for a value of so many channels? */
bool dn_fits_blocks(const dn_plan_t *plan, int64_t channels);

int32_t dn_rank(const dn_plan_t *plan, const ob_value_view_t *value);
const int64_t *dn_dims(const dn_plan_t *plan, const ob_value_view_t *value);
size_t dn_count(const dn_plan_t *plan, const ob_value_view_t *value);
const int64_t *dn_plan_ints(const dn_plan_t *plan, const ob_node_view_t *node, const char *name, size_t *count);

/* The value as it lies now. */
OB_MUST_CHECK ob_status_t dn_read(dn_plan_t *plan, uint32_t value, dn_ref_t *ref);
/* The value in the layout `md` (same dims); reordered where it does not lie so. */
OB_MUST_CHECK ob_status_t dn_read_as(dn_plan_t *plan, uint32_t value, dn_md_t md, dn_ref_t *ref);
/* The value row-major, described with other dims of the same number of elements (the value's own for rank -1). */
OB_MUST_CHECK ob_status_t dn_read_plain(dn_plan_t *plan, uint32_t value, int32_t rank, const int64_t *dims, dn_ref_t *ref);
/* As it lies, if it is row-major, channels last or in blocks; else row-major. */
OB_MUST_CHECK ob_status_t dn_read_usual(dn_plan_t *plan, uint32_t value, dn_ref_t *ref);
/* The plain elements of a constant. */
OB_MUST_CHECK ob_status_t dn_plain_constant(dn_plan_t *plan, const ob_value_view_t *view, const void **data);
/* Room for a value that the next step makes. */
OB_MUST_CHECK ob_status_t dn_write(dn_plan_t *plan, uint32_t value, dn_md_t md, dn_ref_t *ref);
/* The same in the memory of `over`, which may_overwrite. */
OB_MUST_CHECK ob_status_t dn_write_over(dn_plan_t *plan, uint32_t value, dn_ref_t over);
bool dn_may_overwrite(const dn_plan_t *plan, dn_ref_t ref);
/* Says that `value` lies at `ref` from now on (a view). */
OB_MUST_CHECK ob_status_t dn_place_value(dn_plan_t *plan, uint32_t value, dn_ref_t ref);
OB_MUST_CHECK ob_status_t dn_buffer_new(dn_plan_t *plan, dn_buffer_t buffer, uint32_t *index);
/* Does the descriptor say the same memory as row-major dims would? */
bool dn_md_is_plain(dn_md_t md);

/* Adds a step and takes over `pd`. The scratchpad is added to the arguments. */
OB_MUST_CHECK ob_status_t dn_step(dn_plan_t *plan, dnnl_primitive_desc_t pd, const dn_arg_t *args, size_t count, const char *text);
/* The same for work of our own, which lives with the store. */
OB_MUST_CHECK ob_status_t dn_step_own(dn_plan_t *plan, const dn_own_t *own, const dn_arg_t *args, size_t count, const char *text);
OB_MUST_CHECK ob_status_t dn_attr_create(const dn_post_t *posts, size_t count, dnnl_primitive_attr_t *attr);
OB_MUST_CHECK ob_status_t dn_step_reorder(dn_plan_t *plan, dn_ref_t from, dn_ref_t to);
/* "Conv+Relu" for an op with its first `fused` fused nodes. Lives with the store. */
OB_MUST_CHECK ob_status_t dn_op_text(dn_plan_t *plan, const dn_op_t *op, size_t fused, const char **text);

/* Constants. A descriptor's dims come from those of the constant: axis[d] is the constant's dim behind dim d of the descriptor, or -1 (size
 * 1). Two dims of the descriptor may share one of the constant, the lower-numbered outermost (groups). */
typedef struct dn_axes {
  int8_t axis[DN_MAX_RANK];
} dn_axes_t;
/* Reorders `data` that lies as `from` says into `buffer`, as `to` says. */
OB_MUST_CHECK ob_status_t dn_pack(dnnl_engine_t engine, dn_md_t from, const void *data, dn_md_t to, void *buffer);
/* Is the value a constant? Then the plan may choose its layout. */
OB_MUST_CHECK ob_status_t dn_weights(dn_plan_t *plan, const ob_value_view_t *value, dn_md_t md, const dn_axes_t *axes, dn_ref_t *ref);
/* The strided descriptor of the plain constant under these axes. */
OB_MUST_CHECK ob_status_t dn_weights_plain(dn_plan_t *plan, const ob_value_view_t *value, int32_t rank, const int64_t *dims,
                                           const dn_axes_t *axes, dn_md_t *md);
/* A constant data pointer as an argument. */
OB_MUST_CHECK ob_status_t dn_fixed(dn_plan_t *plan, const void *data, dn_md_t md, dn_ref_t *ref);
/* The layout that was chosen for the op's weights before, or NULL; and writes down what was chosen in a trial. */
OB_MUST_CHECK ob_status_t dn_chosen(dn_plan_t *plan, int32_t rank, const int64_t *dims, dn_md_t *md);
void dn_choose(dn_plan_t *plan, dn_md_t md);

/* A contraction with its fused nodes. `make` creates a descriptor for a list of post-operations. */
typedef struct dn_maker {
  dnnl_status_t (*make)(void *self, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd);
  void *self;
  dn_plan_t *plan;
  int32_t rank;        /* of the primitive's output, with... */
  const int64_t *dims; /* ...these dims; those of the value, or another shape of it */
  dn_md_t dst;         /* the primitive's output, when the maker asks for a certain layout; NULL: oneDNN chooses */
} dn_maker_t;
typedef struct dn_made {
  dnnl_primitive_desc_t pd;
  size_t fused;  /* how many of the op's fused nodes are in it */
  bool needs_dst; /* operands of the output's size lie as the output of the bare primitive */
  bool slow;     /* the implementation is one of the slow ones */
  bool sums;     /* into the memory of `dst` */
  dn_ref_t dst;
  dn_arg_t args[DN_MAX_POSTS];
  size_t arg_count; /* operands of the post-operations */
} dn_made_t;
/* Chooses post-operations that work and are fast. */
OB_MUST_CHECK ob_status_t dn_make(const dn_maker_t *maker, const dn_op_t *op, dn_made_t *made);
/* The destination, and the step: `args` are those of the primitive itself but DST; takes over made->pd. Fused nodes that did not
 * fit in follow as steps of their own. */
OB_MUST_CHECK ob_status_t dn_made_step(const dn_maker_t *maker, const dn_op_t *op, dn_made_t *made, const dn_arg_t *args, size_t count);
/* Fused nodes that did not fit in become steps of their own, from `fused` on. */
OB_MUST_CHECK ob_status_t dn_finish(dn_plan_t *plan, const dn_op_t *op, size_t fused);

/* Steps for single element-wise nodes. */
OB_MUST_CHECK ob_status_t dn_plan_eltwise(dn_plan_t *plan, uint32_t from, uint32_t to, const dn_function_t *function, const char *text);
OB_MUST_CHECK ob_status_t dn_plan_binary(dn_plan_t *plan, uint32_t a, uint32_t b, uint32_t to, dnnl_alg_kind_t algorithm,
                                         const dn_op_t *op, const char *text);

/* The window of a Conv, ConvTranspose or pool from attributes and sizes. `in`, `out`: spatial dims. */
typedef struct dn_window_in {
  const ob_node_view_t *node;
  int32_t count;
  const int64_t *in, *out, *kernel;
  bool transposed;
} dn_window_in_t;
OB_MUST_CHECK ob_status_t dn_window_read(const dn_plan_t *plan, const dn_window_in_t *in, dn_window_t *window);

#endif
