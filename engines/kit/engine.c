/* The ABI of an engine that is a table of kernels: open, info, supports, compile. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "kit/internal.h"

/* The engine of this library: ob_engine_api_t.open gets no other word of it. */
static _Atomic(const ob_kit_engine_t *) the_kit;

static uint64_t hash_name(const char *domain, const char *op) {
  return ob_hash_mix(ob_hash_bytes(op, strlen(op)), ob_hash_bytes(domain, strlen(domain)));
}

static const ob_kernel_t *find_named(const ob_engine_t *engine, const char *domain, const char *op) {
  size_t mask = engine->table_size - 1, i = (size_t)hash_name(domain, op) & mask;
  while (engine->table[i] && (strcmp(engine->table[i]->op, op) != 0 || strcmp(engine->table[i]->domain, domain) != 0)) i = (i + 1) & mask;
  return engine->table[i];
}

static const ob_kernel_t *find_kernel(const ob_engine_t *engine, const ob_node_view_t *node) {
  const ob_kernel_t *kernel = find_named(engine, node->domain, node->op);
  return kernel && engine->kit->variant ? engine->kit->variant(kernel, node) : kernel;
}

static bool knows(const ob_engine_t *engine, const char *domain, const char *op) { return find_named(engine, domain, op) != NULL; }

static void close_engine(ob_engine_t *engine) {
  if (!engine) return;
  ob_free(engine->host->allocator, engine->table);
  ob_free(engine->host->allocator, engine);
}

static ob_status_t fill_table(ob_engine_t *engine) {
  const ob_kit_engine_t *kit = engine->kit;
  engine->table_size = 16;
  while (engine->table_size < 2 * kit->kernel_count) engine->table_size *= 2;
  OB_TRY(OB_NEW_ARRAY(engine->host->allocator, engine->table_size, &engine->table));
  for (size_t k = 0; k < kit->kernel_count; k++) {
    const ob_kernel_t *kernel = kit->kernels[k];
    if (!kernel) continue;
    size_t mask = engine->table_size - 1, i = (size_t)hash_name(kernel->domain, kernel->op) & mask;
    while (engine->table[i]) i = (i + 1) & mask;
    engine->table[i] = kernel;
  }
  return OB_OK;
}

static ob_status_t open_engine(const ob_host_t *host, ob_engine_t **engine) {
  ob_kit_use_host(host);
  *engine = NULL;
  ob_engine_t *fresh;
  OB_TRY(OB_NEW(host->allocator, &fresh));
  fresh->host = host;
  fresh->kit = atomic_load(&the_kit);
  ob_status_t status = fill_table(fresh);
  if (status != OB_OK) {
    close_engine(fresh);
    return status;
  }
  *engine = fresh;
  return OB_OK;
}

static void info(const ob_engine_t *engine, ob_engine_info_t *out) {
  const ob_kit_engine_t *kit = engine->kit;
  out->name = kit->name;
  out->version = kit->version;
  out->library = kit->library;
  out->about = kit->about;
  out->flags = kit->flags;
}

/* The first value of the node that is no tensor of fixed-size elements, or NULL. */
static const ob_value_view_t *odd_value(const ob_node_view_t *node) {
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_value_view_t *value = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    if (value && (value->kind != OB_TENSOR || value->dtype == OB_STRING)) return value;
  }
  return NULL;
}

static bool supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason,
                     size_t reason_size) {
  const ob_kernel_t *kernel = find_kernel(engine, node);
  if (reason_size > 0) reason[0] = '\0';
  if (!kernel) {
    snprintf(reason, reason_size, "%s: %s does not have this operator", node->op, engine->kit->name);
    return false;
  }
  const ob_value_view_t *odd = engine->kit->flags & OB_ENGINE_ANY_KIND ? NULL : odd_value(node);
  if (odd) {
    snprintf(reason, reason_size, "%s: %s is not a tensor of numbers", node->op, ob_quote(odd->name));
    return false;
  }
  return !kernel->supports || kernel->supports(region, node, reason, reason_size);
}

static void release_executable(ob_executable_t *executable) {
  if (!executable) return;
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  ob_free(allocator, executable->kernels);
  ob_free(allocator, executable->constants);
  ob_arena_free(&executable->arena);
  ob_free(allocator, executable);
}

