/* What engines share whose library takes whole regions as ONNX bytes: finding the library at run time, answering for nodes by a table of
 * operators and element types, one model of the library for each number of threads, blobs with a checked head, and the ABI. */
#ifndef OB_KIT_WHOLE_WHOLE_H
#define OB_KIT_WHOLE_WHOLE_H

#include "kit/kit.h"

typedef struct ob_whole_library ob_whole_library_t; /* the engine's: the open library */
typedef struct ob_whole_model ob_whole_model_t;     /* the engine's: a region that the library has built */

/* ---------------------------------------------------------------- libraries */

/* Where a shared library may lie. */
typedef struct ob_whole_place {
  const char *engine;         /* for messages */
  const char *variable;       /* of the environment: the file; nothing else is tried when it is set */
  const char *const *names;   /* for the system's loader, NULL at the end */
  const char *packaged;       /* below a folder of Python packages; a glob pattern */
  const char *advice;         /* how to install it */
} ob_whole_place_t;

/* Opens the library, never to be closed: its threads live on. In this order: the variable's file; the loader's names; the folders of Python packages that
 * this engine lies in, that $VIRTUAL_ENV has, and those of the user and the system. */
OB_MUST_CHECK ob_status_t ob_whole_dlopen(const ob_whole_place_t *place, void **handle);
/* Functions of a library by name. */
typedef struct ob_whole_symbol {
  const char *name;
  void *pointer; /* to a function pointer */
} ob_whole_symbol_t;
OB_MUST_CHECK ob_status_t ob_whole_resolve(const char *engine, void *handle, const ob_whole_symbol_t *symbols, size_t count);

/* ---------------------------------------------------------------- operators */

/* An operator and the element types that it is right with: a list for each input, ',' between, types separated by ' ', the last list
 * for all further ones. Made by tools/probe_engine.py. */
typedef struct ob_whole_operator {
  const char *op, *domain;
  const char *inputs, *outputs;
} ob_whole_operator_t;

/* ---------------------------------------------------------------- the engine */

/* What is to be built. */
typedef struct ob_whole_request {
  const ob_region_view_t *region;
  const void *bytes; /* ONNX, or what `save` gave (64-byte aligned, living as long as the model that is made) */
  size_t size;
  bool saved;        /* the latter */
  uint32_t threads;
} ob_whole_request_t;

/* A tensor of a call. */
typedef struct ob_whole_tensor {
  ob_dtype_t dtype;
  int32_t rank; /* -1 with `dims` NULL: an output whose shape shows when it is there */
  const int64_t *dims;
  void *data;
  size_t bytes;
} ob_whole_tensor_t;

typedef struct ob_whole_run {
  const ob_region_view_t *region;
  const ob_call_t *call;
  const ob_whole_tensor_t *inputs, *outputs;
} ob_whole_run_t;

typedef struct ob_whole_engine {
  const char *name, *version, *about;
  uint32_t flags;
  const ob_whole_operator_t *operators;
  size_t operator_count;
  const char *claims_all; /* a variable of the environment: when it is 1, the table is not asked. For tools/probe_engine.py */
  /* What the table cannot say: false with a reason. NULL: nothing. */
  bool (*supports)(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);
  ob_status_t (*open)(ob_whole_library_t **library);
  void (*close)(ob_whole_library_t *library);
  const char *(*describe)(const ob_whole_library_t *library);    /* its name and version */
  const char *(*fingerprint)(const ob_whole_library_t *library);
  ob_status_t (*build)(ob_whole_library_t *library, const ob_whole_request_t *request, ob_whole_model_t **model);
  /* NULL: no blobs. */
  ob_status_t (*save)(const ob_whole_model_t *model, void **blob, size_t *size);
  /* From many threads at once. */
  ob_status_t (*run)(ob_whole_model_t *model, const ob_whole_run_t *run);
  void (*release)(ob_whole_model_t *model);
} ob_whole_engine_t;

/* The whole of ob_engine_entry() of such an engine. `engine` is static. */
const ob_engine_api_t *ob_whole_entry(const ob_whole_engine_t *engine, uint32_t host_abi);

/* For `run`: passes on an output whose shape bind did not know. */
OB_MUST_CHECK ob_status_t ob_whole_emit(const ob_whole_run_t *run, size_t output, const ob_whole_tensor_t *found);
/* For `run`: is what came out what bind said? */
OB_MUST_CHECK ob_status_t ob_whole_check(const ob_whole_run_t *run, size_t output, int32_t rank, const int64_t *dims);

#endif
