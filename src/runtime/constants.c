/* Constants in the layouts that engines ask for: found in the artifact, or packed on first use and kept. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/layout.h"
#include "runtime/model.h"

/* A 64-byte aligned block that lives as long as the module. */
static ob_status_t keep_block(ob_module_t *module, size_t bytes, void **block) {
  OB_TRY(ob_alloc_aligned(module->allocator, bytes, 64, block));
  ob_status_t status = ob_array_push(module->allocator, &module->blocks, *block);
  if (status != OB_OK) ob_free(module->allocator, *block);
  return status;
}

/* Any packed form of `constant`, in whatever region. */
static const ob_packed_t *find_packed(const ob_module_t *module, const ob_constant_t *constant) {
  for (size_t r = 0; r < module->regions.count; r++) {
    const ob_region_t *region = module->regions.items[r];
    for (size_t i = 0; i < region->packed.count; i++)
      if (region->packed.items[i].constant == constant) return &region->packed.items[i];
  }
  return NULL;
}

/* Gives `constant` its plain payload back. The module is the model's own, so it may be written to under the lock. */
static ob_status_t unpack(ob_model_t *model, const ob_constant_t *constant) {
  if (constant->data || constant->bytes == 0) return OB_OK;
  const ob_packed_t *packed = find_packed(model->module, constant);
  if (!packed) return ob_fail(OB_INVALID_ARTIFACT, "constant '%s' has no payload in any form", ob_quote(constant->name));
  size_t bytes;
  void *plain;
  OB_TRY(ob_layout_bytes(&packed->layout, constant->dtype, constant->dims, &bytes));
  if (packed->layout.rank != constant->rank || bytes > packed->bytes)
    return ob_fail(OB_INVALID_ARTIFACT, "constant '%s': its packed form does not fit its shape", ob_quote(constant->name));
  OB_TRY(keep_block(model->module, constant->bytes, &plain));
  ob_layout_unpack(&packed->layout, constant->dtype, constant->dims, packed->data, plain);
  model->module->constants.items[constant->index]->data = plain;
  return OB_OK;
}

ob_status_t ob_constants_unpack(ob_model_t *model, const ob_graph_t *graph) {
  for (size_t i = 0; i < graph->values.count; i++)
    if (graph->values.items[i]->constant) OB_TRY(unpack(model, graph->values.items[i]->constant));
  return OB_OK;
}

/* The form of `constant` that is `layout`, if a region has it. The region itself first. */
static const void *find_layout(const ob_module_t *module, const ob_region_t *region, const ob_constant_t *constant,
                               const ob_layout_t *layout) {
  for (size_t i = 0; i < region->packed.count; i++) {
    const ob_packed_t *packed = &region->packed.items[i];
    if (packed->constant == constant && ob_layout_equal(&packed->layout, layout)) return packed->data;
  }
  for (size_t r = 0; r < module->regions.count; r++) {
    const ob_region_t *other = module->regions.items[r];
    if (other == region) continue;
    for (size_t i = 0; i < other->packed.count; i++)
      if (other->packed.items[i].constant == constant && ob_layout_equal(&other->packed.items[i].layout, layout))
        return other->packed.items[i].data;
  }
  return NULL;
}

static bool region_has(const ob_region_t *region, const ob_constant_t *constant, const void *data) {
  for (size_t i = 0; i < region->packed.count; i++)
    if (region->packed.items[i].constant == constant && region->packed.items[i].data == data) return true;
  return false;
}

/* What the backend packed for itself alone. */
static const void *find_own(const ob_backend_t *backend, const ob_constant_t *constant, const ob_layout_t *layout) {
  for (size_t i = 0; i < backend->own.count; i++) {
    const ob_packed_t *packed = &backend->own.items[i];
    if (packed->constant == constant && ob_layout_equal(&packed->layout, layout)) return packed->data;
  }
  return NULL;
}

