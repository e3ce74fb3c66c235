/* The engine ABI, version 1: everything that the author of an engine needs.
 *
 * An engine is a shared library `ob_engine_NAME.so` that exports one function, ob_engine_entry(). The host (Outboard's
 * core) shows it regions (closed pieces of a model's graph), and the engine turns them into something that runs:
 *
 *     open -> supports (each node) -> compile (region -> executable) -> bind (shapes -> instance) -> run -> release
 *
 * Rules that hold everywhere:
 * - Every struct begins with `struct_size`. Structs only grow at their end: look at struct_size before you read a member
 *   that version 1.0 did not have. Arrays of structs are arrays of pointers for the same reason.
 * - What the host passes stays the host's, and lives as long as stated. What an engine returns, the engine releases.
 * - executables and instances are used from many threads at once: whatever changes during `run` belongs to the call.
 * - Functions return an ob_status_t; to fail, return ob_host->fail(...) with words that name the node and the value.
 * - Engines never print, exit, abort, or change the locale or signal handlers.
 * - Values are tensors. Strings, sequences, optionals and maps go to the built-in engines only, unless an engine
 *   sets OB_ENGINE_ANY_KIND. */
#ifndef OUTBOARD_ENGINE_H
#define OUTBOARD_ENGINE_H

#include <outboard/types.h>

#define OB_ENGINE_ABI 1u

typedef struct ob_engine ob_engine_t;         /* the engine's state: one a process */
typedef struct ob_executable ob_executable_t; /* the engine's form of a region, generic over symbols */
typedef struct ob_instance ob_instance_t;     /* an executable made ready for given shapes and a thread number */

/* ---------------------------------------------------------------- regions, as the host shows them */

typedef enum ob_attribute_kind {
  OB_ATTRIBUTE_INT = 1,
  OB_ATTRIBUTE_FLOAT,
  OB_ATTRIBUTE_STRING,
  OB_ATTRIBUTE_INTS,
  OB_ATTRIBUTE_FLOATS,
  OB_ATTRIBUTE_STRINGS,
  OB_ATTRIBUTE_TENSOR
} ob_attribute_kind_t;

/* An attribute of a node. Attributes that the model leaves out but the operator gives a default are present. */
typedef struct ob_attribute_view {
  size_t struct_size;
  const char *name;
  ob_attribute_kind_t kind;
  bool symbolic; /* an INT or INTS with expressions in it: the numbers come with the binding */
  size_t count;  /* of elements; 1 for INT, FLOAT, STRING and TENSOR */
  const int64_t *ints;
  const float *floats;
  const ob_string_t *strings; /* each followed by a NUL byte */
  const ob_tensor_t *tensor;
} ob_attribute_view_t;

/* A value of a region: an input, a constant, or what a node makes. */
typedef struct ob_value_view {
  size_t struct_size;
  uint32_t index;        /* its place in region->values */
  const char *name;      /* UTF-8, unique in the region */
  ob_kind_t kind;
  ob_dtype_t dtype;
  int32_t rank;          /* -1: not known until run time */
  const int64_t *dims;   /* OB_DYNAMIC where symbolic; the numbers come with the binding */
  const char *const *dim_texts; /* each dim as an expression's text: "128", "N*(H//2 + 1)" */
  const void *constant;  /* the payload of a constant, plain row-major, 64-byte aligned; NULL otherwise. Lives as long as the
                            model. NULL too, with is_constant set, when only a packed form is kept: ask host->constant() */
  bool is_constant;
  bool has_content;      /* a small integer tensor whose elements are expressions of the shapes: they come with the binding,
                            and the host also passes them in memory when the region runs */
  int32_t producer;      /* index of the node that makes it; -1 for inputs and constants */
  uint32_t producer_output;
  uint32_t use_count;    /* by nodes of this region */
  bool is_input, is_output;
} ob_value_view_t;

