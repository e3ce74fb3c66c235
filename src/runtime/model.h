/* A loaded model, and its regions on their engines. Everything here is shared by threads. */
#ifndef OB_RUNTIME_MODEL_H
#define OB_RUNTIME_MODEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "op/view.h"
#include "runtime/engines.h"
#include "runtime/host.h"

typedef struct ob_program ob_program_t;
typedef struct ob_unit ob_unit_t;

/* ---------------------------------------------------------------- regions on engines */

/* A region's form on one engine. Lives as long as its unit: calls in flight may still use it after it was replaced. */
typedef struct ob_backend {
  ob_unit_t *unit;
  ob_opened_t *engine; /* the model's reference */
  ob_executable_t *executable;
  ob_region_view_t *view; /* view->host is this backend */
  uint32_t *constant_requests; /* [value of the body]: how often the engine asked host->constant() for it */
  bool keeps;                  /* packed forms that it asks for go into the artifact */
  OB_ARRAY(ob_packed_t) own;   /* those that it asked for when it does not keep them there; their data belongs to the module */
  bool from_blob;
  ob_accepts_t accepts;
  bool rebinds;                /* its instances can be made over for other sizes, whatever these are */
  ob_arena_t arena;            /* of the view */
  const char *moved;           /* why the region is not on the engine that it was placed on; NULL: it is, or nobody says */
  struct ob_backend *older;    /* the one that failed before */
} ob_backend_t;

/* An instance and what it is for. Counted: plans and contexts hold it; the unit keeps some unused ones. Those of bounded contexts are in no
 * list, and are made over for each shape. */
typedef struct ob_bound {
  atomic_uint references;
  bool owned; /* it is in no cache, and has one holder for good */
  ob_backend_t *backend;
  ob_instance_t *instance;
  ob_instance_info_t info;
  ob_status_t (*run)(const ob_instance_t *instance, const ob_call_t *call);
  int64_t *key;
  size_t key_size;
  uint64_t last_use;
  /* [region output]: rank -1 where the shape is known only after it ran */
  int32_t *output_ranks;
  const int64_t **output_dims;
  ob_arena_t arena; /* of key and output dims */
  struct ob_bound *next;
} ob_bound_t;

/* A region of the model. */
struct ob_unit {
  ob_model_t *model;
  ob_region_t *region;
  _Atomic(ob_backend_t *) backend;
  ob_backend_t *beyond; /* for sizes that `backend` does not accept, when it accepts a range; under the lock */
  pthread_mutex_t lock; /* of the list of instances */
  ob_bound_t *bounds;
  atomic_uint live;     /* instances, those outside of the list too */
  atomic_uint made;     /* since the model was opened */
  size_t bound_count;
  uint64_t clock;
  uint32_t *symbols; /* those that shapes, contents and attributes of the body depend on */
  size_t symbol_count;
  size_t outer_count; /* how many of them, at the front, attributes and symbolic constants depend on */
  OB_ARRAY(ob_guard_t) guards; /* what shapes must meet for the body's nodes to work */
  bool distrusted;      /* the stated types do not follow from the inputs' alone: bound by another inference when the inputs exist */
  bool content_matters; /* of a dynamic region: output shapes follow from the contents of small inputs */
};

/* What a region is bound with. One of the two: numbers for symbols, or the actual inputs (a dynamic region). */
typedef struct ob_bind_request {
  const int64_t *symbols;
  const ob_tensor_t *const *inputs; /* [region input], or NULL; data is read where content matters */
  uint32_t threads;
} ob_bind_request_t;

/* `status`, unless a file of the model has become shorter since it was mapped: results are wrong then. OB_IO_ERROR. */
OB_MUST_CHECK ob_status_t ob_model_check_files(const ob_model_t *model, ob_status_t status);
/* Infers the unit's body again, for its guards and `distrusted`. Errors: OB_INVALID_ARTIFACT when what the artifact states can't be. */
OB_MUST_CHECK ob_status_t ob_unit_recheck(ob_unit_t *unit);
OB_MUST_CHECK ob_status_t ob_unit_create(ob_model_t *model, ob_region_t *region, ob_unit_t **unit);
void ob_unit_free(ob_unit_t *unit);
/* Compiles (or restores from the region's blob) on the engine that the region names, or on the next one that can. `relabel`: the
 * region's engine and reason are rewritten when it ends up elsewhere (while compiling a model rather than loading one). */
OB_MUST_CHECK ob_status_t ob_unit_open(ob_unit_t *unit, bool relabel);
/* An instance, from the cache or new; a failing engine is replaced. Give it back with ob_bound_release(). */
OB_MUST_CHECK ob_status_t ob_unit_bind(ob_unit_t *unit, const ob_bind_request_t *request, ob_bound_t **bound);
void ob_bound_release(ob_bound_t *bound);
/* Frees an instance that is in no cache. */
void ob_bound_discard(ob_bound_t *bound);
/* The least and the largest size of `axis` of the region's input `input` that the executable, which accepts a range, takes. */
void ob_backend_range(const ob_backend_t *backend, uint32_t input, int32_t axis, int64_t *least, int64_t *largest);
/* Makes an instance that nobody else holds one for other numbers. `scratch` is reset. After a failure it cannot be run until this succeeds. */
OB_MUST_CHECK ob_status_t ob_bound_rebind(ob_bound_t *bound, const ob_bind_request_t *request, ob_arena_t *scratch);
/* The region goes to the next engine for good, in its label too; `why` for logs and reports. OB_ENGINE_ERROR where none takes it. */
OB_MUST_CHECK ob_status_t ob_unit_demote(ob_unit_t *unit, const char *why);
/* The engine for sizes that `refuses`, which has left a message, does not accept. */
OB_MUST_CHECK ob_status_t ob_unit_beyond(ob_unit_t *unit, const ob_backend_t *refuses, ob_backend_t **backend);
/* Puts the next engine in `failed`'s place, unless another thread has done so. Records `status` again when there is none. */
OB_MUST_CHECK ob_status_t ob_unit_replace(ob_unit_t *unit, ob_backend_t *failed, ob_status_t status);
/* True for failures that another engine may not have. */
bool ob_status_blames_engine(ob_status_t status);

