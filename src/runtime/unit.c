/* A region on its engine: opening it, and replacing an engine that fails or that does not accept some sizes. */
#include <string.h>

#include "op/op.h"
#include "runtime/bind.h"
#include "runtime/model.h"

bool ob_status_blames_engine(ob_status_t status) {
  return status == OB_ENGINE_ERROR || status == OB_UNSUPPORTED || status == OB_INTERNAL;
}

/* ---------------------------------------------------------------- creation */

static void mark_symbols(const ob_expr_t *const *exprs, size_t count, bool *used) {
  for (size_t i = 0; exprs && i < count; i++) ob_expr_symbols_used(exprs[i], used);
}

/* Symbols that the region cannot derive from its inputs' shapes: those of attributes and symbolic constants. */
static void mark_outer(const ob_graph_t *body, bool *used) {
  for (size_t v = 0; v < body->values.count; v++)
    if (ob_value_is_symbolic(body, body->values.items[v]))
      mark_symbols(body->values.items[v]->content, body->values.items[v]->content_count, used);
  for (size_t n = 0; n < body->nodes.count; n++)
    for (size_t a = 0; a < body->nodes.items[n]->attribute_count; a++)
      mark_symbols(body->nodes.items[n]->attributes[a].ints, body->nodes.items[n]->attributes[a].count, used);
}

static void mark_shapes(const ob_graph_t *body, bool *used) {
  for (size_t v = 0; v < body->values.count; v++) {
    const ob_value_t *value = body->values.items[v];
    if (value->type.kind == OB_TENSOR && value->type.rank > 0)
      mark_symbols(value->type.dims, (size_t)value->type.rank, used);
    mark_symbols(value->content, value->content_count, used);
  }
}

static ob_status_t list_symbols(ob_unit_t *unit) {
  size_t count = ob_expr_symbol_count(unit->model->module->exprs);
  bool *used; /* by shapes, then by attributes */
  OB_TRY(OB_NEW_ARRAY(unit->model->allocator, 2 * count, &used));
  bool *outer = used + count;
  mark_outer(unit->region->body, outer);
  mark_shapes(unit->region->body, used);
  for (size_t i = 0; i < count; i++) {
    unit->symbol_count += used[i] || outer[i];
    unit->outer_count += outer[i];
  }
  ob_status_t status = OB_NEW_ARRAY(unit->model->allocator, unit->symbol_count, &unit->symbols);
  for (size_t i = 0, o = 0, n = unit->outer_count; status == OB_OK && i < count; i++) {
    if (outer[i]) unit->symbols[o++] = (uint32_t)i;
    else if (used[i]) unit->symbols[n++] = (uint32_t)i;
  }
  ob_free(unit->model->allocator, used);
  return status;
}

ob_status_t ob_unit_create(ob_model_t *model, ob_region_t *region, ob_unit_t **out) {
  ob_unit_t *unit;
  *out = NULL;
  OB_TRY(OB_NEW(model->allocator, &unit));
  unit->model = model;
  unit->region = region;
  atomic_init(&unit->backend, NULL);
  pthread_mutex_init(&unit->lock, NULL);
  unit->content_matters = true;
  for (size_t n = 0; n < region->body->nodes.count; n++)
    if (region->body->nodes.items[n]->op->flags & OB_OP_DATA_SHAPE) unit->content_matters = false;
  ob_status_t status = list_symbols(unit);
  if (status != OB_OK) {
    ob_unit_free(unit);
    return status;
  }
  *out = unit;
  return OB_OK;
}

void ob_unit_free(ob_unit_t *unit) {
  if (!unit) return;
  for (ob_bound_t *bound = unit->bounds; bound;) {
    ob_bound_t *next = bound->next;
    ob_bound_discard(bound);
    bound = next;
  }
  for (ob_backend_t *backend = atomic_load(&unit->backend); backend;) {
    ob_backend_t *older = backend->older;
    ob_backend_free(backend);
    backend = older;
  }
  ob_backend_free(unit->beyond);
  pthread_mutex_destroy(&unit->lock);
  ob_array_free(unit->model->allocator, &unit->guards);
  ob_free(unit->model->allocator, unit->symbols);
  ob_free(unit->model->allocator, unit);
}

