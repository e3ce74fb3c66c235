/* The engine null: takes every node whose sizes are known when it is bound, computes nothing, and gives zeros. It shows what everything around
 * engines costs, and is never chosen unless --engines names it. */
#include <outboard/engine.h>

#include <stdio.h>
#include <string.h>

struct ob_engine {
  const ob_host_t *host;
};
struct ob_executable {
  const ob_host_t *host;
  const ob_region_view_t *region;
};
struct ob_instance {
  const ob_executable_t *executable;
  size_t bytes[]; /* [region output] */
};

static void *make(const ob_host_t *host, size_t bytes) { return host->allocator->allocate(host->allocator->self, bytes, 16); }

static ob_status_t open_engine(const ob_host_t *host, ob_engine_t **engine) {
  *engine = make(host, sizeof **engine);
  if (!*engine) return host->fail(OB_OUT_OF_MEMORY, "null: out of memory");
  (*engine)->host = host;
  return OB_OK;
}

static void close_engine(ob_engine_t *engine) { engine->host->allocator->release(engine->host->allocator->self, engine); }

static void info(const ob_engine_t *engine, ob_engine_info_t *info) {
  (void)engine;
  *info = (ob_engine_info_t){info->struct_size, "null", "1.0", "", "computes nothing and gives zeros: to measure what is around engines", OB_ENGINE_IGNORES_CANCEL};
}

/* Sizes made of run-time symbols (u_0) have no number when a region is bound. */
static bool supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)engine, (void)region;
  for (size_t o = 0; o < node->output_count; o++) {
    const ob_value_view_t *out = node->outputs[o];
    if (!out) continue;
    if (out->kind != OB_TENSOR || out->dtype == OB_STRING) return snprintf(reason, size, "%s: only tensors of numbers", node->op), false;
    bool open = out->rank < 0;
    for (int32_t d = 0; !open && d < out->rank; d++) open = out->dims[d] == OB_DYNAMIC && strstr(out->dim_texts[d], "u_");
    if (open) return snprintf(reason, size, "%s: the sizes of its output are known only when it has run", node->op), false;
  }
  return true;
}

static ob_status_t compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  *executable = make(engine->host, sizeof **executable);
  if (!*executable) return engine->host->fail(OB_OUT_OF_MEMORY, "region '%s': out of memory", region->symbol);
  **executable = (ob_executable_t){engine->host, region};
  return OB_OK;
}

static ob_status_t bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info, ob_instance_t **instance) {
  const ob_host_t *host = executable->host;
  const ob_region_view_t *region = executable->region;
  (void)info;
  *instance = make(host, sizeof **instance + region->output_count * sizeof(size_t));
  if (!*instance) return host->fail(OB_OUT_OF_MEMORY, "region '%s': out of memory", region->symbol);
  (*instance)->executable = executable;
  const ob_layout_t plain = {.rank = 0};
  for (size_t o = 0; o < region->output_count; o++) {
    const ob_value_view_t *out = region->outputs[o];
    ob_layout_t layout = plain;
    layout.rank = binding->ranks[out->index];
    for (int32_t d = 0; d < layout.rank; d++) layout.order[d] = (uint8_t)d;
    ob_status_t status = host->layout_bytes(&layout, out->dtype, binding->dims[out->index], &(*instance)->bytes[o]);
    if (status == OB_OK) continue;
    host->allocator->release(host->allocator->self, *instance);
    return status;
  }
  return OB_OK;
}

static ob_status_t run(const ob_instance_t *instance, const ob_call_t *call) {
  for (size_t o = 0; o < instance->executable->region->output_count; o++)
    if (instance->bytes[o] > 0) memset(call->outputs[o], 0, instance->bytes[o]);
  return OB_OK;
}

static void release_instance(ob_instance_t *instance) {
  const ob_host_t *host = instance->executable->host;
  host->allocator->release(host->allocator->self, instance);
}
static void release_executable(ob_executable_t *executable) { executable->host->allocator->release(executable->host->allocator->self, executable); }
static ob_accepts_t accepts(const ob_executable_t *executable) { return (void)executable, OB_ACCEPTS_ANY; }

OB_API const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) {
  static const ob_engine_api_t api = {.struct_size = sizeof api, .abi = OB_ENGINE_ABI, .open = open_engine, .close = close_engine, .info = info,
                                      .supports = supports, .compile = compile, .bind = bind, .run = run, .accepts = accepts,
                                      .release_instance = release_instance, .release_executable = release_executable};
  return host_abi == OB_ENGINE_ABI ? &api : NULL;
}