/* With the lock held. */
static ob_status_t take_constant(ob_backend_t *backend, const ob_constant_t *constant, const ob_layout_t *layout,
                                 const void **data) {
  ob_model_t *model = backend->unit->model;
  ob_module_t *module = model->module;
  ob_region_t *region = backend->unit->region;
  ob_packed_t packed = {.constant = constant, .layout = *layout};
  OB_TRY(ob_layout_bytes(layout, constant->dtype, constant->dims, &packed.bytes));
  packed.data = find_own(backend, constant, layout);
  if (!packed.data) packed.data = find_layout(module, region, constant, layout);
  if (!packed.data) {
    void *blocked;
    OB_TRY(unpack(model, constant));
    OB_TRY(keep_block(module, packed.bytes, &blocked));
    ob_layout_pack(layout, constant->dtype, constant->dims, constant->data, blocked);
    packed.data = blocked;
    if (!backend->keeps) OB_TRY(ob_array_push(model->allocator, &backend->own, packed)); /* for the next shape */
  }
  if (backend->keeps && !region_has(region, constant, packed.data))
    OB_TRY(ob_array_push(module->allocator, &region->packed, packed));
  *data = packed.data;
  return OB_OK;
}

ob_status_t ob_backend_constant(ob_backend_t *backend, uint32_t value, const ob_layout_t *layout, const void **data) {
  ob_model_t *model = backend->unit->model;
  const ob_graph_t *body = backend->unit->region->body;
  if (value >= body->values.count || !body->values.items[value]->constant)
    return ob_fail(OB_INVALID_ARGUMENT, "value %u of region '%s' is not a constant", value,
                   ob_quote(backend->unit->region->symbol));
  const ob_constant_t *constant = body->values.items[value]->constant;
  if (layout->rank != constant->rank)
    return ob_fail(OB_INVALID_ARGUMENT, "constant '%s' has rank %d, the layout asked for has %d", ob_quote(constant->name),
                   constant->rank, layout->rank);
  ob_status_t status;
  pthread_mutex_lock(&model->lock);
  if (ob_layout_is_plain(layout, constant->dims)) {
    status = unpack(model, constant);
    *data = constant->data;
  } else {
    status = take_constant(backend, constant, layout, data);
    if (status == OB_OK) backend->constant_requests[value]++;
  }
  pthread_mutex_unlock(&model->lock);
  return status;
}

static const void *find_in(const ob_packed_t *list, size_t count, const char *key, size_t bytes) {
  for (size_t i = 0; i < count; i++)
    if (list[i].key && strcmp(list[i].key, key) == 0 && list[i].bytes == bytes) return list[i].data;
  return NULL;
}

static const void *find_key(const ob_backend_t *backend, const char *key, size_t bytes) {
  const ob_region_t *region = backend->unit->region;
  return backend->keeps ? find_in(region->packed.items, region->packed.count, key, bytes)
                        : find_in(backend->own.items, backend->own.count, key, bytes);
}

/* Registers engine-made data unless another thread was faster; *block is then given back. With the lock held. */
static ob_status_t register_key(ob_backend_t *backend, const ob_packed_request_t *request, void **block, const void **data) {
  ob_model_t *model = backend->unit->model;
  ob_module_t *module = model->module;
  ob_packed_t packed = {.data = *block, .bytes = request->bytes};
  *data = find_key(backend, request->key, request->bytes);
  if (*data) return OB_OK;
  OB_TRY(ob_arena_strdup(&module->arena, request->key, &packed.key));
  OB_TRY(ob_array_reserve(module->allocator, &module->blocks, 1));
  OB_TRY(backend->keeps ? ob_array_push(module->allocator, &backend->unit->region->packed, packed)
                        : ob_array_push(model->allocator, &backend->own, packed));
  module->blocks.items[module->blocks.count++] = *block;
  *data = *block;
  *block = NULL;
  return OB_OK;
}