/* ---------------------------------------------------------------- backends */

/* What another version of the engine, or the same on another machine, has left in the artifact is never used. With the lock held.
 * True when there was something. */
static bool drop_stale_data(const ob_backend_t *backend) {
  ob_region_t *region = backend->unit->region;
  size_t kept = 0;
  if (region->fingerprint && strcmp(region->fingerprint, backend->engine->fingerprint) == 0) return false;
  for (size_t i = 0; i < region->packed.count; i++)
    if (region->packed.items[i].constant) region->packed.items[kept++] = region->packed.items[i];
  bool dropped = region->blob || kept < region->packed.count;
  region->packed.count = kept;
  region->blob = NULL;
  region->blob_bytes = 0;
  return dropped;
}

static void warn_stale(const ob_backend_t *backend) {
  const ob_region_t *region = backend->unit->region;
  const char *before = region->fingerprint ? region->fingerprint : "";
  ob_log(OB_LOG_WARNING, "region '%s': what engine '%s' saved is of another version or machine ('%s', here '%s'): built again",
         ob_quote(region->symbol), backend->engine->name, ob_quote(before), ob_quote(backend->engine->fingerprint));
}

/* From the blob if there is a good one, else anew. */
static ob_status_t make_executable(ob_backend_t *backend) {
  const ob_region_t *region = backend->unit->region;
  const ob_engine_api_t *api = backend->engine->api;
  if (region->blob && api->load && backend->keeps) {
    ob_status_t status = api->load(backend->engine->engine, backend->view, region->blob, region->blob_bytes,
                                   &backend->executable);
    backend->from_blob = status == OB_OK && backend->executable;
    if (backend->from_blob || status == OB_OUT_OF_MEMORY) return status;
    ob_log(OB_LOG_WARNING, "region '%s': engine '%s' does not take its saved form (%s), built again",
           ob_quote(region->symbol), backend->engine->name, ob_error_message());
  }
  ob_fail(OB_ENGINE_ERROR, "it gives no reason");
  backend->executable = NULL;
  ob_status_t status = api->compile(backend->engine->engine, backend->view, &backend->executable);
  return status == OB_OK && !backend->executable ? ob_fail(OB_ENGINE_ERROR, "it gives no executable") : status;
}

ob_status_t ob_backend_create(const ob_backend_request_t *request, ob_backend_t **out) {
  ob_unit_t *unit = request->unit;
  ob_model_t *model = unit->model;
  ob_backend_t *backend;
  *out = NULL;
  OB_TRY(OB_NEW(model->allocator, &backend));
  backend->unit = unit;
  backend->engine = request->engine;
  backend->keeps = request->keeps;
  ob_arena_init(&backend->arena, model->allocator);
  ob_status_t status = OB_ARENA_ARRAY(&backend->arena, unit->region->body->values.count, &backend->constant_requests);
  pthread_mutex_lock(&model->lock);
  bool stale = backend->keeps && drop_stale_data(backend);
  if (status == OB_OK && !backend->keeps) status = ob_constants_unpack(model, unit->region->body);
  if (status == OB_OK)
    status = ob_view_create(unit->region->body, unit->region->symbol, backend, &backend->arena, &backend->view);
  pthread_mutex_unlock(&model->lock);
  if (stale) warn_stale(backend);
  if (status == OB_OK) status = make_executable(backend);
  if (status == OB_OK) {
    const ob_engine_api_t *api = backend->engine->api;
    backend->accepts = api->accepts ? api->accepts(backend->executable) : OB_ACCEPTS_EXACT;
    backend->rebinds = backend->accepts == OB_ACCEPTS_ANY && OB_API_HAS(api, rebind);
  }
  if (status != OB_OK) {
    ob_backend_free(backend);
    return status;
  }
  *out = backend;
  return OB_OK;
}

