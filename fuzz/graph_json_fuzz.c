/* Any text as the graph of an artifact whose payloads are sound. What is read comes out as the same JSON again. */
#include "artifact/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The module that the payloads are taken from, and a source that finds them. */
static const ob_module_t *payloads(void) {
  static ob_module_t *module;
  if (!module && testing_module(NULL, &module) != OB_OK) abort();
  return module;
}

static ob_status_t find(void *self, const char *tensor, const void **data, size_t *bytes) {
  const ob_module_t *module = self;
  size_t reserved = strncmp(tensor, "outboard.constant.", 18) == 0 ? 18 : 0;
  const ob_constant_t *constant = ob_map_get(&module->constants_by_name, tensor + reserved);
  const ob_region_t *region = module->regions.items[0];
  *data = NULL, *bytes = 0;
  if (constant && constant->dtype == OB_STRING) {
    static void *encoded;
    static size_t size;
    if (!encoded && ob_strings_encode(constant, ob_allocator_default(), &encoded, &size) != OB_OK) abort();
    *data = encoded, *bytes = size;
  } else if (constant) {
    *data = constant->data, *bytes = constant->bytes;
  } else if (strcmp(tensor, "outboard.packed.0.0") == 0) {
    *data = region->packed.items[0].data, *bytes = region->packed.items[0].bytes;
  } else if (strcmp(tensor, "outboard.blob.0") == 0) {
    *data = region->blob, *bytes = region->blob_bytes;
  }
  return OB_OK;
}

static ob_status_t read_json(const json_t *json, ob_module_t **module) {
  const ob_payload_source_t source = {(void *)(uintptr_t)payloads(), find};
  ob_status_t status = ob_module_from_json(json, &source, NULL, module);
  if (status == OB_INTERNAL) abort();
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  json_t *json, *once, *twice;
  ob_module_t *module;
  if (ob_json_parse((const char *)data, size, "graph", OB_INVALID_ARTIFACT, &json) != OB_OK) return 0;
  ob_status_t status = read_json(json, &module);
  json_decref(json);
  if (status != OB_OK) return 0;
  if (ob_graph_check(module->main) != OB_OK || ob_module_to_json(module, &once) != OB_OK) abort();
  ob_module_free(module);
  if (read_json(once, &module) != OB_OK) {
    fprintf(stderr, "what was written is not read: %s\n", ob_error_message());
    abort();
  }
  if (ob_module_to_json(module, &twice) != OB_OK || !json_equal(once, twice)) abort();
  ob_module_free(module);
  json_decref(once);
  json_decref(twice);
  return 0;
}
