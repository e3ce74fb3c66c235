/* Loads OpenVINO's C library, and checks that it is one that the declarations in api.h are true of. */
#include "openvino/api.h"

#include <string.h>

static const char *const names[] = {"libopenvino_c.so", NULL};
static const ob_whole_place_t place = {"openvino", "OUTBOARD_OPENVINO", names, "openvino/libs/libopenvino_c.so*", "pip install openvino"};

ob_status_t ob_openvino_load(ov_api_t *api) {
  void *handle;
  const ob_whole_symbol_t symbols[] = {
      {"ov_get_openvino_version", &api->get_version},
      {"ov_version_free", &api->version_free},
      {"ov_get_last_err_msg", &api->last_error},
      {"ov_free", &api->text_free},
      {"ov_core_create", &api->core_create},
      {"ov_core_free", &api->core_free},
      {"ov_core_set_property", &api->core_set_property},
      {"ov_core_get_property", &api->core_get_property},
      {"ov_core_read_model_from_memory_buffer", &api->core_read_model},
      {"ov_core_compile_model", &api->core_compile_model},
      {"ov_core_import_model", &api->core_import_model},
      {"ov_model_free", &api->model_free},
      {"ov_compiled_model_inputs_size", &api->compiled_inputs},
      {"ov_compiled_model_outputs_size", &api->compiled_outputs},
      {"ov_compiled_model_create_infer_request", &api->compiled_request},
      {"ov_compiled_model_export_model", &api->compiled_export},
      {"ov_compiled_model_free", &api->compiled_free},
      {"ov_infer_request_set_input_tensor_by_index", &api->request_set_input},
      {"ov_infer_request_set_output_tensor_by_index", &api->request_set_output},
      {"ov_infer_request_get_output_tensor_by_index", &api->request_get_output},
      {"ov_infer_request_infer", &api->request_infer},
      {"ov_infer_request_free", &api->request_free},
      {"ov_tensor_create_from_host_ptr", &api->tensor_wrap},
      {"ov_tensor_get_shape", &api->tensor_shape},
      {"ov_tensor_get_element_type", &api->tensor_type},
      {"ov_tensor_get_size", &api->tensor_size},
      {"ov_tensor_get_byte_size", &api->tensor_bytes},
      {"ov_tensor_data", &api->tensor_data},
      {"ov_tensor_free", &api->tensor_free},
      {"ov_shape_free", &api->shape_free},
  };
  OB_TRY(ob_whole_dlopen(&place, &handle));
  return ob_whole_resolve(place.engine, handle, symbols, sizeof symbols / sizeof *symbols);
}

static const unsigned char types[OB_DTYPE_COUNT] = {
    [OB_BOOL] = 1,   [OB_BFLOAT16] = 2, [OB_FLOAT16] = 3, [OB_FLOAT32] = 4, [OB_FLOAT64] = 5, [OB_INT8] = 7,   [OB_INT16] = 8,
    [OB_INT32] = 9,  [OB_INT64] = 10,   [OB_UINT8] = 16,  [OB_UINT16] = 17, [OB_UINT32] = 18, [OB_UINT64] = 19,
};

unsigned ob_openvino_type(ob_dtype_t dtype) { return dtype > OB_UNDEFINED && dtype < OB_DTYPE_COUNT ? types[dtype] : 0; }

/* The numbers have changed between versions: a tensor of each type must take the bytes that it should. */
ob_status_t ob_openvino_check_types(const ov_api_t *api) {
  int64_t dims[1] = {3};
  uint64_t room[3] = {0};
  for (ob_dtype_t dtype = OB_FLOAT32; dtype < OB_DTYPE_COUNT; dtype++) {
    ov_tensor_t *tensor = NULL;
    size_t bytes = 0;
    if (!types[dtype]) continue;
    ov_status_e code = api->tensor_wrap(types[dtype], (ov_shape_t){1, dims}, room, &tensor);
    if (code == 0) code = api->tensor_bytes(tensor, &bytes);
    if (tensor) api->tensor_free(tensor);
    if (code != 0 || bytes != 3 * ob_dtype_bits(dtype) / 8)
      return ob_fail(OB_UNSUPPORTED, "openvino: this version numbers its element types in another way (%s)", ob_dtype_name(dtype));
  }
  return OB_OK;
}

/* The part of an exception's text that says something: its lines begin with where in the library it was thrown. */
static const char *gist(const char *text) {
  static const char *const noise[] = {"Exception from ", "Check '", "FrontEnd API failed", "Model wasn't fully converted", "Summary:"};
  for (size_t i = 0; i < sizeof noise / sizeof *noise;) {
    const char *end = strchr(text, '\n');
    if (strncmp(text, noise[i], strlen(noise[i])) != 0 || !end || !end[1]) {
      i++;
    } else {
      text = end + 1;
      i = 0;
    }
  }
  return text;
}

ob_status_t ob_openvino_fail(const ov_api_t *api, ov_status_e code, const char *what) {
  char words[600];
  const char *last = api->last_error();
  size_t used = 0;
  for (last = last ? gist(last) : ""; *last && used + 1 < sizeof words; last++) {
    char c = (unsigned char)*last < 0x20 || *last == 0x7f ? ' ' : *last;
    if (c == ' ' && (used == 0 || words[used - 1] == ' ')) continue;
    words[used++] = c;
  }
  words[used] = 0;
  return ob_fail(OB_ENGINE_ERROR, "OpenVINO does not %s (%d): %s", what, code, used > 0 ? words : "it gives no reason");
}
