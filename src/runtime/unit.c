/* A region on its engine: opening it, replacing an engine that fails, and the cache of instances. */
#include <string.h>

#include "op/op.h"
#include "runtime/bind.h"
#include "runtime/layout.h"
#include "runtime/model.h"

/* Unused instances that a region keeps beyond those in use. */
enum { MAX_BOUNDS = 64 };

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

void ob_bound_discard(ob_bound_t *bound) {
  const ob_allocator_t *allocator = bound->backend->unit->model->allocator;
  if (bound->instance) bound->backend->engine->api->release_instance(bound->instance);
  ob_arena_free(&bound->arena);
  ob_free(allocator, bound);
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

/* ---------------------------------------------------------------- instances */

typedef struct bind_key {
  ob_arena_t *arena;
  int64_t *items;
  size_t count, capacity;
} bind_key_t;

static ob_status_t key_room(bind_key_t *key, size_t extra) {
  if (key->count + extra <= key->capacity) return OB_OK;
  size_t capacity = (key->capacity + extra) * 2;
  int64_t *items;
  OB_TRY(OB_ARENA_ARRAY(key->arena, capacity, &items));
  if (key->count > 0) memcpy(items, key->items, key->count * sizeof *items);
  key->items = items;
  key->capacity = capacity;
  return OB_OK;
}

/* Shape of one input and, where it matters, content. */
static ob_status_t key_input(bind_key_t *key, const ob_tensor_t *input, bool content) {
  if (!input || input->kind != OB_TENSOR) {
    OB_TRY(key_room(key, 1));
    key->items[key->count++] = -2;
    return OB_OK;
  }
  OB_TRY(key_room(key, (size_t)input->rank + 1));
  key->items[key->count++] = input->rank;
  memcpy(key->items + key->count, input->dims, (size_t)input->rank * sizeof *key->items);
  key->count += (size_t)input->rank;
  if (!content || !ob_content_is_small(input->dtype, input->rank, input->dims)) return OB_OK;
  size_t bytes = ob_dtype_bytes(input->dtype, input->rank == 1 ? (size_t)input->dims[0] : 1), words = (bytes + 7) / 8;
  OB_TRY(key_room(key, words));
  memset(key->items + key->count, 0, words * 8);
  if (bytes > 0) memcpy(key->items + key->count, input->data, bytes);
  key->count += words;
  return OB_OK;
}

static ob_status_t make_key(const ob_unit_t *unit, const ob_bind_request_t *request, bind_key_t *key) {
  OB_TRY(key_room(key, unit->symbol_count + 2));
  key->items[key->count++] = request->threads;
  key->items[key->count++] = request->inputs != NULL;
  size_t symbols = request->inputs ? unit->outer_count : unit->symbol_count;
  for (size_t i = 0; i < symbols; i++) key->items[key->count++] = request->symbols[unit->symbols[i]];
  for (size_t i = 0; request->inputs && i < unit->region->body->inputs.count; i++)
    OB_TRY(key_input(key, request->inputs[i], unit->content_matters));
  return OB_OK;
}

/* Shapes of the outputs, kept with the instance. */
static ob_status_t keep_outputs(ob_bound_t *bound, const ob_binding_t *binding) {
  const ob_graph_t *body = bound->backend->unit->region->body;
  OB_TRY(OB_ARENA_ARRAY(&bound->arena, body->outputs.count, &bound->output_ranks));
  OB_TRY(OB_ARENA_ARRAY(&bound->arena, body->outputs.count, &bound->output_dims));
  for (size_t i = 0; i < body->outputs.count; i++) {
    uint32_t v = body->outputs.items[i]->id;
    bound->output_ranks[i] = binding->dims[v] ? binding->ranks[v] : -1;
    if (bound->output_ranks[i] >= 0)
      OB_TRY(ob_arena_copy(&bound->arena, binding->dims[v], (size_t)binding->ranks[v] * sizeof(int64_t),
                           (void **)(uintptr_t)&bound->output_dims[i]));
  }
  return OB_OK;
}

/* The host passes plain tensors between regions; an engine that insists on another layout there is refused. */
static ob_status_t check_layouts(const ob_bound_t *bound, const ob_binding_t *binding) {
  const ob_graph_t *body = bound->backend->unit->region->body;
  const ob_layout_t *const *lists[] = {bound->info.input_layouts, bound->info.output_layouts};
  for (size_t l = 0; l < 2; l++)
    for (size_t i = 0; lists[l] && i < (l == 0 ? body->inputs.count : body->outputs.count); i++) {
      const ob_value_t *value = (l == 0 ? body->inputs.items : body->outputs.items)[i];
      if (lists[l][i] && (!binding->dims[value->id] || !ob_layout_is_plain(lists[l][i], binding->dims[value->id])))
        return ob_fail(OB_UNSUPPORTED, "it wants '%s' in a blocked layout, which is not passed between regions yet",
                       ob_quote(value->name));
    }
  return OB_OK;
}

ob_status_t ob_backend_bind(ob_backend_t *backend, const ob_bind_request_t *request, ob_bound_t **out) {
  const ob_allocator_t *allocator = backend->unit->model->allocator;
  ob_arena_t scratch;
  ob_binding_t binding;
  ob_bound_t *bound;
  *out = NULL;
  OB_TRY(OB_NEW(allocator, &bound));
  atomic_init(&bound->references, 1);
  bound->backend = backend;
  bound->run = backend->engine->api->run;
  bound->info.struct_size = sizeof bound->info;
  ob_arena_init(&bound->arena, allocator);
  ob_arena_init(&scratch, allocator);
  ob_status_t status = request->inputs ? ob_binding_from_inputs(backend, request, &scratch, &binding)
                                       : ob_binding_from_symbols(backend, request, &scratch, &binding);
  if (status == OB_OK) {
    status = backend->engine->api->bind(backend->executable, &binding, &bound->info, &bound->instance);
    if (status == OB_OK && !bound->instance) status = ob_fail(OB_ENGINE_ERROR, "bind gives no instance");
    if (status == OB_OK) status = check_layouts(bound, &binding);
    if (status != OB_OK) ob_fail_within(status, "engine '%s': ", backend->engine->name);
  } else if (status != OB_OUT_OF_MEMORY) {
    status = OB_INVALID_ARGUMENT; /* the host's own arithmetic: it is the shapes, and no other engine would help */
  }
  if (status == OB_OK) status = keep_outputs(bound, &binding);
  ob_arena_free(&scratch);
  if (status != OB_OK) {
    ob_bound_discard(bound);
    return ob_fail_within(status, "region '%s': ", ob_quote(backend->unit->region->symbol));
  }
  *out = bound;
  return OB_OK;
}

static ob_bound_t *find_bound(ob_unit_t *unit, const bind_key_t *key) {
  ob_backend_t *backend = atomic_load(&unit->backend);
  for (ob_bound_t *bound = unit->bounds; bound; bound = bound->next)
    if (bound->backend == backend && bound->key_size == key->count &&
        memcmp(bound->key, key->items, key->count * sizeof *key->items) == 0) {
      bound->last_use = ++unit->clock;
      atomic_fetch_add(&bound->references, 1);
      return bound;
    }
  return NULL;
}

/* Takes the unused instance that was not wanted for longest out of a full list; the caller frees it without the lock. */
static ob_bound_t *evict(ob_unit_t *unit) {
  ob_bound_t **oldest = NULL;
  if (unit->bound_count < MAX_BOUNDS) return NULL;
  for (ob_bound_t **link = &unit->bounds; *link; link = &(*link)->next)
    if (atomic_load(&(*link)->references) == 0 && (!oldest || (*link)->last_use < (*oldest)->last_use)) oldest = link;
  if (!oldest) return NULL;
  ob_bound_t *bound = *oldest;
  *oldest = bound->next;
  unit->bound_count--;
  return bound;
}

/* Adds a new instance to the list, or takes the one that another thread added meanwhile. */
static ob_bound_t *settle(ob_unit_t *unit, ob_bound_t *bound, const bind_key_t *key) {
  pthread_mutex_lock(&unit->lock);
  ob_bound_t *other = find_bound(unit, key), *drop = bound;
  if (!other) {
    drop = evict(unit);
    bound->last_use = ++unit->clock;
    bound->next = unit->bounds;
    unit->bounds = bound;
    unit->bound_count++;
    other = bound;
  }
  pthread_mutex_unlock(&unit->lock);
  if (drop) ob_bound_discard(drop);
  return other;
}

static ob_status_t bind_new(ob_unit_t *unit, const ob_bind_request_t *request, const bind_key_t *key, ob_bound_t **out) {
  ob_bound_t *bound = NULL;
  for (;;) {
    ob_backend_t *backend = atomic_load(&unit->backend);
    ob_status_t status = ob_backend_bind(backend, request, &bound);
    if (status == OB_OK) break;
    if (!ob_status_blames_engine(status)) return status;
    OB_TRY(ob_unit_replace(unit, backend, status));
  }
  ob_status_t status = ob_arena_copy(&bound->arena, key->items, key->count * sizeof *key->items, (void **)&bound->key);
  bound->key_size = key->count;
  if (status != OB_OK) {
    ob_bound_discard(bound);
    return status;
  }
  *out = settle(unit, bound, key);
  return OB_OK;
}

ob_status_t ob_unit_bind(ob_unit_t *unit, const ob_bind_request_t *request, ob_bound_t **bound) {
  ob_arena_t arena;
  int64_t room[64]; /* most keys fit: no allocation for a hit */
  bind_key_t key = {.arena = &arena, .items = room, .capacity = sizeof room / sizeof *room};
  ob_arena_init(&arena, unit->model->allocator);
  ob_status_t status = make_key(unit, request, &key);
  if (status == OB_OK) {
    pthread_mutex_lock(&unit->lock);
    *bound = find_bound(unit, &key);
    pthread_mutex_unlock(&unit->lock);
    if (!*bound) status = bind_new(unit, request, &key, bound);
  }
  ob_arena_free(&arena);
  return status;
}

void ob_bound_release(ob_bound_t *bound) {
  if (bound) atomic_fetch_sub(&bound->references, 1);
}
