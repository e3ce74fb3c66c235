/* The engine openvino: whole regions through OpenVINO's C API. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvino/model.h"

static const ob_whole_operator_t operators[] = {
#include "openvino/operators.def"
};

/* ---------------------------------------------------------------- the library */

static ob_status_t set(const ob_whole_library_t *library, const char *key, const char *value) {
  ov_status_e code = library->api.core_set_property(library->core, "CPU", key, value);
  return code == 0 ? OB_OK : ob_openvino_fail(&library->api, code, key);
}

/* f32 unless the user wants less: OpenVINO itself would take bf16 where the CPU has it. */
static ob_status_t set_precision(ob_whole_library_t *library) {
  static const char *const known[] = {"f32", "bf16", "f16"};
  const char *wanted = secure_getenv("OUTBOARD_OPENVINO_PRECISION");
  library->precision = known[0];
  if (wanted && *wanted) {
    library->precision = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      if (strcmp(wanted, known[i]) == 0) library->precision = known[i];
    if (!library->precision) return ob_fail(OB_INVALID_ARGUMENT, "$OUTBOARD_OPENVINO_PRECISION: expected f32, bf16 or f16, found '%s'", ob_quote(wanted));
  }
  return set(library, "INFERENCE_PRECISION_HINT", library->precision);
}

static ob_status_t configure(ob_whole_library_t *library) {
  OB_TRY(set_precision(library));
  OB_TRY(set(library, "NUM_STREAMS", "1"));
  OB_TRY(set(library, "ENABLE_CPU_PINNING", "NO")); /* other engines' threads need the same CPUs */
  /* activations stay what the model says; older versions do not know it */
  (void)library->api.core_set_property(library->core, "CPU", "DYNAMIC_QUANTIZATION_GROUP_SIZE", "0");
  return OB_OK;
}

/* The version, and what decides about code: the CPU, what it can do, the options. */
static ob_status_t describe_itself(ob_whole_library_t *library) {
  const ov_api_t *api = &library->api;
  ov_version_t version;
  char *name = NULL, *can = NULL;
  ov_status_e code = api->get_version(&version);
  if (code != 0) return ob_openvino_fail(api, code, "tell its version");
  snprintf(library->text, sizeof library->text, "OpenVINO %s", version.build ? version.build : "");
  api->version_free(&version);
  code = api->core_get_property(library->core, "CPU", "FULL_DEVICE_NAME", &name);
  if (code == 0) code = api->core_get_property(library->core, "CPU", "OPTIMIZATION_CAPABILITIES", &can);
  ob_status_t status = code == 0 ? OB_OK : ob_openvino_fail(api, code, "know the CPU");
  if (status == OB_OK)
    snprintf(library->fingerprint, sizeof library->fingerprint, "%s; %s; %s; precision %s", library->text, name, can, library->precision);
  for (char *c = library->fingerprint; *c; c++)
    if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f) *c = '?';
  if (name) api->text_free(name);
  if (can) api->text_free(can);
  return status;
}

static void close_library(ob_whole_library_t *library) {
  if (library->core) library->api.core_free(library->core);
  pthread_mutex_destroy(&library->lock);
  ob_free(ob_kit_host()->allocator, library);
}

static ob_status_t open_core(ob_whole_library_t *library) {
  OB_TRY(ob_openvino_load(&library->api));
  OB_TRY(ob_openvino_check_types(&library->api));
  ov_status_e code = library->api.core_create(&library->core);
  if (code != 0) return ob_openvino_fail(&library->api, code, "start");
  OB_TRY(configure(library));
  return describe_itself(library);
}

static ob_status_t open_library(ob_whole_library_t **out) {
  ob_whole_library_t *library;
  OB_TRY(OB_NEW(ob_kit_host()->allocator, &library));
  pthread_mutex_init(&library->lock, NULL);
  ob_status_t status = open_core(library);
  if (status != OB_OK) {
    close_library(library);
    return status;
  }
  *out = library;
  return OB_OK;
}

static const char *describe(const ob_whole_library_t *library) { return library->text; }
static const char *fingerprint(const ob_whole_library_t *library) { return library->fingerprint; }

/* ---------------------------------------------------------------- the entry */

static const ob_whole_engine_t engine = {.name = "openvino",
                                         .version = OB_VERSION,
                                         .about = "whole regions on OpenVINO's CPU plug-in; what it compiled is kept in the artifact",
                                         .flags = OB_ENGINE_IGNORES_CANCEL,
                                         .operators = operators,
                                         .operator_count = sizeof operators / sizeof *operators,
                                         .claims_all = "OUTBOARD_OPENVINO_TRY_ALL",
                                         .supports = ob_openvino_supports,
                                         .open = open_library,
                                         .close = close_library,
                                         .describe = describe,
                                         .fingerprint = fingerprint,
                                         .build = ob_openvino_build,
                                         .save = ob_openvino_save,
                                         .run = ob_openvino_run,
                                         .release = ob_openvino_release};

const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) { return ob_whole_entry(&engine, host_abi); }
