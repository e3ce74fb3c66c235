/* A whole engine: a few element-wise operators on float32. docs/add-an-engine.md walks through it. */
#include <math.h>
#include <outboard/engine.h>
#include <stdio.h>
#include <string.h>

struct ob_engine {
  const ob_host_t *host;
};

/* ---- what it can do: a function for each operator */

static float do_add(float a, float b) { return a + b; }
static float do_mul(float a, float b) { return a * b; }
static float do_relu(float a, float b) { return (void)b, a > 0 ? a : 0; }
static float do_tanh(float a, float b) { return (void)b, tanhf(a); }
static const struct {
  const char *op;
  float (*function)(float, float);
} table[] = {{"Add", do_add}, {"Mul", do_mul}, {"Relu", do_relu}, {"Tanh", do_tanh}};

static float (*find(const ob_node_view_t *node))(float, float) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (node->domain[0] == 0 && strcmp(table[i].op, node->op) == 0) return table[i].function;
  return NULL;
}

/* Dims may be symbolic: their texts are the same when the dims are. */
static bool same_shape(const ob_value_view_t *a, const ob_value_view_t *b) {
  if (a->rank != b->rank || a->rank < 0) return false;
  for (int32_t i = 0; i < a->rank; i++)
    if (strcmp(a->dim_texts[i], b->dim_texts[i]) != 0) return false;
  return true;
}

static bool supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)engine, (void)region;
  if (!find(node)) return snprintf(reason, size, "%s is not one of the toy's operators", node->op), false;
  for (size_t i = 0; i < node->input_count; i++) {
    if (node->inputs[i]->dtype != OB_FLOAT32) return snprintf(reason, size, "%s: only float32", node->op), false;
    if (!same_shape(node->inputs[i], node->outputs[0])) return snprintf(reason, size, "%s: no broadcasting", node->op), false;
  }
  return true;
}

/* ---- compile: region -> executable, for any shape, shared by all threads */

struct ob_executable {
  const ob_host_t *host;
  const ob_region_view_t *region; /* lives as long as the executable */
};

static ob_status_t compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  const ob_allocator_t *memory = engine->host->allocator;
  *executable = memory->allocate(memory->self, sizeof **executable, 16);
  if (!*executable) return engine->host->fail(OB_OUT_OF_MEMORY, "region '%s': out of memory", region->symbol);
  **executable = (ob_executable_t){engine->host, region};
  return OB_OK;
}

static void release_executable(ob_executable_t *executable) {
  if (executable) executable->host->allocator->release(executable->host->allocator->self, executable);
}

/* ---- bind: executable + shapes -> instance, which says how much workspace a call needs */

struct ob_instance {
  const ob_executable_t *executable;
  size_t counts[]; /* [value] elements */
};

static ob_status_t bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info, ob_instance_t **instance) {
  const ob_region_view_t *region = executable->region;
  const ob_allocator_t *memory = executable->host->allocator;
  *instance = memory->allocate(memory->self, sizeof **instance + region->value_count * sizeof(size_t), 16);
  if (!*instance) return executable->host->fail(OB_OUT_OF_MEMORY, "region '%s': out of memory", region->symbol);
  (*instance)->executable = executable;
  info->workspace_bytes = region->value_count * sizeof(float *); /* a pointer for each value, then what nodes pass to nodes */
  for (size_t v = 0; v < region->value_count; v++) {
    (*instance)->counts[v] = 1;
    for (int32_t i = 0; i < binding->ranks[v]; i++) (*instance)->counts[v] *= (size_t)binding->dims[v][i];
    if (region->values[v]->producer >= 0 && !region->values[v]->is_output) info->workspace_bytes += (*instance)->counts[v] * sizeof(float);
  }
  return OB_OK;
}

static void release_instance(ob_instance_t *instance) {
  if (instance) instance->executable->host->allocator->release(instance->executable->host->allocator->self, instance);
}

/* ---- run: from many threads at once, so everything that changes lies in the call */

static ob_status_t run(const ob_instance_t *instance, const ob_call_t *call) {
  const ob_region_view_t *region = instance->executable->region;
  float **data = call->workspace, *room = (float *)(data + region->value_count);
  for (size_t v = 0; v < region->value_count; v++) data[v] = (float *)(uintptr_t)region->values[v]->constant;
  for (size_t i = 0; i < region->input_count; i++) data[region->inputs[i]->index] = (float *)(uintptr_t)call->inputs[i];
  for (size_t i = 0; i < region->output_count; i++) data[region->outputs[i]->index] = call->outputs[i];
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    uint32_t y = node->outputs[0]->index, a = node->inputs[0]->index, b = node->inputs[node->input_count - 1]->index;
    float (*function)(float, float) = find(node);
    if (!data[y]) data[y] = room, room += instance->counts[y];
    for (size_t i = 0; i < instance->counts[y]; i++) data[y][i] = function(data[a][i], data[b][i]);
  }
  return OB_OK;
}

/* ---- the rest */

static ob_status_t open_engine(const ob_host_t *host, ob_engine_t **engine) {
  *engine = host->allocator->allocate(host->allocator->self, sizeof **engine, 16);
  if (!*engine) return host->fail(OB_OUT_OF_MEMORY, "toy: out of memory");
  (*engine)->host = host;
  return OB_OK;
}

static void close_engine(ob_engine_t *engine) { engine->host->allocator->release(engine->host->allocator->self, engine); }

static void info(const ob_engine_t *engine, ob_engine_info_t *out) {
  (void)engine;
  out->name = "toy", out->version = "1", out->library = "", out->about = "four element-wise operators, as an example";
  out->flags = OB_ENGINE_IGNORES_CANCEL;
}

OB_API const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) {
  static const ob_engine_api_t api = {.struct_size = sizeof api, .abi = OB_ENGINE_ABI, .open = open_engine, .close = close_engine, .info = info,
                                      .supports = supports, .compile = compile, .bind = bind, .run = run,
                                      .release_instance = release_instance, .release_executable = release_executable};
  return host_abi == OB_ENGINE_ABI ? &api : NULL;
}