/* A node: one operator of ONNX's newest opset (or of the domain that it names) applied to values. */
typedef struct ob_node_view {
  size_t struct_size;
  uint32_t index; /* its place in region->nodes, which is a topological order */
  const char *name;
  const char *op;
  const char *domain; /* "" for ai.onnx */
  int32_t since;      /* since-version of the operator's definition that the node follows */
  size_t input_count, output_count, attribute_count;
  const ob_value_view_t *const *inputs;  /* NULL where an optional input is left out */
  const ob_value_view_t *const *outputs; /* NULL where an optional output is not wanted */
  const ob_attribute_view_t *const *attributes;
} ob_node_view_t;

/* A closed piece of graph: inputs and constants in, outputs out, nothing else. Immutable. */
typedef struct ob_region_view {
  size_t struct_size;
  const char *symbol; /* the region's name in the model */
  size_t node_count, value_count, input_count, output_count;
  const ob_node_view_t *const *nodes;
  const ob_value_view_t *const *values;
  const ob_value_view_t *const *inputs;
  const ob_value_view_t *const *outputs;
  void *host; /* the host's own */
} ob_region_view_t;

/* A region with numbers for its symbols. Lives until `bind` returns: copy what you need. */
typedef struct ob_binding {
  size_t struct_size;
  const ob_region_view_t *region;
  uint32_t threads;                  /* that `run` may use, at least 1 */
  const int64_t *const *dims;        /* [value]: rank numbers; NULL when that value's shape is known only after it ran */
  const int32_t *ranks;              /* [value]: -1 when not known */
  const int64_t *const *contents;    /* [value]: elements of a small integer tensor as int64 (bool as 0 and 1) known at bind,
                                        as many as its dims say; NULL otherwise */
  const int64_t *const *const *attribute_ints; /* [node][attribute]: the numbers of an INT or INTS; NULL for other kinds */
} ob_binding_t;

/* ---------------------------------------------------------------- calls */

/* One call of an instance. Everything in it belongs to this call alone. */
typedef struct ob_call {
  size_t struct_size;
  const void *const *inputs; /* [region input]: elements, in the layout that the instance asked for. Never written to,
                                except an input that the instance said it may overwrite */
  void *const *outputs;      /* [region output]: room for elements; NULL where the shape was not known at bind: use `allocate` */
  void *workspace;           /* instance_info.workspace_bytes bytes, aligned to 64; contents undefined */
  uint64_t deadline_ns;      /* of CLOCK_MONOTONIC; 0: none. Engines may ignore it and say so in their info */
  const volatile int *cancel; /* becomes non-zero when the caller gives up; NULL: never */
  /* Gives room for output `output` whose shape `bind` did not know. Call it once an output and run.
   * `data` is aligned to 64 bytes and lives until the host has passed the value on. */
  ob_status_t (*allocate)(const struct ob_call *call, uint32_t output, int32_t rank, const int64_t *dims, void **data);
  /* Passes a string tensor, sequence, optional or map as output `output`; the host copies it deeply. */
  ob_status_t (*put)(const struct ob_call *call, uint32_t output, const ob_tensor_t *value);
  /* [region input]: full description of inputs that are not plain tensors of fixed-size elements; NULL when none is. */
  const ob_tensor_t *const *input_tensors;
  void *host; /* the host's own */
} ob_call_t;

/* ---------------------------------------------------------------- services of the host */

typedef void (*ob_parallel_body_t)(void *arg, size_t begin, size_t end);

