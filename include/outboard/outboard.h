/* Outboard for its users: compile a model, load an artifact, run it.
 *
 *     ob_model_t *model = NULL;
 *     ob_context_t *context = NULL;
 *     if (ob_model_open("model.ob", NULL, &model) != OB_OK) die(ob_error_message());
 *     ob_context_create(ob_model_function(model, NULL), NULL, &context);
 *     ob_context_run(context, inputs, outputs, NULL);
 *
 * Threads: an ob_model_t and its functions are immutable; any number of threads may use them at once. An ob_context_t
 * belongs to one call at a time: give each thread its own.
 * Errors: every function that can fail returns an ob_status_t; after a failure ob_error_message() says what happened.
 * Option structs: zero them, set struct_size, set what you need. A NULL pointer means all defaults. */
#ifndef OUTBOARD_OUTBOARD_H
#define OUTBOARD_OUTBOARD_H

#include <outboard/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ob_model ob_model_t;       /* a loaded model: graph, constants, engines. Immutable, shared */
typedef struct ob_function ob_function_t; /* something callable in a model: the whole of it, or one region */
typedef struct ob_context ob_context_t;   /* memory of one caller: arena, plans in use */

/* ---------------------------------------------------------------- errors and names */

/* The message of the last failure on the calling thread. Valid until the next call on this thread; never NULL. */
OB_API const char *ob_error_message(void);
/* "ok", "out of memory", ... for any value. */
OB_API const char *ob_status_name(ob_status_t status);
/* "float32", "int4", ... ; "undefined" for anything unknown. */
OB_API const char *ob_dtype_name(ob_dtype_t dtype);
/* Bytes that `count` elements take; sub-byte types are packed and rounded up. Strings: sizeof(ob_string_t) each. */
OB_API size_t ob_dtype_bytes(ob_dtype_t dtype, size_t count);
/* CPUs that affinity and cgroup limits leave to this process, at least 1: what `threads` 0 means. */
OB_API uint32_t ob_default_threads(void);
/* "0.1.0". */
OB_API const char *ob_version(void);

/* ---------------------------------------------------------------- options */

/* How a model is compiled, when an ONNX file is opened or compiled. */
typedef struct ob_compile_options {
  size_t struct_size;
  const char *engines;       /* preference, comma-separated; NULL: "onednn,cpu,ref", less what is not installed */
  const char *require;       /* "onednn=Conv,onednn=MatMul": fail unless all nodes of that operator are there; NULL: none */
  const char *const *dims;   /* "batch=1", "seq=1:512": fixes or bounds symbols; NULL-terminated list, or NULL */
  bool portable;             /* keep constants in plain form only */
  bool keep_external;        /* reserved, must be false */
  const char *forbid;        /* "onednn=Softmax": these operators do not go to these engines; NULL: none */
} ob_compile_options_t;

