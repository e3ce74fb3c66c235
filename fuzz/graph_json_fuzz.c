/* Any text as the graph of an artifact whose payloads are sound. What is read comes out as the same JSON again. */
#include "artifact/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ENCODED = 64 };
static void *encoded[MOST_ENCODED]; /* strings in the container's form, kept for one input */
static size_t encoded_count;

static ob_status_t find_constant(const ob_constant_t *constant, const void **data, size_t *bytes) {
  *data = constant->data, *bytes = constant->bytes;
  if (constant->dtype != OB_STRING || !constant->data) return OB_OK;
  if (encoded_count == MOST_ENCODED) return ob_fail(OB_INVALID_ARTIFACT, "enough strings");
  OB_TRY(ob_strings_encode(constant, ob_allocator_default(), &encoded[encoded_count], bytes));
  *data = encoded[encoded_count++];
  return OB_OK;
}

/* Payloads as a module that was written would have them under these names. */
static ob_status_t find(void *self, const char *tensor, const void **data, size_t *bytes) {
  const ob_module_t *module = self;
  unsigned region;
  size_t index;
  *data = NULL, *bytes = 0;
  const ob_constant_t *constant = ob_map_get(&module->constants_by_name, tensor + (strncmp(tensor, "outboard.constant.", 18) == 0 ? 18 : 0));
  if (constant) return find_constant(constant, data, bytes);
  if (sscanf(tensor, "outboard.packed.%u.%zu", &region, &index) == 2 && region < module->regions.count &&
      index < module->regions.items[region]->packed.count) {
    const ob_packed_t *packed = &module->regions.items[region]->packed.items[index];
    *data = packed->data, *bytes = packed->bytes;
  } else if (sscanf(tensor, "outboard.blob.%u", &region) == 1 && region < module->regions.count) {
    *data = module->regions.items[region]->blob, *bytes = module->regions.items[region]->blob_bytes;
  }
  return OB_OK;
}

static ob_status_t read_json(const json_t *json, const ob_module_t *payloads, ob_module_t **module) {
  const ob_payload_source_t source = {(void *)(uintptr_t)payloads, find};
  ob_status_t status = ob_module_from_json(json, &source, NULL, module);
  if (status == OB_INTERNAL) abort();
  return status;
}

static void check(const json_t *json, const ob_module_t *payloads) {
  ob_module_t *module, *again;
  json_t *once, *twice;
  if (read_json(json, payloads, &module) != OB_OK) return;
  if (ob_graph_check(module->main) != OB_OK || ob_module_to_json(module, &once) != OB_OK) abort();
  if (read_json(once, module, &again) != OB_OK) {
    fprintf(stderr, "what was written is not read: %s\n", ob_error_message());
    abort();
  }
  if (ob_module_to_json(again, &twice) != OB_OK || !json_equal(once, twice)) abort();
  ob_module_free(again);
  ob_module_free(module);
  json_decref(once);
  json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static ob_module_t *payloads;
  json_t *json;
  if (!payloads && testing_module(NULL, &payloads) != OB_OK) abort();
  if (ob_json_parse((const char *)data, size, "graph", OB_INVALID_ARTIFACT, &json) != OB_OK) return 0;
  check(json, payloads);
  json_decref(json);
  while (encoded_count > 0) ob_free(ob_allocator_default(), encoded[--encoded_count]);
  return 0;
}
