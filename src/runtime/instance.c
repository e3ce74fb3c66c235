/* Instances: a region's executable with numbers for its symbols. Cached by the numbers of those symbols that the region depends on, so
 * that a change of others makes nothing new. */
#include <string.h>

#include "runtime/bind.h"
#include "runtime/layout.h"
#include "runtime/model.h"

/* ---------------------------------------------------------------- making one */

void ob_bound_discard(ob_bound_t *bound) {
  const ob_allocator_t *allocator = bound->backend->unit->model->allocator;
  if (bound->instance) bound->backend->engine->api->release_instance(bound->instance);
  atomic_fetch_sub(&bound->backend->unit->live, 1);
  ob_arena_free(&bound->arena);
  ob_free(allocator, bound);
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
  atomic_fetch_add(&backend->unit->live, 1);
  if (status != OB_OK) {
    ob_bound_discard(bound);
    return ob_fail_within(status, "region '%s': ", ob_quote(backend->unit->region->symbol));
  }
  *out = bound;
  atomic_fetch_add(&backend->unit->made, 1);
  return OB_OK;
}

ob_status_t ob_bound_rebind(ob_bound_t *bound, const ob_bind_request_t *request, ob_arena_t *scratch) {
  const ob_backend_t *backend = bound->backend;
  ob_binding_t binding;
  ob_arena_reset(scratch);
  bound->info = (ob_instance_info_t){.struct_size = sizeof bound->info};
  OB_TRY(ob_binding_from_symbols(backend, request, scratch, &binding));
  OB_TRY(backend->engine->api->rebind(bound->instance, &binding, &bound->info));
  return check_layouts(bound, &binding);
}

/* ---------------------------------------------------------------- keys */

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

/* ---------------------------------------------------------------- accepted sizes */

/* The size of an axis of region input `input` in this request; false when that cannot be told here. */
static bool input_dim(const ob_unit_t *unit, const ob_bind_request_t *request, uint32_t input, int32_t axis, int64_t *dim) {
  const ob_type_t *type = &unit->region->body->inputs.items[input]->type;
  if (!request->inputs) return ob_expr_eval(type->dims[axis], request->symbols, dim) == OB_OK;
  const ob_tensor_t *tensor = request->inputs[input];
  if (!tensor || tensor->kind != OB_TENSOR || axis >= tensor->rank) return false;
  *dim = tensor->dims[axis];
  return true;
}

void ob_backend_range(const ob_backend_t *backend, uint32_t input, int32_t axis, int64_t *least, int64_t *largest) {
  const ob_expr_t *dim = backend->unit->region->body->inputs.items[input]->type.dims[axis];
  ob_expr_bounds(backend->unit->model->module->exprs, dim, least, largest);
  if (*least < 0) *least = 0;
  if (OB_API_HAS(backend->engine->api, range)) backend->engine->api->range(backend->executable, input, axis, least, largest);
}

/* True, and a message, when the engine's executable does not accept a size of this request. */
static bool refuses(const ob_backend_t *backend, const ob_bind_request_t *request) {
  const ob_graph_t *body = backend->unit->region->body;
  for (uint32_t i = 0; i < body->inputs.count; i++) {
    const ob_value_t *value = body->inputs.items[i];
    for (int32_t axis = 0; value->type.kind == OB_TENSOR && axis < value->type.rank; axis++) {
      int64_t dim, least, largest;
      if (!input_dim(backend->unit, request, i, axis, &dim)) continue;
      ob_backend_range(backend, i, axis, &least, &largest);
      if (dim >= least && dim <= largest) continue;
      ob_fail(OB_INVALID_ARGUMENT, "engine '%s' accepts %lld to %lld on axis %d of '%s', this is %lld", backend->engine->name,
              (long long)least, (long long)largest, axis, ob_quote(value->name), (long long)dim);
      return true;
    }
  }
  return false;
}