typedef struct ob_options {
  size_t struct_size;
  const ob_allocator_t *allocator; /* NULL: malloc. Must outlive the model */
  ob_log_callback_t log;           /* NULL: silent */
  void *log_user;
  /* Progress of long work: `done` of `total` units of `what`. NULL: none. */
  void (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
  void *progress_user;
  uint32_t threads;            /* 0: the CPUs that affinity and cgroup allow */
  const char *engine_path;     /* folders with engine libraries, ':' between; NULL: $OUTBOARD_ENGINE_PATH, then lib/outboard */
  const char *base_dir;        /* for external data of a model given as memory; NULL: such data is refused */
  const ob_compile_options_t *compile; /* for ONNX input; for an artifact only `engines` is looked at. NULL: defaults */
  /* Of a model: shapes whose plans a function keeps, and instances that a region keeps of its engine (one for each set of numbers of the
   * symbols that the region depends on). The least recently used go first; those in use stay. A plan keeps its instances, so there are
   * never more plans than max_instances. 0: 64. Of a context for a bounded function (see below): max_plans is how many shapes it
   * has room for; 0: 4. */
  uint32_t max_plans, max_instances;
} ob_options_t;

/* ---------------------------------------------------------------- models */

/* Opens an artifact (.ob) or an ONNX model (compiled in memory), told apart by content. The file is mapped and must not be
 * changed while the model lives (replace it by renaming another one over it). Should it become shorter all the same, calls fail with
 * OB_IO_ERROR: a handler of SIGBUS, installed at the first open, sees to that and hands other signals on. Errors: OB_NOT_FOUND, OB_INVALID_ARTIFACT, OB_INVALID_MODEL, OB_UNSUPPORTED, OB_OUT_OF_MEMORY. */
OB_API OB_MUST_CHECK ob_status_t ob_model_open(const char *path, const ob_options_t *options, ob_model_t **model);
/* The same from memory, which must be 64-byte aligned for an artifact (else it is copied) and stay as it is while the model lives. */
OB_API OB_MUST_CHECK ob_status_t ob_model_open_memory(const void *data, size_t size, const ob_options_t *options,
                                                      ob_model_t **model);
/* Writes the model as one artifact. The old file or the new one is there at any time, never half of one.
 * The same model and options give the same bytes, also after loading what was saved. */
OB_API OB_MUST_CHECK ob_status_t ob_model_save(const ob_model_t *model, const char *path);
/* What the ONNX model said of itself: metadata_props (key of entry `index` from 0, NULL past the end; `value` may be NULL), who made
 * it, and the name of its graph; "" where it said nothing. Kept in artifacts. Live as long as the model. */
OB_API const char *ob_model_metadata(const ob_model_t *model, size_t index, const char **value);
OB_API const char *ob_model_producer(const ob_model_t *model);
OB_API const char *ob_model_name(const ob_model_t *model);
/* Gives everything back. Contexts of the model must be closed before. NULL does nothing. */
OB_API void ob_model_close(ob_model_t *model);

/* ---------------------------------------------------------------- functions */

/* The function called `symbol`, or the whole model for NULL; NULL when there is none of that name. Lives as long as the model. */
OB_API const ob_function_t *ob_model_function(const ob_model_t *model, const char *symbol);
/* Symbols of all regions in schedule order; `index` from 0; NULL past the end. */
OB_API const char *ob_model_symbol(const ob_model_t *model, size_t index);

/* What an input or output of a function is. */
typedef struct ob_value_info {
  const char *name;
  ob_kind_t kind;
  ob_dtype_t dtype;
  int32_t rank;                 /* -1: not known */
  const int64_t *dims;          /* OB_DYNAMIC where symbolic */
  const char *const *dim_texts; /* "128", "batch", "2*seq + 1" */
  const char *type;             /* the whole type as text: "float32[batch, 3]", "seq(map(int64, float32[]))" */
} ob_value_info_t;

OB_API size_t ob_function_input_count(const ob_function_t *function);
OB_API size_t ob_function_output_count(const ob_function_t *function);
/* Description of input or output `index`; strings and arrays live as long as the model. OB_INVALID_ARGUMENT past the end. */
OB_API OB_MUST_CHECK ob_status_t ob_function_input(const ob_function_t *function, size_t index, ob_value_info_t *info);
OB_API OB_MUST_CHECK ob_status_t ob_function_output(const ob_function_t *function, size_t index, ob_value_info_t *info);

/* A function is bounded when every symbol has a largest size (compiled with --dim N=LOW:HIGH) and no shape has to wait for data. Then one
 * memory plan serves all shapes: *bytes is the arena of a context, known before anything ran. The context takes it when it is
 * created, and afterwards a new shape allocates nothing in the host, nor in engines that accept any size.
 * Errors: OB_UNSUPPORTED when the function is not bounded, with the reason; what engines say of the largest sizes. */
OB_API OB_MUST_CHECK ob_status_t ob_function_arena_bytes(const ob_function_t *function, size_t *bytes);

/* ---------------------------------------------------------------- running */

typedef struct ob_run_options {
  size_t struct_size;
  uint64_t deadline_ns;       /* of CLOCK_MONOTONIC; 0: none */
  const volatile int *cancel; /* set it to non-zero from any thread to stop the call; NULL: none */
  /* Called after each region with its symbol, engine and nanoseconds; NULL: not measured. */
  void (*trace)(void *user, const char *symbol, const char *engine, uint64_t nanoseconds);
  void *trace_user;
} ob_run_options_t;

OB_API OB_MUST_CHECK ob_status_t ob_context_create(const ob_function_t *function, const ob_options_t *options,
                                                   ob_context_t **context);
OB_API void ob_context_close(ob_context_t *context);

/* Runs the function once.
 * inputs: one tensor an input, in order; checked against the function's names, dtypes, ranks, dims and strides.
 * outputs: one tensor an output, in order. With `data` set it is the caller's buffer: at least `bytes` large, contiguous; dims
 *   are ignored on entry. With `data` NULL the context provides it, valid until the context's next call or its close.
 *   On return kind, dtype, rank and dims describe the result; dims belong to the context.
 * Once a context has seen its shapes, a call allocates nothing.
 * Errors: OB_INVALID_ARGUMENT (names the input, what was expected and found), OB_OUT_OF_RANGE, OB_CANCELLED,
 * OB_DEADLINE_EXCEEDED, OB_ENGINE_ERROR. After an error the contents of outputs are undefined; the context stays usable. */
OB_API OB_MUST_CHECK ob_status_t ob_context_run(ob_context_t *context, const ob_tensor_t *inputs, ob_tensor_t *outputs,
                                                const ob_run_options_t *options);
/* Bytes of the context's arenas at present. */
OB_API size_t ob_context_arena_bytes(const ob_context_t *context);

/* ---------------------------------------------------------------- looking inside */

typedef enum ob_report { OB_REPORT_TEXT, OB_REPORT_JSON, OB_REPORT_DOT, OB_REPORT_HTML } ob_report_t;

/* Describes graph, placement with reasons, sizes and memory plan. Release `text` with ob_release(). */
OB_API OB_MUST_CHECK ob_status_t ob_model_report(const ob_model_t *model, ob_report_t form, char **text);

/* What ob_model_verify found for one region. */
typedef struct ob_verify_result {
  const char *symbol, *engine, *output; /* the region's output with the largest error */
  double max_abs, max_rel;              /* largest |got - want|; that over the largest |want| */
  uint64_t differing;                   /* elements beyond 1e-4 + 1e-3*|want|; for integers: that differ */
  uint64_t elements;
} ob_verify_result_t;

/* Runs the model once on `inputs`, and each region a second time on the engine `ref` with the same inputs.
 * Calls `result` for each region. */
OB_API OB_MUST_CHECK ob_status_t ob_model_verify(const ob_model_t *model, const ob_tensor_t *inputs,
                                                 void (*result)(void *user, const ob_verify_result_t *), void *user);

/* Is that an error, or rounding? Up to one element in a thousand may differ: quantised results, by one step. */
OB_API bool ob_verify_is_wrong(const ob_verify_result_t *result);
/* ob_model_verify, and each region that is wrong goes to the next engine of the list that takes it, until none is. `replaced` is called for each that goes,
 * with what was wrong of the engine that it leaves; the model's log says so too, and ob_model_save keeps it. No context of the model may
 * be in use. Errors: those of a run; OB_ENGINE_ERROR where no other engine takes the region. */
OB_API OB_MUST_CHECK ob_status_t ob_model_repair(ob_model_t *model, const ob_tensor_t *inputs,
                                                 void (*replaced)(void *user, const ob_verify_result_t *), void *user);

/* What is known of an engine; `problem` is NULL when it works, else what is missing and how to install it. */
typedef struct ob_engine_report {
  const char *name, *version, *library, *about, *path, *problem;
} ob_engine_report_t;
/* Calls `result` for each engine found. */
OB_API OB_MUST_CHECK ob_status_t ob_engines_list(const ob_options_t *options,
                                                 void (*result)(void *user, const ob_engine_report_t *), void *user);

/* An operator that models may have. */
typedef struct ob_operator_report {
  const char *domain; /* "ai.onnx", "ai.onnx.ml", ... */
  const char *name;
  int32_t since;       /* version of the operator set whose definition is followed; older ones are brought up to it */
  const char *about;   /* what it is, in one line */
  const char *engines; /* those that have it, in the order of preference: "onednn,cpu,ref"; "host" for control flow; "" for none */
  const char *made_of; /* NULL, or what takes its place when a model is read: "Mul, Add" */
} ob_operator_report_t;
/* Calls `result` for each operator, sorted by domain and name. `options`: NULL, or where engines are found. */
OB_API OB_MUST_CHECK ob_status_t ob_operators_list(const ob_options_t *options,
                                                   void (*result)(void *user, const ob_operator_report_t *), void *user);

/* Releases what a function of this header gave to be released. NULL does nothing. */
OB_API void ob_release(void *block);

#ifdef __cplusplus
}
#endif
#endif