/* The plain data of a constant: the region's own pointer, or what the host unpacks. */
static ob_status_t plain_constant(const ob_executable_t *executable, const ob_value_view_t *value, const void **data) {
  *data = value->constant;
  if (value->constant) return OB_OK;
  ob_layout_t layout = {.rank = value->rank};
  for (int32_t i = 0; i < value->rank; i++) layout.order[i] = (uint8_t)i;
  return executable->engine->host->constant(executable->region, value->index, &layout, data);
}

static ob_status_t compile_node(ob_executable_t *executable, const ob_node_view_t *node, const ob_kernel_t **kernel) {
  const ob_host_t *host = executable->engine->host;
  const ob_kernel_t *found = find_kernel(executable->engine, node);
  if (!found)
    return ob_fail(OB_UNSUPPORTED, "node %s: %s has no %s", ob_quote(node->name), executable->engine->kit->name, ob_quote(node->op));
  *kernel = found;
  if (found->compile) OB_TRY(found->compile(host, executable->region, node));
  for (size_t i = 0; i < node->input_count; i++) {
    const ob_value_view_t *value = node->inputs[i];
    if (!value || !value->is_constant || executable->constants[value->index]) continue;
    if (i < 32 && found->packs >> i & 1) continue;
    OB_TRY(plain_constant(executable, value, &executable->constants[value->index]));
  }
  return OB_OK;
}

static ob_status_t compile_step(ob_executable_t *executable, size_t step) {
  const ob_node_view_t *node = executable->steps->nodes[step];
  if (!executable->is_group[step]) return compile_node(executable, node, &executable->kernels[step]);
  const ob_kit_group_t *group = (const ob_kit_group_t *)(const void *)node;
  const ob_kernel_t *kernel;
  for (size_t m = 0; m < group->member_count; m++) OB_TRY(compile_node(executable, group->members[m], &kernel));
  executable->kernels[step] = executable->engine->kit->group_kernel;
  return OB_OK;
}

static ob_status_t compile_all(ob_executable_t *executable) {
  const ob_region_view_t *region = executable->region;
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  OB_TRY(ob_kit_group(executable));
  OB_TRY(OB_NEW_ARRAY(allocator, region->node_count, &executable->kernels));
  OB_TRY(OB_NEW_ARRAY(allocator, region->value_count, &executable->constants));
  for (size_t s = 0; s < executable->steps->node_count; s++) OB_TRY(compile_step(executable, s));
  for (size_t o = 0; o < region->output_count; o++) { /* an output may be a constant that no node reads */
    const ob_value_view_t *value = region->outputs[o];
    if (value->is_constant && !executable->constants[value->index])
      OB_TRY(plain_constant(executable, value, &executable->constants[value->index]));
  }
  return OB_OK;
}

static ob_status_t compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  *executable = NULL;
  ob_executable_t *fresh;
  OB_TRY(OB_NEW(engine->host->allocator, &fresh));
  fresh->engine = engine;
  fresh->region = region;
  ob_arena_init(&fresh->arena, engine->host->allocator);
  ob_status_t status = compile_all(fresh);
  if (status != OB_OK) {
    release_executable(fresh);
    return status;
  }
  *executable = fresh;
  return OB_OK;
}

static const char *fingerprint(const ob_engine_t *engine) {
  return engine->kit->fingerprint ? engine->kit->fingerprint() : engine->kit->version;
}

/* Kernels get their numbers at bind, and compile nothing then. */
static ob_accepts_t accepts(const ob_executable_t *executable) {
  (void)executable;
  return OB_ACCEPTS_ANY;
}

static const ob_engine_api_t api = {
    .struct_size = sizeof api,
    .abi = OB_ENGINE_ABI,
    .open = open_engine,
    .close = close_engine,
    .info = info,
    .supports = supports,
    .compile = compile,
    .bind = ob_kit_bind,
    .run = ob_kit_run,
    .release_instance = ob_kit_release_instance,
    .release_executable = release_executable,
    .fingerprint = fingerprint,
    .accepts = accepts,
    .knows = knows,
    .rebind = ob_kit_rebind,
};

const ob_engine_api_t *ob_kit_entry(const ob_kit_engine_t *engine, uint32_t host_abi) {
  if (host_abi != OB_ENGINE_ABI) return NULL;
  atomic_store(&the_kit, engine);
  return &api;
}
