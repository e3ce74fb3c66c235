/* Saving: engines' blobs are gathered, constants that only packed forms need lose the plain one, and the artifact is written. */
#include <string.h>

#include "artifact/artifact.h"
#include "runtime/model.h"

/* What a module is while it is written, to be undone afterwards. */
typedef struct saving {
  ob_model_t *model;
  ob_arena_t arena;
  const void **plain;       /* [constant] payloads put aside */
  ob_region_t *regions;     /* [region] as they were */
  void **blobs;             /* [region] from engines; released afterwards */
  size_t *blob_bytes;
} saving_t;

static const ob_backend_t *keeper(const ob_unit_t *unit) {
  const ob_backend_t *backend = atomic_load(&unit->backend);
  while (backend && !backend->keeps) backend = backend->older;
  return backend;
}

static bool has_engine_data(const ob_region_t *region) {
  for (size_t i = 0; i < region->packed.count; i++)
    if (region->packed.items[i].key) return true;
  return region->blob != NULL;
}

/* Asks the engines for their saved forms. Without the lock: they may want constants for it. */
static ob_status_t gather_blobs(saving_t *saving) {
  const ob_model_t *model = saving->model;
  for (size_t i = 0; i < model->unit_count && !model->portable; i++) {
    const ob_backend_t *backend = keeper(model->units[i]);
    if (!backend || backend->from_blob || !backend->engine->api->save) continue;
    OB_TRY(backend->engine->api->save(backend->executable, &saving->blobs[i], &saving->blob_bytes[i]));
  }
  return OB_OK;
}

static void set_engine_data(const saving_t *saving, size_t index) {
  ob_region_t *region = saving->model->units[index]->region;
  const ob_backend_t *backend = keeper(saving->model->units[index]);
  if (!backend) return; /* its engine is not here: what the artifact had stays */
  if (saving->blobs[index]) {
    region->blob = saving->blobs[index];
    region->blob_bytes = saving->blob_bytes[index];
  }
  region->fingerprint = has_engine_data(region) && backend->engine->fingerprint[0] ? backend->engine->fingerprint : NULL;
}

static void drop_engine_data(ob_region_t *region) {
  region->packed.count = 0;
  region->blob = NULL;
  region->blob_bytes = 0;
  region->fingerprint = NULL;
}

static void prepare_regions(const saving_t *saving) {
  ob_module_t *module = saving->model->module;
  for (size_t i = 0; i < module->regions.count; i++) {
    if (saving->model->portable) drop_engine_data(module->regions.items[i]);
    else set_engine_data(saving, i);
  }
}

static ob_status_t prepare_constants(saving_t *saving) {
  ob_module_t *module = saving->model->module;
  bool *packed_only;
  if (saving->model->portable)
    for (size_t g = 0; g < module->graphs.count; g++) OB_TRY(ob_constants_unpack(saving->model, module->graphs.items[g]));
  OB_TRY(OB_ARENA_ARRAY(&saving->arena, module->constants.count, &packed_only));
  OB_TRY(ob_constants_packed_only(saving->model, packed_only));
  for (size_t i = 0; i < module->constants.count; i++) {
    saving->plain[i] = module->constants.items[i]->data;
    if (packed_only[i]) module->constants.items[i]->data = NULL;
  }
  return OB_OK;
}

static void restore(const saving_t *saving) {
  ob_module_t *module = saving->model->module;
  for (size_t i = 0; i < module->constants.count; i++)
    if (saving->plain[i]) module->constants.items[i]->data = saving->plain[i];
  for (size_t i = 0; i < module->regions.count; i++) *module->regions.items[i] = saving->regions[i];
}

/* With the lock held. */
static ob_status_t write(saving_t *saving, const char *path) {
  ob_module_t *module = saving->model->module;
  for (size_t i = 0; i < module->regions.count; i++) saving->regions[i] = *module->regions.items[i];
  ob_status_t status = prepare_constants(saving);
  if (status == OB_OK) {
    prepare_regions(saving);
    status = ob_artifact_write(module, path, saving->model->allocator);
  }
  restore(saving);
  return status;
}

static ob_status_t save(saving_t *saving, const char *path) {
  ob_model_t *model = saving->model;
  ob_module_t *module = model->module;
  OB_TRY(OB_ARENA_ARRAY(&saving->arena, module->constants.count, &saving->plain));
  OB_TRY(OB_ARENA_ARRAY(&saving->arena, module->regions.count, &saving->regions));
  OB_TRY(OB_ARENA_ARRAY(&saving->arena, module->regions.count, &saving->blob_bytes));
  OB_TRY(OB_ARENA_ARRAY(&saving->arena, module->regions.count, &saving->blobs));
  ob_status_t status = gather_blobs(saving);
  if (status == OB_OK) {
    pthread_mutex_lock(&model->lock);
    status = write(saving, path);
    pthread_mutex_unlock(&model->lock);
  }
  for (size_t i = 0; i < module->regions.count; i++) ob_free(ob_allocator_default(), saving->blobs[i]);
  return status;
}

ob_status_t ob_model_save(const ob_model_t *shared, const char *path) {
  ob_model_t *model = (ob_model_t *)(uintptr_t)shared; /* what changes meanwhile is behind its lock, and is put back */
  if (!model || !path) return ob_fail(OB_INVALID_ARGUMENT, "%s is NULL", model ? "path" : "model");
  saving_t saving = {.model = model};
  const ob_sink_t *before = ob_sink_enter(&model->sink);
  ob_arena_init(&saving.arena, model->allocator);
  ob_status_t status = save(&saving, path);
  ob_arena_free(&saving.arena);
  ob_sink_leave(before);
  return status;
}