void ob_backend_free(ob_backend_t *backend) {
  if (!backend) return;
  if (backend->executable) backend->engine->api->release_executable(backend->executable);
  ob_arena_free(&backend->arena);
  ob_array_free(backend->unit->model->allocator, &backend->own);
  ob_free(backend->unit->model->allocator, backend);
}

/* ---------------------------------------------------------------- choosing the engine */

/* True when `engine` takes every node of the region; else a message with the first refusal. */
static bool takes_region(const ob_unit_t *unit, const ob_opened_t *engine) {
  ob_arena_t arena;
  ob_region_view_t *view;
  char reason[256] = "";
  bool takes = true;
  ob_arena_init(&arena, unit->model->allocator);
  pthread_mutex_lock(&unit->model->lock);
  ob_status_t status = ob_view_create(unit->region->body, unit->region->symbol, NULL, &arena, &view);
  pthread_mutex_unlock(&unit->model->lock);
  for (size_t n = 0; status == OB_OK && takes && n < view->node_count; n++)
    takes = ob_engine_supports(engine, view, view->nodes[n], reason, sizeof reason);
  ob_arena_free(&arena);
  if (status == OB_OK && !takes) ob_fail(OB_UNSUPPORTED, "engine '%s' does not take it: %s", engine->name, reason);
  return status == OB_OK && takes;
}

/* True when the unit has been on `engine` already. */
static bool was_tried(const ob_unit_t *unit, const ob_opened_t *engine) {
  for (const ob_backend_t *backend = atomic_load(&unit->backend); backend; backend = backend->older)
    if (backend->engine == engine) return true;
  return false;
}

static ob_status_t try_engine(ob_unit_t *unit, ob_opened_t *engine, bool keeps, ob_backend_t **backend) {
  ob_backend_request_t request = {unit, engine, keeps};
  ob_status_t status = ob_backend_create(&request, backend);
  if (status == OB_OK) return OB_OK;
  return ob_fail_within(status, "engine '%s': ", engine->name);
}

/* The first engine of the preference list that can have the region and was not tried. `first`: the message of the failure before,
 * which is what is reported in the end. */
static ob_status_t next_engine(ob_unit_t *unit, const ob_opened_t *failed, bool keeps, ob_backend_t **backend) {
  ob_model_t *model = unit->model;
  for (size_t i = 0; i < model->engines.count; i++) {
    ob_opened_t *engine;
    if (ob_model_engine(model, model->engines.items[i].name, &engine) != OB_OK) continue;
    if (engine == failed || was_tried(unit, engine) || !takes_region(unit, engine)) continue;
    ob_status_t status = try_engine(unit, engine, keeps, backend);
    if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  }
  return OB_NOT_FOUND;
}

/* In the log, and for reports (which do without when there is no memory). */
static void tell_moved(const ob_unit_t *unit, const char *why, ob_backend_t *backend) {
  if (ob_arena_strdup(&backend->arena, why, &backend->moved) != OB_OK) backend->moved = NULL;
  ob_log(OB_LOG_WARNING, "region '%s' runs on engine '%s' instead of '%s': %s", ob_quote(unit->region->symbol),
         backend->engine->name, ob_quote(unit->region->engine), why);
}