typedef struct ob_host {
  size_t struct_size;
  uint32_t abi;
  const ob_allocator_t *allocator;

  /* Records a printf-style message for the calling thread and returns `status`. Never fails, never allocates. */
  ob_status_t (*fail)(ob_status_t status, const char *format, ...) OB_PRINTF(2, 3);
  /* Puts words in front of the message of a failure on its way up; returns `status`. */
  ob_status_t (*fail_within)(ob_status_t status, const char *format, ...) OB_PRINTF(2, 3);
  /* Passes a line to the user's log callback. */
  void (*log)(ob_log_level_t level, const char *format, ...) OB_PRINTF(2, 3);

  /* A constant in the layout that the engine wants, as used in place by its kernels: 64-byte aligned, living as long as
   * the model. The host packs it on first use, keeps it in the artifact (instead of the plain form where nobody else
   * needs that) and maps it at load. `value` must be a constant with elements of whole bytes. Thread-safe. */
  ob_status_t (*constant)(const ob_region_view_t *region, uint32_t value, const ob_layout_t *layout, const void **data);
  /* Bytes that `layout` takes for these dims, padding included; OB_INVALID_ARGUMENT when it does not fit them. */
  ob_status_t (*layout_bytes)(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, size_t *bytes);
  /* Engine-made data that no layout describes (Winograd weights, compensation, merged biases), kept in the artifact beside
   * the plain constants, under `key` (unique in the region; name the library version, CPU features and algorithm in it).
   * If it is there, *stored is set and `fill` is not called; else the host allocates `bytes`, calls fill(arg, buffer)
   * and keeps it. *stored is 64-byte aligned and lives as long as the model. Thread-safe. */
  ob_status_t (*packed)(const ob_region_view_t *region, const char *key, size_t bytes,
                        ob_status_t (*fill)(void *arg, void *buffer), void *arg, const void **stored);

  /* The region as Outboard's graph JSON, or as a serialised ONNX ModelProto. Release with allocator->release. */
  ob_status_t (*region_json)(const ob_region_view_t *region, char **text, size_t *size);
  ob_status_t (*region_onnx)(const ob_region_view_t *region, void **bytes, size_t *size);

  /* Runs body(arg, begin, end) over [0, count) cut into at most `threads` contiguous pieces of at least `grain`.
   * On one thread, or for a count below 2 * grain, it is a plain call. `body` must not fail. */
  void (*parallel_for)(uint32_t threads, size_t count, size_t grain, ob_parallel_body_t body, void *arg);
  /* Thread number that regions will most likely be bound with: what `compile` should prepare for. */
  uint32_t typical_threads;
  /* Typical size of a symbolic dim at compile time: `axis` of `value`. At least 1. */
  int64_t (*typical_dim)(const ob_region_view_t *region, uint32_t value, int32_t axis);

  /* --- not in version 1.0: look at struct_size --- */
  /* binding->region as a serialised ONNX ModelProto with the binding's numbers in place of symbols; for `bind`. region_onnx() writes
   * symbols as the shapes of inputs, and gives OB_UNSUPPORTED where that does not do (symbols in attributes): this always does. */
  ob_status_t (*region_onnx_bound)(const ob_binding_t *binding, void **bytes, size_t *size);
} ob_host_t;

/* ---------------------------------------------------------------- the engine */

/* What an instance tells the host. Zeroed by the host before `bind`; arrays live as long as the instance. */
typedef struct ob_instance_info {
  size_t struct_size;
  size_t workspace_bytes; /* needed in each call */
  /* [region output]: index of the region input whose memory it may take over (same byte size, the engine copes with both
   * being one buffer), or -1. NULL: none. The host decides. */
  const int32_t *in_place;
  /* [region input], [region output]: layouts; a NULL array or entry is plain row-major. */
  const ob_layout_t *const *input_layouts;
  const ob_layout_t *const *output_layouts;
} ob_instance_info_t;

enum {
  OB_ENGINE_ANY_KIND = 1 << 0,     /* takes strings, sequences, optionals and maps */
  OB_ENGINE_LAST_RESORT = 1 << 1,  /* its support is complete and slow: single-node regions are fine */
  OB_ENGINE_IGNORES_CANCEL = 1 << 2, /* does not look at deadline_ns and cancel inside `run` */
  OB_ENGINE_FUSES_QDQ = 1 << 3     /* computes DequantizeLinear, operator, QuantizeLinear as one operator of bytes: such nodes go to it
                                      before engines that would compute them in floats, and their weights stay bytes */
};

/* Which sizes an executable accepts, and what `bind` costs. The host keeps an instance for each set of numbers of those symbols that the
 * region depends on, whatever is said here. */
