/* The part of OpenVINO's C API that the engine uses, declared by hand so that it is built without OpenVINO and finds the library at run time.
 * Source: openvino/c/{ov_common,ov_core,ov_model,ov_compiled_model,ov_infer_request,ov_tensor,ov_shape}.h of OpenVINO 2026.4 (Apache-2.0). */
#ifndef OB_OPENVINO_API_H
#define OB_OPENVINO_API_H

#include "kit/whole/whole.h"

typedef int ov_status_e; /* 0: OK */
typedef struct ov_core ov_core_t;
typedef struct ov_model ov_model_t;
typedef struct ov_compiled_model ov_compiled_model_t;
typedef struct ov_infer_request ov_infer_request_t;
typedef struct ov_tensor ov_tensor_t;

typedef struct ov_version {
  const char *build, *description;
} ov_version_t;

typedef struct ov_shape {
  int64_t rank;
  int64_t *dims;
} ov_shape_t;

typedef struct ov_api {
  ov_status_e (*get_version)(ov_version_t *version);
  void (*version_free)(ov_version_t *version);
  const char *(*last_error)(void);
  void (*text_free)(const char *text);
  ov_status_e (*core_create)(ov_core_t **core);
  void (*core_free)(ov_core_t *core);
  ov_status_e (*core_set_property)(const ov_core_t *core, const char *device, ...); /* key, value */
  ov_status_e (*core_get_property)(const ov_core_t *core, const char *device, const char *key, char **value);
  ov_status_e (*core_read_model)(const ov_core_t *core, const char *bytes, size_t size, const ov_tensor_t *weights, ov_model_t **model);
  ov_status_e (*core_compile_model)(const ov_core_t *core, const ov_model_t *model, const char *device, size_t properties,
                                    ov_compiled_model_t **compiled, ...);
  ov_status_e (*core_import_model)(const ov_core_t *core, const char *bytes, size_t size, const char *device, ov_compiled_model_t **compiled);
  void (*model_free)(ov_model_t *model);
  ov_status_e (*compiled_inputs)(const ov_compiled_model_t *compiled, size_t *count);
  ov_status_e (*compiled_outputs)(const ov_compiled_model_t *compiled, size_t *count);
  ov_status_e (*compiled_request)(const ov_compiled_model_t *compiled, ov_infer_request_t **request);
  ov_status_e (*compiled_export)(const ov_compiled_model_t *compiled, const char *path);
  void (*compiled_free)(ov_compiled_model_t *compiled);
  ov_status_e (*request_set_input)(ov_infer_request_t *request, size_t index, const ov_tensor_t *tensor);
  ov_status_e (*request_set_output)(ov_infer_request_t *request, size_t index, const ov_tensor_t *tensor);
  ov_status_e (*request_get_output)(const ov_infer_request_t *request, size_t index, ov_tensor_t **tensor);
  ov_status_e (*request_infer)(ov_infer_request_t *request);
  void (*request_free)(ov_infer_request_t *request);
  ov_status_e (*tensor_wrap)(unsigned type, ov_shape_t shape, void *data, ov_tensor_t **tensor);
  ov_status_e (*tensor_shape)(const ov_tensor_t *tensor, ov_shape_t *shape);
  ov_status_e (*tensor_type)(const ov_tensor_t *tensor, unsigned *type);
  ov_status_e (*tensor_size)(const ov_tensor_t *tensor, size_t *count);
  ov_status_e (*tensor_bytes)(const ov_tensor_t *tensor, size_t *bytes);
  ov_status_e (*tensor_data)(const ov_tensor_t *tensor, void **data);
  void (*tensor_free)(ov_tensor_t *tensor);
  ov_status_e (*shape_free)(ov_shape_t *shape);
} ov_api_t;

/* Finds and loads libopenvino_c. */
OB_MUST_CHECK ob_status_t ob_openvino_load(ov_api_t *api);
/* OpenVINO's number of an element type, or 0 for what it lacks. Checked against the library when it is opened. */
unsigned ob_openvino_type(ob_dtype_t dtype);
OB_MUST_CHECK ob_status_t ob_openvino_check_types(const ov_api_t *api);
/* A message with the library's last words. `what`: what failed. */
OB_MUST_CHECK ob_status_t ob_openvino_fail(const ov_api_t *api, ov_status_e code, const char *what);

#endif
