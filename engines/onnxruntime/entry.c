/* The engine onnxruntime: whole regions on ONNX Runtime's CPU provider. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxruntime/session.h"

static const ob_whole_operator_t operators[] = {
#include "onnxruntime/operators.def"
};

/* The library would write to stderr. */
static void log_line(void *user, int severity, const char *category, const char *id, const char *place, const char *message) {
  const ob_host_t *host = user;
  (void)severity, (void)category, (void)id, (void)place;
  host->log(OB_LOG_DEBUG, "onnxruntime: %s", message ? message : "");
}

static void close_library(ob_whole_library_t *library) {
  if (library->memory) library->api.release_memory(library->memory);
  if (library->env) library->api.release_env(library->env);
  ob_free(ob_kit_host()->allocator, library);
}

/* ONNX Runtime's fused operators on 8-bit numbers are faster, and some steps apart from what the nodes say. */
static ob_status_t take_options(ob_whole_library_t *library) {
  const char *wanted = secure_getenv("OUTBOARD_ONNXRUNTIME_QDQ");
  library->fuses_quantized = wanted && strcmp(wanted, "fused") == 0;
  if (wanted && *wanted && !library->fuses_quantized && strcmp(wanted, "literal") != 0)
    return ob_fail(OB_INVALID_ARGUMENT, "$OUTBOARD_ONNXRUNTIME_QDQ: expected literal or fused, found '%s'", ob_quote(wanted));
  snprintf(library->fingerprint, sizeof library->fingerprint, "%s; QDQ %s", library->text, library->fuses_quantized ? "fused" : "literal");
  return OB_OK;
}

static ob_status_t start(ob_whole_library_t *library) {
  const ob_ort_api_t *api = &library->api;
  const char *version;
  OB_TRY(ob_ort_load(&library->api, &version));
  snprintf(library->text, sizeof library->text, "ONNX Runtime %s", version);
  OB_TRY(take_options(library));
  void *user = (void *)(uintptr_t)ob_kit_host();
  OB_TRY(ob_ort_check(api, api->create_env(log_line, user, OB_ORT_LOG_ERROR, "outboard", &library->env), "start"));
  OB_TRY(ob_ort_check(api, api->disable_telemetry(library->env), "keep to itself"));
  OB_TRY(ob_ort_check(api, api->cpu_memory(OB_ORT_DEVICE_ALLOCATOR, OB_ORT_MEMORY_DEFAULT, &library->memory), "know the CPU's memory"));
  return ob_ort_check(api, api->default_allocator(&library->allocator), "allocate");
}

static ob_status_t open_library(ob_whole_library_t **out) {
  ob_whole_library_t *library;
  OB_TRY(OB_NEW(ob_kit_host()->allocator, &library));
  ob_status_t status = start(library);
  if (status != OB_OK) {
    close_library(library);
    return status;
  }
  *out = library;
  return OB_OK;
}

static const char *describe(const ob_whole_library_t *library) { return library->text; }
static const char *fingerprint(const ob_whole_library_t *library) { return library->fingerprint; }

static const ob_whole_engine_t engine = {.name = "onnxruntime",
                                         .version = OB_VERSION,
                                         .about = "whole regions on ONNX Runtime's CPU provider",
                                         .flags = OB_ENGINE_IGNORES_CANCEL,
                                         .operators = operators,
                                         .operator_count = sizeof operators / sizeof *operators,
                                         .claims_all = "OUTBOARD_ONNXRUNTIME_TRY_ALL",
                                         .supports = ob_ort_supports,
                                         .open = open_library,
                                         .close = close_library,
                                         .describe = describe,
                                         .fingerprint = fingerprint,
                                         .build = ob_ort_build,
                                         .run = ob_ort_run,
                                         .release = ob_ort_release};

const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) { return ob_whole_entry(&engine, host_abi); }