/* A backend of `region` on `engine`; what it makes of constants stays out of the artifact unless `keeps`. */
typedef struct ob_backend_request {
  ob_unit_t *unit;
  ob_opened_t *engine;
  bool keeps;
} ob_backend_request_t;
OB_MUST_CHECK ob_status_t ob_backend_create(const ob_backend_request_t *request, ob_backend_t **backend);
void ob_backend_free(ob_backend_t *backend);
/* Binds without the cache; for the unit itself and for verification. */
OB_MUST_CHECK ob_status_t ob_backend_bind(ob_backend_t *backend, const ob_bind_request_t *request, ob_bound_t **bound);

/* ---------------------------------------------------------------- constants (constants.c) */

/* host->constant and host->packed. Thread-safe. */
OB_MUST_CHECK ob_status_t ob_backend_constant(ob_backend_t *backend, uint32_t value, const ob_layout_t *layout,
                                              const void **data);
typedef struct ob_packed_request {
  const char *key;
  size_t bytes;
  ob_status_t (*fill)(void *arg, void *buffer);
  void *arg;
} ob_packed_request_t;
OB_MUST_CHECK ob_status_t ob_backend_packed(ob_backend_t *backend, const ob_packed_request_t *request, const void **data);
/* Makes every constant of a graph plain again where only a packed form is kept. The model's lock is held. */
OB_MUST_CHECK ob_status_t ob_constants_unpack(ob_model_t *model, const ob_graph_t *graph);
/* Moves constants that are not on 64-byte boundaries to where they are. */
OB_MUST_CHECK ob_status_t ob_constants_align(ob_module_t *module);
/* Which constants go into an artifact in packed form only: one bool a constant. The model's lock is held. */
OB_MUST_CHECK ob_status_t ob_constants_packed_only(const ob_model_t *model, bool *packed_only);

/* ---------------------------------------------------------------- the model */

/* An engine of the preference list; opened when it is first needed. */
typedef struct ob_preferred {
  const char *name;
  ob_opened_t *opened;
  bool failed;
} ob_preferred_t;

struct ob_model {
  const ob_allocator_t *allocator;
  ob_sink_t sink;
  void (*progress)(void *user, const char *what, uint64_t done, uint64_t total);
  void *progress_user;
  uint32_t threads;
  size_t max_plans, max_instances; /* of a segment, of a region */
  bool portable;
  bool engines_given; /* the caller gave a list: nothing else is used */
  ob_module_t *module;
  void *copy;         /* of an artifact that was not aligned */
  const void *artifact; /* the bytes that the model was read from; NULL: it was compiled */
  size_t artifact_size;
  ob_arena_t arena;
  OB_ARRAY(ob_preferred_t) engines; /* preference order */
  const char *engine_path;
  ob_unit_t **units; /* [region] */
  size_t unit_count;
  ob_program_t *program;      /* of the whole model */
  ob_function_t *function;    /* the same, for users */
  ob_function_t **functions;  /* [region], made when asked for; under the lock */
  int64_t *typical;           /* [symbol] */
  int64_t *largest;           /* [symbol]; INT64_MAX: no limit */
  bool *was_packed_only;      /* [constant]: the artifact had no plain form */
  size_t symbol_count, constant_count;
  pthread_mutex_t lock;   /* constants, packed forms, engines, functions */
  atomic_uint generation; /* counts engines that were replaced: plans of an older one are stale */
};

/* The model's engine called `name`, opened if need be: NULL and a message when it is not to be had. */
OB_MUST_CHECK ob_status_t ob_model_engine(ob_model_t *model, const char *name, ob_opened_t **opened);
/* The preference list from the options, or the default. */
OB_MUST_CHECK ob_status_t ob_model_prefer(ob_model_t *model, const char *engines);
/* The engine's answer for a node, the host's own conditions included. */
bool ob_engine_supports(const ob_opened_t *engine, const ob_region_view_t *view, const ob_node_view_t *node, char *reason,
                        size_t size);
/* From a fresh module to a partitioned one: dims, passes, placement. */
OB_MUST_CHECK ob_status_t ob_model_compile(ob_model_t *model, const ob_compile_options_t *options);
/* "batch=1", "seq=1:512", "seq=1:512,typical=64": fixes or bounds symbols. */
OB_MUST_CHECK ob_status_t ob_dims_apply(ob_module_t *module, const char *const *dims);
/* Numbers for symbols that are likely, within their bounds. */
void ob_symbols_typical(const ob_module_t *module, int64_t *values);
/* Folds constants by running single nodes on the engine `ref`. */
struct ob_evaluator;
typedef struct ob_folder {
  ob_model_t *model;
  ob_opened_t *engine;
} ob_folder_t;
void ob_folder_evaluator(ob_folder_t *folder, struct ob_evaluator *evaluator);

/* Copies an options struct of a caller that may be older or newer. */
OB_MUST_CHECK ob_status_t ob_options_copy(const void *from, void *to, size_t size);

/* Something callable. */
struct ob_function {
  ob_model_t *model;
  ob_program_t *program;
  bool owns_program;
  ob_value_info_t *inputs, *outputs;
  ob_arena_t arena;
};
OB_MUST_CHECK ob_status_t ob_function_create(ob_model_t *model, ob_program_t *program, ob_function_t **function);
void ob_function_free(ob_function_t *function);

#endif