ob_status_t ob_unit_open(ob_unit_t *unit, bool relabel) {
  ob_module_t *module = unit->model->module;
  ob_region_t *region = unit->region;
  ob_opened_t *engine = NULL;
  ob_backend_t *backend = NULL;
  char why[OB_MESSAGE_SIZE];
  ob_status_t status = ob_model_engine(unit->model, region->engine, &engine);
  if (status == OB_OK) status = try_engine(unit, engine, true, &backend);
  if (status != OB_OK) {
    strcpy(why, ob_error_message());
    if (status == OB_OUT_OF_MEMORY) return status;
    ob_status_t found = next_engine(unit, engine, relabel, &backend);
    if (found == OB_OUT_OF_MEMORY) return found;
    if (found != OB_OK)
      return ob_fail(status == OB_NOT_FOUND ? OB_UNSUPPORTED : status, "region '%s': %s; no other engine takes it",
                     ob_quote(region->symbol), why);
    tell_moved(unit, why, backend);
  }
  if (relabel && backend->engine != engine) {
    ob_status_t named = ob_arena_printf(&module->arena, &region->why, "%s", why);
    if (named == OB_OK) named = ob_arena_strdup(&module->arena, backend->engine->name, &region->engine);
    if (named != OB_OK) {
      ob_backend_free(backend);
      return named;
    }
  }
  atomic_store(&unit->backend, backend);
  return OB_OK;
}

ob_status_t ob_unit_replace(ob_unit_t *unit, ob_backend_t *failed, ob_status_t status) {
  char why[OB_MESSAGE_SIZE];
  ob_backend_t *backend = NULL;
  strcpy(why, ob_error_message());
  pthread_mutex_lock(&unit->lock);
  if (failed == unit->beyond) { /* it was the last one to ask */
    pthread_mutex_unlock(&unit->lock);
    return status;
  }
  bool done = atomic_load(&unit->backend) != failed;
  ob_status_t found = done ? OB_OK : next_engine(unit, failed->engine, false, &backend);
  if (backend) {
    tell_moved(unit, why, backend);
    backend->older = failed;
    atomic_store(&unit->backend, backend);
    atomic_fetch_add(&unit->model->generation, 1);
  }
  pthread_mutex_unlock(&unit->lock);
  return found == OB_OK ? OB_OK : ob_fail(status, "%s", why);
}

ob_status_t ob_unit_beyond(ob_unit_t *unit, const ob_backend_t *refuses, ob_backend_t **backend) {
  char why[OB_MESSAGE_SIZE];
  ob_status_t status = OB_OK;
  strcpy(why, ob_error_message());
  pthread_mutex_lock(&unit->lock);
  if (!unit->beyond) {
    status = next_engine(unit, refuses->engine, false, &unit->beyond);
    if (status == OB_OK)
      ob_log(OB_LOG_INFO, "region '%s' runs on engine '%s' for some sizes: %s", ob_quote(unit->region->symbol),
             unit->beyond->engine->name, why);
  }
  *backend = unit->beyond;
  pthread_mutex_unlock(&unit->lock);
  if (status == OB_OK || status == OB_OUT_OF_MEMORY) return status;
  return ob_fail(OB_INVALID_ARGUMENT, "region '%s': %s; no other engine takes it", ob_quote(unit->region->symbol), why);
}

ob_status_t ob_unit_demote(ob_unit_t *unit, const char *why) {
  ob_arena_t *arena = &unit->model->module->arena;
  ob_region_t *region = unit->region;
  ob_backend_t *failed = atomic_load(&unit->backend), *backend = NULL;
  pthread_mutex_lock(&unit->lock);
  region->packed.count = 0; /* of the engine that it leaves */
  region->blob = NULL;
  region->blob_bytes = 0;
  ob_status_t status = next_engine(unit, failed->engine, true, &backend);
  if (status == OB_OK) {
    tell_moved(unit, why, backend);
    backend->older = failed;
    atomic_store(&unit->backend, backend);
    atomic_fetch_add(&unit->model->generation, 1);
    status = ob_arena_strdup(arena, why, &region->why);
    if (status == OB_OK) status = ob_arena_strdup(arena, backend->engine->name, &region->engine);
  }
  pthread_mutex_unlock(&unit->lock);
  if (status != OB_NOT_FOUND) return status;
  return ob_fail(OB_ENGINE_ERROR, "region '%s': %s; no other engine takes it", ob_quote(region->symbol), why);
}