typedef enum ob_accepts {
  OB_ACCEPTS_ANY,   /* all sizes: `bind` is arithmetic, it compiles nothing */
  OB_ACCEPTS_RANGE, /* the same for the sizes that `range` tells; the host binds the region for others on another engine */
  OB_ACCEPTS_EXACT  /* all sizes, and `bind` builds something for these alone (kernels, a graph of a library) */
} ob_accepts_t;

typedef struct ob_engine_info {
  size_t struct_size;
  const char *name;    /* as in ob_engine_NAME.so: [a-z0-9_]+ */
  const char *version; /* the engine's own */
  const char *library; /* the library behind it with its version, or "" */
  const char *about;   /* one line for people */
  uint32_t flags;
} ob_engine_info_t;

typedef struct ob_engine_api {
  size_t struct_size;
  uint32_t abi; /* OB_ENGINE_ABI */

  /* --- required --- */
  ob_status_t (*open)(const ob_host_t *host, ob_engine_t **engine); /* `host` lives until close */
  void (*close)(ob_engine_t *engine);
  /* Fills `info` (zeroed, struct_size set); strings live until close. */
  void (*info)(const ob_engine_t *engine, ob_engine_info_t *info);
  /* Can this engine run `node` of `region` (which is here a whole graph: look at neighbours if that matters)?
   * Answers no with a reason in words, as a person would want to read it: "Conv: 3-D kernels need float32, this is float16". */
  bool (*supports)(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node,
                   char *reason, size_t reason_size);
  /* `region` lives until the executable is released. */
  ob_status_t (*compile)(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable);
  ob_status_t (*bind)(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info,
                      ob_instance_t **instance);
  ob_status_t (*run)(const ob_instance_t *instance, const ob_call_t *call);
  void (*release_instance)(ob_instance_t *instance);
  void (*release_executable)(ob_executable_t *executable);

  /* --- optional: NULL when absent --- */
  /* Library version, CPU features or device, options: a blob or packed data from another fingerprint is never used. */
  const char *(*fingerprint)(const ob_engine_t *engine);
  /* Writes the executable so that `load` in another process is cheaper than `compile`. Release with allocator->release. */
  ob_status_t (*save)(const ob_executable_t *executable, void **blob, size_t *size);
  /* `blob` has this engine's fingerprint and this region's hash. It lives as long as the executable. */
  ob_status_t (*load)(ob_engine_t *engine, const ob_region_view_t *region, const void *blob, size_t size,
                      ob_executable_t **executable);
  /* NULL: as OB_ACCEPTS_EXACT. Asked once, after `compile` or `load`. */
  ob_accepts_t (*accepts)(const ob_executable_t *executable);
  /* Is there any node of this operator that `supports` may say yes to? For people who want an overview. Not in version 1.0:
   * look at struct_size. */
  bool (*knows)(const ob_engine_t *engine, const char *domain, const char *op);
  /* Of an executable that accepts a range: the least and the largest size of `axis` of region input `input`. Both come in as what the
   * model says (0 and INT64_MAX where it says nothing), and may be narrowed. NULL: no size is refused. Not in version 1.0. */
  void (*range)(const ob_executable_t *executable, uint32_t input, int32_t axis, int64_t *least, int64_t *largest);
  /* Makes an instance one for other numbers: as `bind`, in the memory that the instance has already. `info` is zeroed, as before
   * `bind`. No call uses the instance meanwhile; after a failure it can be bound again or released, not run. It should allocate
   * nothing when the instance was first bound to sizes at least as large. NULL: a new instance for new numbers. Not in version 1.0. */
  ob_status_t (*rebind)(ob_instance_t *instance, const ob_binding_t *binding, ob_instance_info_t *info);
} ob_engine_api_t;

/* The one symbol of an engine's library. Returns NULL when it cannot work with a host of this ABI version. */
typedef const ob_engine_api_t *(*ob_engine_entry_t)(uint32_t host_abi);
OB_API const ob_engine_api_t *ob_engine_entry(uint32_t host_abi);

#endif