/* The unit's engine, or the one that stands in for sizes which that does not accept. */
static ob_status_t choose_backend(ob_unit_t *unit, const ob_bind_request_t *request, ob_backend_t **backend) {
  ob_backend_t *first = *backend = atomic_load(&unit->backend);
  if (first->accepts != OB_ACCEPTS_RANGE || !refuses(first, request)) return OB_OK;
  OB_TRY(ob_unit_beyond(unit, first, backend));
  if ((*backend)->accepts != OB_ACCEPTS_RANGE || !refuses(*backend, request)) return OB_OK;
  return ob_fail_within(OB_INVALID_ARGUMENT, "region '%s': ", ob_quote(unit->region->symbol));
}

/* ---------------------------------------------------------------- the cache */

static ob_bound_t *find_bound(ob_unit_t *unit, const ob_backend_t *backend, const bind_key_t *key) {
  for (ob_bound_t *bound = unit->bounds; bound; bound = bound->next)
    if (bound->backend == backend && bound->key_size == key->count &&
        memcmp(bound->key, key->items, key->count * sizeof *key->items) == 0) {
      bound->last_use = ++unit->clock;
      atomic_fetch_add(&bound->references, 1);
      return bound;
    }
  return NULL;
}

/* The unused instance that was not wanted for longest, taken out of the list; NULL: all are in use. */
static ob_bound_t *take_oldest(ob_unit_t *unit) {
  ob_bound_t **oldest = NULL;
  for (ob_bound_t **link = &unit->bounds; *link; link = &(*link)->next)
    if (atomic_load(&(*link)->references) == 0 && (!oldest || (*link)->last_use < (*oldest)->last_use)) oldest = link;
  if (!oldest) return NULL;
  ob_bound_t *bound = *oldest;
  *oldest = bound->next;
  unit->bound_count--;
  return bound;
}

/* Makes room in a full list: more than one goes when many were in use before. The caller frees them without the lock. */
static ob_bound_t *evict(ob_unit_t *unit) {
  ob_bound_t *gone = NULL, *bound;
  while (unit->bound_count >= unit->model->max_instances && (bound = take_oldest(unit))) {
    bound->next = gone;
    gone = bound;
  }
  return gone;
}

/* Adds a new instance to the list, or takes the one that another thread added meanwhile. */
static ob_bound_t *settle(ob_unit_t *unit, ob_bound_t *bound, const bind_key_t *key) {
  pthread_mutex_lock(&unit->lock);
  ob_bound_t *other = find_bound(unit, bound->backend, key), *drop = bound;
  if (other) {
    drop->next = NULL;
  } else {
    drop = evict(unit);
    bound->last_use = ++unit->clock;
    bound->next = unit->bounds;
    unit->bounds = bound;
    unit->bound_count++;
    other = bound;
  }
  pthread_mutex_unlock(&unit->lock);
  while (drop) {
    ob_bound_t *next = drop->next;
    ob_bound_discard(drop);
    drop = next;
  }
  return other;
}

static ob_status_t bind_new(ob_unit_t *unit, const ob_bind_request_t *request, ob_backend_t *backend, const bind_key_t *key,
                            ob_bound_t **out) {
  ob_bound_t *bound = NULL;
  for (;;) {
    ob_status_t status = ob_backend_bind(backend, request, &bound);
    if (status == OB_OK) break;
    if (!ob_status_blames_engine(status)) return status;
    OB_TRY(ob_unit_replace(unit, backend, status));
    OB_TRY(choose_backend(unit, request, &backend));
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
  ob_backend_t *backend;
  int64_t room[64]; /* most keys fit: no allocation for a hit */
  bind_key_t key = {.arena = &arena, .items = room, .capacity = sizeof room / sizeof *room};
  OB_TRY(choose_backend(unit, request, &backend));
  ob_arena_init(&arena, unit->model->allocator);
  ob_status_t status = make_key(unit, request, &key);
  if (status == OB_OK) {
    pthread_mutex_lock(&unit->lock);
    *bound = find_bound(unit, backend, &key);
    pthread_mutex_unlock(&unit->lock);
    if (!*bound) status = bind_new(unit, request, backend, &key, bound);
  }
  ob_arena_free(&arena);
  return status;
}

void ob_bound_release(ob_bound_t *bound) {
  if (!bound) return;
  if (bound->owned) ob_bound_discard(bound);
  else atomic_fetch_sub(&bound->references, 1);
}