ob_status_t ob_backend_packed(ob_backend_t *backend, const ob_packed_request_t *request, const void **data) {
  ob_model_t *model = backend->unit->model;
  void *block;
  pthread_mutex_lock(&model->lock);
  *data = find_key(backend, request->key, request->bytes);
  pthread_mutex_unlock(&model->lock);
  if (*data) return OB_OK;
  OB_TRY(ob_alloc_aligned(model->module->allocator, request->bytes, 64, &block));
  ob_status_t status = request->fill(request->arg, block); /* may come back for constants: the lock is free */
  if (status == OB_OK) {
    pthread_mutex_lock(&model->lock);
    status = register_key(backend, request, &block, data);
    pthread_mutex_unlock(&model->lock);
  }
  ob_free(model->module->allocator, block);
  return status;
}

ob_status_t ob_constants_align(ob_module_t *module) {
  for (size_t i = 0; i < module->constants.count; i++) {
    ob_constant_t *constant = module->constants.items[i];
    void *block;
    if (!constant->data || ((uintptr_t)constant->data & 63) == 0) continue;
    OB_TRY(keep_block(module, constant->bytes, &block));
    memcpy(block, constant->data, constant->bytes);
    constant->data = block;
  }
  return OB_OK;
}

/* Constants that `graph` needs in plain form. `requests`: what the region's engine asked for; NULL: it reads all of them. */
static void mark_plain(const ob_graph_t *graph, const uint32_t *requests, uint32_t *uses, bool *plain) {
  ob_graph_count_uses(graph, uses);
  for (size_t i = 0; i < graph->values.count; i++) {
    const ob_constant_t *constant = graph->values.items[i]->constant;
    if (constant && uses[i] > (requests ? requests[i] : 0)) plain[constant->index] = true;
  }
}

static void mark_region(const ob_unit_t *unit, uint32_t *uses, bool *plain) {
  const ob_backend_t *backend = atomic_load(&unit->backend);
  while (backend && !backend->keeps) backend = backend->older;
  if (backend && backend->from_blob) return; /* what the artifact has is what the blob was saved with */
  mark_plain(unit->region->body, backend ? backend->constant_requests : NULL, uses, plain);
}

static size_t largest_graph(const ob_module_t *module) {
  size_t largest = 1;
  for (size_t g = 0; g < module->graphs.count; g++)
    if (module->graphs.items[g]->values.count > largest) largest = module->graphs.items[g]->values.count;
  return largest;
}

/* Region bodies decide through what their engines asked for; everything else that uses constants needs them plain. */
ob_status_t ob_constants_packed_only(const ob_model_t *model, bool *packed_only) {
  const ob_module_t *module = model->module;
  ob_arena_t arena;
  uint32_t *uses;
  bool *plain, *is_body;
  ob_status_t status;
  memset(packed_only, 0, module->constants.count);
  if (model->portable) return OB_OK;
  ob_arena_init(&arena, model->allocator);
  OB_TRY_GOTO(status, OB_ARENA_ARRAY(&arena, largest_graph(module), &uses), out);
  OB_TRY_GOTO(status, OB_ARENA_ARRAY(&arena, module->constants.count, &plain), out);
  OB_TRY_GOTO(status, OB_ARENA_ARRAY(&arena, module->graphs.count, &is_body), out);
  for (size_t r = 0; r < model->unit_count; r++) is_body[model->units[r]->region->body->index] = true;
  for (size_t g = 0; g < module->graphs.count; g++)
    if (!is_body[g]) mark_plain(module->graphs.items[g], NULL, uses, plain);
  for (size_t r = 0; r < model->unit_count; r++) mark_region(model->units[r], uses, plain);
  for (size_t i = 0; i < module->constants.count; i++)
    packed_only[i] = (!plain[i] || (model->was_packed_only && model->was_packed_only[i])) &&
                     find_packed(module, module->constants.items[i]) != NULL;
out:
  ob_arena_free(&arena);
  return status;
}
