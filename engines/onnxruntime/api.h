/* The part of ONNX Runtime's C API that the engine uses, declared by hand: its wheel has the library and no headers.
 * Source: include/onnxruntime/core/session/onnxruntime_c_api.h of ONNX Runtime (MIT). OrtApi is a table of functions that only grows at its end;
 * `slot` numbers are places in it. */
#ifndef OB_ONNXRUNTIME_API_H
#define OB_ONNXRUNTIME_API_H

#include "kit/whole/whole.h"

typedef struct OrtEnv OrtEnv;
typedef struct OrtStatus OrtStatus; /* NULL: success */
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtValue OrtValue;
typedef struct OrtShapeInfo OrtShapeInfo; /* OrtTensorTypeAndShapeInfo */
typedef struct OrtAllocator OrtAllocator;

typedef struct OrtApiBase {
  const void *(*get_api)(uint32_t version);
  const char *(*get_version)(void);
} OrtApiBase;

typedef void (*ob_ort_log_t)(void *user, int severity, const char *category, const char *id, const char *place, const char *message);

/* X(slot, result, name, arguments) */
#define OB_ORT_FUNCTIONS(X)                                                                                                                       \
  X(2, const char *, get_error_message, (const OrtStatus *status))                                                                                \
  X(4, OrtStatus *, create_env, (ob_ort_log_t log, void *user, int severity, const char *id, OrtEnv **env)) /* CreateEnvWithCustomLogger */       \
  X(6, OrtStatus *, disable_telemetry, (const OrtEnv *env))                                                                                       \
  X(8, OrtStatus *, create_session, (const OrtEnv *env, const void *bytes, size_t size, const OrtSessionOptions *options, OrtSession **session)) /* FromArray */ \
  X(9, OrtStatus *, run, (OrtSession *session, const OrtRunOptions *options, const char *const *input_names, const OrtValue *const *inputs,       \
                          size_t input_count, const char *const *output_names, size_t output_count, OrtValue **outputs))                          \
  X(10, OrtStatus *, create_session_options, (OrtSessionOptions **options))                                                                       \
  X(23, OrtStatus *, set_optimization, (OrtSessionOptions *options, int level)) /* SetSessionGraphOptimizationLevel */                            \
  X(24, OrtStatus *, set_intra_threads, (OrtSessionOptions *options, int threads))                                                                \
  X(25, OrtStatus *, set_inter_threads, (OrtSessionOptions *options, int threads))                                                                \
  X(30, OrtStatus *, input_count, (const OrtSession *session, size_t *count))                                                                     \
  X(31, OrtStatus *, output_count, (const OrtSession *session, size_t *count))                                                                    \
  X(36, OrtStatus *, input_name, (const OrtSession *session, size_t index, OrtAllocator *allocator, char **name))                                 \
  X(37, OrtStatus *, output_name, (const OrtSession *session, size_t index, OrtAllocator *allocator, char **name))                                \
  X(49, OrtStatus *, wrap_tensor, (const OrtMemoryInfo *memory, void *data, size_t bytes, const int64_t *dims, size_t rank, int type,             \
                                   OrtValue **value)) /* CreateTensorWithDataAsOrtValue */                                                        \
  X(51, OrtStatus *, tensor_data, (OrtValue *value, void **data))                                                                                 \
  X(60, OrtStatus *, element_type, (const OrtShapeInfo *info, int *type))                                                                         \
  X(61, OrtStatus *, rank, (const OrtShapeInfo *info, size_t *rank))                                                                              \
  X(62, OrtStatus *, dims, (const OrtShapeInfo *info, int64_t *dims, size_t rank))                                                                \
  X(65, OrtStatus *, shape_info, (const OrtValue *value, OrtShapeInfo **info)) /* GetTensorTypeAndShape */                                        \
  X(69, OrtStatus *, cpu_memory, (int allocator, int kind, OrtMemoryInfo **memory)) /* CreateCpuMemoryInfo */                                     \
  X(76, OrtStatus *, allocator_free, (OrtAllocator *allocator, void *block))                                                                      \
  X(78, OrtStatus *, default_allocator, (OrtAllocator **allocator))                                                                               \
  X(92, void, release_env, (OrtEnv *env))                                                                                                         \
  X(93, void, release_status, (OrtStatus *status))                                                                                                \
  X(94, void, release_memory, (OrtMemoryInfo *memory))                                                                                            \
  X(95, void, release_session, (OrtSession *session))                                                                                             \
  X(96, void, release_value, (OrtValue *value))                                                                                                   \
  X(99, void, release_shape_info, (OrtShapeInfo *info))                                                                                           \
  X(100, void, release_session_options, (OrtSessionOptions *options))                                                                             \
  X(130, OrtStatus *, set_entry, (OrtSessionOptions *options, const char *key, const char *value)) /* AddSessionConfigEntry */

typedef struct ob_ort_api {
#define OB_ORT_MEMBER(slot, result, name, arguments) result(*name) arguments;
  OB_ORT_FUNCTIONS(OB_ORT_MEMBER)
#undef OB_ORT_MEMBER
} ob_ort_api_t;

enum {
  OB_ORT_API_VERSION = 11, /* of ONNX Runtime 1.11: all slots above are there, and later versions still give it */
  OB_ORT_LOG_ERROR = 3,
  OB_ORT_OPTIMIZE_ALL = 99,
  OB_ORT_DEVICE_ALLOCATOR = 0,
  OB_ORT_MEMORY_DEFAULT = 0
};

/* Finds and loads the library; `version`: its text, for as long as the process runs. */
OB_MUST_CHECK ob_status_t ob_ort_load(ob_ort_api_t *api, const char **version);
/* OB_OK for NULL; else the library's words as a message, and the status given back to it. */
OB_MUST_CHECK ob_status_t ob_ort_check(const ob_ort_api_t *api, OrtStatus *status, const char *what);

#endif
