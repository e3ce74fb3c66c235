/* Executables: a region as ONNX or from a blob, and the library's models of it. */
#include <string.h>

#include "base/hash.h"
#include "kit/whole/internal.h"

/* What stands before the library's bytes in a blob, so that damaged ones never get to the library. */
typedef struct head {
  char magic[16];
  uint64_t size, checksum;
  char rest[32]; /* up to the alignment of what follows */
} head_t;

static const char magic[16] = "outboard whole 1";

static ob_status_t create(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  *executable = NULL;
  OB_TRY(OB_NEW(engine->host->allocator, executable));
  (*executable)->engine = engine;
  (*executable)->region = region;
  pthread_mutex_init(&(*executable)->lock, NULL);
  return OB_OK;
}

static ob_status_t build_bytes(const ob_executable_t *executable, const ob_whole_request_t *request, ob_whole_model_t **model) {
  ob_engine_t *engine = executable->engine;
  ob_status_t status = engine->whole->build(engine->library, request, model);
  return status == OB_OK ? OB_OK : ob_fail_within(status, "region '%s': ", ob_quote(executable->region->symbol));
}

/* From ONNX: with the binding's numbers, or for all shapes. */
static ob_status_t build_onnx(const ob_executable_t *executable, const ob_binding_t *binding, uint32_t threads, ob_whole_model_t **model) {
  const ob_host_t *host = executable->engine->host;
  ob_whole_request_t request = {.region = executable->region, .threads = threads};
  void *bytes;
  if (binding) OB_TRY(host->region_onnx_bound(binding, &bytes, &request.size));
  else OB_TRY(host->region_onnx(executable->region, &bytes, &request.size));
  request.bytes = bytes;
  ob_status_t status = build_bytes(executable, &request, model);
  ob_free(host->allocator, bytes);
  return status;
}

/* One more model for all shapes. With the lock held. */
static ob_status_t add_built(ob_executable_t *executable, uint32_t threads, ob_whole_built_t **out) {
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  ob_whole_built_t *built;
  OB_TRY(OB_NEW(allocator, &built));
  built->threads = threads;
  ob_status_t status;
  if (executable->blob) {
    ob_whole_request_t request = {executable->region, executable->blob, executable->blob_size, true, threads};
    status = build_bytes(executable, &request, &built->model);
  } else {
    status = build_onnx(executable, NULL, threads, &built->model);
  }
  if (status != OB_OK) {
    ob_free(allocator, built);
    return status;
  }
  built->next = executable->built;
  executable->built = built;
  *out = built;
  return OB_OK;
}

/* A constant that is nothing but symbols, or an attribute of them: ONNX cannot say it without numbers. */
static bool needs_numbers(const ob_region_view_t *region) {
  for (size_t v = 0; v < region->value_count; v++) {
    const ob_value_view_t *value = region->values[v];
    if (value->has_content && value->producer < 0 && !value->is_constant && !value->is_input) return true;
  }
  for (size_t n = 0; n < region->node_count; n++)
    for (size_t a = 0; a < region->nodes[n]->attribute_count; a++)
      if (region->nodes[n]->attributes[a]->symbolic) return true;
  return false;
}

ob_status_t ob_whole_compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  ob_whole_built_t *built;
  OB_TRY(create(engine, region, executable));
  const size_t known = offsetof(ob_host_t, region_onnx_bound) + sizeof engine->host->region_onnx_bound;
  ob_status_t status = add_built(*executable, engine->host->typical_threads, &built);
  if (status == OB_UNSUPPORTED && needs_numbers(region) && engine->host->struct_size >= known) {
    (*executable)->per_shape = true;
    return OB_OK;
  }
  if (status == OB_OK) return OB_OK;
  ob_whole_release_executable(*executable);
  *executable = NULL;
  return status;
}

ob_status_t ob_whole_save(const ob_executable_t *executable, void **blob, size_t *size) {
  const ob_engine_t *engine = executable->engine;
  void *bytes, *all;
  size_t count;
  *blob = NULL;
  *size = 0;
  if (!engine->whole->save || executable->per_shape || !executable->built) return OB_OK;
  OB_TRY(engine->whole->save(executable->built->model, &bytes, &count));
  ob_status_t status = ob_alloc_aligned(engine->host->allocator, count + sizeof(head_t), 64, &all);
  if (status == OB_OK) {
    head_t head = {.size = count, .checksum = ob_checksum(bytes, count)};
    memcpy(head.magic, magic, sizeof magic);
    memcpy(all, &head, sizeof head);
    memcpy((char *)all + sizeof head, bytes, count);
    *blob = all;
    *size = count + sizeof head;
  }
  ob_free(engine->host->allocator, bytes);
  return status;
}

static ob_status_t check_head(const void *blob, size_t size, const void **bytes, size_t *count) {
  head_t head;
  if (size <= sizeof head) return ob_fail(OB_INVALID_ARTIFACT, "a saved form of %zu bytes is too short", size);
  memcpy(&head, blob, sizeof head);
  *bytes = (const char *)blob + sizeof head;
  *count = size - sizeof head;
  if (memcmp(head.magic, magic, sizeof magic) != 0 || head.size != *count || head.checksum != ob_checksum(*bytes, *count))
    return ob_fail(OB_INVALID_ARTIFACT, "the saved form is damaged");
  return OB_OK;
}

ob_status_t ob_whole_load(ob_engine_t *engine, const ob_region_view_t *region, const void *blob, size_t size, ob_executable_t **executable) {
  const void *bytes;
  size_t count;
  ob_whole_built_t *built;
  *executable = NULL;
  OB_TRY(check_head(blob, size, &bytes, &count));
  OB_TRY(create(engine, region, executable));
  (*executable)->blob = bytes;
  (*executable)->blob_size = count;
  ob_status_t status = add_built(*executable, engine->host->typical_threads, &built);
  if (status != OB_OK) {
    ob_whole_release_executable(*executable);
    *executable = NULL;
  }
  return status;
}

ob_status_t ob_whole_model(ob_executable_t *executable, const ob_binding_t *binding, bool *owned, ob_whole_model_t **model) {
  *owned = executable->per_shape;
  if (executable->per_shape) return build_onnx(executable, binding, binding->threads, model);
  ob_status_t status = OB_OK;
  pthread_mutex_lock(&executable->lock);
  ob_whole_built_t *built = executable->built;
  while (built && built->threads != binding->threads) built = built->next;
  if (!built) status = add_built(executable, binding->threads, &built);
  pthread_mutex_unlock(&executable->lock);
  if (status == OB_OK) *model = built->model;
  return status;
}

ob_accepts_t ob_whole_accepts(const ob_executable_t *executable) { return executable->per_shape ? OB_ACCEPTS_EXACT : OB_ACCEPTS_ANY; }

void ob_whole_release_executable(ob_executable_t *executable) {
  if (!executable) return;
  const ob_engine_t *engine = executable->engine;
  for (ob_whole_built_t *built = executable->built; built;) {
    ob_whole_built_t *next = built->next;
    engine->whole->release(built->model);
    ob_free(engine->host->allocator, built);
    built = next;
  }
  pthread_mutex_destroy(&executable->lock);
  ob_free(engine->host->allocator, executable);
}
