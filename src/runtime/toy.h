/* For tests: engines that fail on demand, a builder of small models, and allocators that count or fail. Included by each test. */
#ifndef OB_RUNTIME_TOY_H
#define OB_RUNTIME_TOY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <outboard/engine.h>
#include <outboard/outboard.h>

#include "import/onnx/onnx.h"
#include "op/op.h"
#include "runtime/engines.h"

#define TOY_UNUSED __attribute__((unused))

/* ---------------------------------------------------------------- an engine */

typedef struct toy {
  const char *name;
  uint32_t flags, abi;
  const char *only;         /* operators that it takes, each in commas: ",Neg,Add,"; NULL: all that it knows */
  bool fails_open, fails_compile, fails_load, fails_bind, wrong;
  bool packs;               /* takes the constants of Mul transposed */
  bool keeps_data;          /* keeps data of its own with host->packed */
  bool saves;               /* has blobs */
  ob_accepts_t accepts;     /* as the ABI has it */
  int64_t largest;          /* of OB_ACCEPTS_RANGE: no axis of an input may be longer */
  bool rebinds;             /* makes instances over */
  int64_t swells;           /* inputs of this length want more workspace than longer ones */
  bool packs_at_bind;       /* asks for its constants at each bind again */
  int runs_left;            /* runs before it fails; negative: it never does */
  const char *fingerprint;
  atomic_int opens, closes, compiles, loads, binds, rebound, runs, fills, live; /* live: executables and instances not released */
  const ob_host_t *host;
} toy_t;

enum { TOY_VALUES = 64 };

struct ob_executable {
  toy_t *toy;
  const ob_region_view_t *region;
  const float *constants[TOY_VALUES], *transposed[TOY_VALUES];
};

struct ob_instance {
  ob_executable_t *executable;
  int64_t dims[TOY_VALUES][4];
  int32_t ranks[TOY_VALUES];
  size_t offsets[TOY_VALUES];
};

TOY_UNUSED static void toy_close(ob_engine_t *engine) { atomic_fetch_add(&((toy_t *)engine)->closes, 1); }

TOY_UNUSED static bool toy_supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const toy_t *toy = (const toy_t *)engine;
  static const char known[] = ",Neg,Identity,Add,Mul,NonZero,";
  char name[64];
  (void)region;
  snprintf(name, sizeof name, ",%s,", node->op);
  bool takes = strstr(known, name) && (!toy->only || strstr(toy->only, name));
  if (!takes) snprintf(reason, size, "%s: not among the toys", node->op);
  return takes;
}

static ob_status_t toy_constant(ob_executable_t *executable, const ob_node_view_t *node, const ob_value_view_t *value) {
  toy_t *toy = executable->toy;
  const void *data = value->constant;
  ob_layout_t layout = {.rank = value->rank, .order = {0, 1, 2, 3}};
  bool transpose = toy->packs && strcmp(node->op, "Mul") == 0 && value->rank == 2;
  if (transpose) layout.order[0] = 1, layout.order[1] = 0;
  ob_status_t status = transpose || !data ? toy->host->constant(executable->region, value->index, &layout, &data) : OB_OK;
  (transpose ? executable->transposed : executable->constants)[value->index] = data;
  return status;
}

static ob_status_t toy_fill(void *arg, void *buffer) {
  atomic_fetch_add(&((toy_t *)arg)->fills, 1);
  memset(buffer, 7, 100);
  return OB_OK;
}

static ob_status_t toy_prepare(ob_executable_t *executable) {
  toy_t *toy = executable->toy;
  const ob_region_view_t *region = executable->region;
  for (size_t n = 0; n < region->node_count; n++)
    for (size_t i = 0; i < region->nodes[n]->input_count; i++) {
      const ob_value_view_t *value = region->nodes[n]->inputs[i];
      if (!value || !value->is_constant) continue;
      ob_status_t status = toy_constant(executable, region->nodes[n], value);
      if (status != OB_OK) return status;
    }
  const void *stored = NULL;
  if (!toy->keeps_data) return OB_OK;
  ob_status_t status = toy->host->packed(region, "sevens", 100, toy_fill, toy, &stored);
  return status == OB_OK && ((const char *)stored)[99] != 7 ? (toy->host->fail)(OB_INTERNAL, "the kept data is not what was filled in") : status;
}

static ob_status_t toy_make(toy_t *toy, const ob_region_view_t *region, ob_executable_t **out) {
  ob_executable_t *executable = calloc(1, sizeof *executable);
  if (!executable) return OB_OUT_OF_MEMORY;
  executable->toy = toy;
  executable->region = region;
  ob_status_t status = toy_prepare(executable);
  if (status != OB_OK) {
    free(executable);
    return status;
  }
  atomic_fetch_add(&toy->live, 1);
  *out = executable;
  return OB_OK;
}

TOY_UNUSED static ob_status_t toy_compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  toy_t *toy = (toy_t *)engine;
  atomic_fetch_add(&toy->compiles, 1);
  if (toy->fails_compile) return (toy->host->fail)(OB_ENGINE_ERROR, "the toy does not compile today");
  return toy_make(toy, region, executable);
}

TOY_UNUSED static ob_status_t toy_save(const ob_executable_t *executable, void **blob, size_t *size) {
  const ob_allocator_t *allocator = executable->toy->host->allocator;
  *blob = allocator->allocate(allocator->self, 8, 8);
  if (!*blob) return OB_OUT_OF_MEMORY;
  memcpy(*blob, "toy blob", 8);
  *size = 8;
  return OB_OK;
}

TOY_UNUSED static ob_status_t toy_load(ob_engine_t *engine, const ob_region_view_t *region, const void *blob, size_t size, ob_executable_t **executable) {
  toy_t *toy = (toy_t *)engine;
  if (toy->fails_load || size != 8 || memcmp(blob, "toy blob", 8) != 0) return (toy->host->fail)(OB_ENGINE_ERROR, "the blob is damaged");
  atomic_fetch_add(&toy->loads, 1);
  return toy_make(toy, region, executable);
}

static void toy_fill_instance(ob_instance_t *instance, const ob_binding_t *binding, ob_instance_info_t *info) {
  const ob_value_view_t *input = binding->region->inputs[0];
  if (input->rank > 0 && binding->dims[input->index] && binding->dims[input->index][0] == instance->executable->toy->swells)
    info->workspace_bytes = 1 << 16;
  for (size_t v = 0; v < binding->region->value_count; v++) {
    size_t count = 1;
    instance->ranks[v] = binding->dims[v] ? binding->ranks[v] : -1;
    for (int32_t i = 0; i < instance->ranks[v]; i++) count *= (size_t)(instance->dims[v][i] = binding->dims[v][i]);
    instance->offsets[v] = info->workspace_bytes;
    info->workspace_bytes += (count * 4 + 63) / 64 * 64;
  }
}

TOY_UNUSED static ob_status_t toy_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info, ob_instance_t **out) {
  toy_t *toy = executable->toy;
  atomic_fetch_add(&toy->binds, 1);
  if (toy->fails_bind) return (toy->host->fail)(OB_ENGINE_ERROR, "the toy does not bind today");
  ob_status_t status = toy->packs_at_bind ? toy_prepare(executable) : OB_OK;
  if (status != OB_OK) return status;
  ob_instance_t *instance = calloc(1, sizeof *instance);
  if (!instance) return OB_OUT_OF_MEMORY;
  instance->executable = executable;
  toy_fill_instance(instance, binding, info);
  atomic_fetch_add(&toy->live, 1);
  *out = instance;
  return OB_OK;
}

TOY_UNUSED static ob_status_t toy_rebind(ob_instance_t *instance, const ob_binding_t *binding, ob_instance_info_t *info) {
  toy_t *toy = instance->executable->toy;
  atomic_fetch_add(&toy->rebound, 1);
  if (toy->fails_bind) return (toy->host->fail)(OB_ENGINE_ERROR, "the toy does not bind today");
  toy_fill_instance(instance, binding, info);
  return OB_OK;
}

TOY_UNUSED static ob_accepts_t toy_accepts(const ob_executable_t *executable) { return executable->toy->accepts; }

TOY_UNUSED static void toy_range(const ob_executable_t *executable, uint32_t input, int32_t axis, int64_t *least, int64_t *largest) {
  (void)input, (void)axis, (void)least;
  if (*largest > executable->toy->largest) *largest = executable->toy->largest;
}

static size_t toy_count(const ob_instance_t *instance, const ob_value_view_t *value) {
  size_t count = 1;
  for (int32_t i = 0; i < instance->ranks[value->index]; i++) count *= (size_t)instance->dims[value->index][i];
  return count;
}

static float toy_element(const ob_instance_t *instance, const ob_node_view_t *node, const ob_value_view_t *value, const float *data, size_t i) {
  size_t v = value->index;
  const float *transposed = strcmp(node->op, "Mul") == 0 ? instance->executable->transposed[v] : NULL;
  if (!transposed) return data[i];
  size_t rows = (size_t)instance->dims[v][0], columns = (size_t)instance->dims[v][1];
  return transposed[i % columns * rows + i / columns];
}

static ob_status_t toy_nonzero(const ob_instance_t *instance, const ob_call_t *call, const ob_value_view_t *value, const float *data) {
  int64_t dims[2] = {1, 0}, *found;
  size_t count = toy_count(instance, value);
  for (size_t i = 0; i < count; i++) dims[1] += data[i] != 0;
  ob_status_t status = call->allocate(call, 0, 2, dims, (void **)&found);
  for (size_t i = 0; status == OB_OK && i < count; i++)
    if (data[i] != 0) *found++ = (int64_t)i;
  return status;
}

static ob_status_t toy_node(const ob_instance_t *instance, const ob_call_t *call, const ob_node_view_t *node, float *const *data) {
  const ob_value_view_t *a = node->inputs[0], *b = node->input_count > 1 ? node->inputs[1] : NULL, *y = node->outputs[0];
  if (strcmp(node->op, "NonZero") == 0) return toy_nonzero(instance, call, a, data[a->index]);
  for (size_t i = 0, count = toy_count(instance, y); i < count; i++) {
    float p = toy_element(instance, node, a, data[a->index], i), q = b ? toy_element(instance, node, b, data[b->index], i) : 0;
    float r = strcmp(node->op, "Neg") == 0 ? -p : strcmp(node->op, "Add") == 0 ? p + q : strcmp(node->op, "Mul") == 0 ? p * q : p;
    data[y->index][i] = instance->executable->toy->wrong ? r + 1 : r;
  }
  return OB_OK;
}

TOY_UNUSED static ob_status_t toy_run(const ob_instance_t *instance, const ob_call_t *call) {
  toy_t *toy = instance->executable->toy;
  const ob_region_view_t *region = instance->executable->region;
  float *data[TOY_VALUES];
  if (atomic_fetch_add(&toy->runs, 1) >= toy->runs_left && toy->runs_left >= 0)
    return (toy->host->fail)(OB_ENGINE_ERROR, "the toy is broken");
  for (size_t v = 0; v < region->value_count; v++) {
    data[v] = (float *)((char *)call->workspace + instance->offsets[v]);
    if (region->values[v]->is_constant) data[v] = (float *)(uintptr_t)instance->executable->constants[v];
  }
  for (size_t i = 0; i < region->input_count; i++) data[region->inputs[i]->index] = (float *)(uintptr_t)call->inputs[i];
  for (size_t i = 0; i < region->output_count; i++) data[region->outputs[i]->index] = call->outputs[i];
  for (size_t n = 0; n < region->node_count; n++) {
    ob_status_t status = toy_node(instance, call, region->nodes[n], data);
    if (status != OB_OK) return status;
  }
  return OB_OK;
}

TOY_UNUSED static void toy_release_instance(ob_instance_t *instance) {
  atomic_fetch_sub(&instance->executable->toy->live, 1);
  free(instance);
}

TOY_UNUSED static void toy_release_executable(ob_executable_t *executable) {
  atomic_fetch_sub(&executable->toy->live, 1);
  free(executable);
}

TOY_UNUSED static const char *toy_fingerprint(const ob_engine_t *engine) { return ((const toy_t *)engine)->fingerprint; }

TOY_UNUSED static void toy_info(const ob_engine_t *engine, ob_engine_info_t *info) {
  const toy_t *toy = (const toy_t *)engine;
  info->name = toy->name;
  info->version = "1";
  info->library = "";
  info->about = "a toy";
  info->flags = toy->flags;
}

TOY_UNUSED static ob_status_t toy_open(toy_t *toy, const ob_host_t *host, ob_engine_t **engine) {
  toy->host = host;
  atomic_fetch_add(&toy->opens, 1);
  if (toy->fails_open) return (host->fail)(OB_ENGINE_ERROR, "the toy's library has gone");
  *engine = (ob_engine_t *)toy;
  return OB_OK;
}

/* Defines the engine `ident`: a toy_t of that name and its entry function ident_entry. */
#define TOY(ident)                                                                                          \
  static toy_t ident = {.name = #ident, .abi = OB_ENGINE_ABI, .runs_left = -1, .fingerprint = "toy 1"};      \
  static ob_status_t ident##_open(const ob_host_t *host, ob_engine_t **engine) { return toy_open(&ident, host, engine); } \
  static ob_engine_api_t ident##_api;                                                                       \
  static const ob_engine_api_t *ident##_entry(uint32_t host_abi) {                                          \
    (void)host_abi;                                                                                         \
    ident##_api = (ob_engine_api_t){.struct_size = sizeof(ob_engine_api_t),                                 \
                                    .abi = ident.abi,                                                       \
                                    .open = ident##_open,                                                   \
                                    .close = toy_close,                                                     \
                                    .info = toy_info,                                                       \
                                    .supports = toy_supports,                                               \
                                    .compile = toy_compile,                                                 \
                                    .bind = toy_bind,                                                       \
                                    .run = toy_run,                                                         \
                                    .release_instance = toy_release_instance,                               \
                                    .release_executable = toy_release_executable,                           \
                                    .fingerprint = toy_fingerprint,                                         \
                                    .save = ident.saves ? toy_save : NULL,                                  \
                                    .load = ident.saves ? toy_load : NULL,                                  \
                                    .accepts = toy_accepts,                                                 \
                                    .range = toy_range,                                                     \
                                    .rebind = ident.rebinds ? toy_rebind : NULL};                           \
    return &ident##_api;                                                                                    \
  }                                                                                                         \
  static void ident##_reset(void) {                                                                         \
    ident = (toy_t){.name = #ident, .abi = OB_ENGINE_ABI, .runs_left = -1, .fingerprint = "toy 1"}; \
    ident.accepts = OB_ACCEPTS_EXACT;                                                                       \
    assert_int_equal(ob_engine_register(#ident, ident##_entry), OB_OK);                                     \
  }

/* ---------------------------------------------------------------- models */

typedef struct toy_model {
  ob_module_t *module;
  void *bytes;
  size_t size;
} toy_model_t;

TOY_UNUSED static void toy_begin(toy_model_t *model) {
  assert_int_equal(ob_module_create(NULL, &model->module), OB_OK);
  assert_int_equal(ob_graph_create(model->module, "toys", &model->module->main), OB_OK);
}

/* A float input; a dim is a number or a symbol's name. */
TOY_UNUSED static ob_value_t *toy_input(toy_model_t *model, const char *name, int32_t rank, const char *const *dims) {
  ob_module_t *module = model->module;
  const ob_expr_t *exprs[4];
  ob_value_t *value;
  for (int32_t i = 0; i < rank; i++) {
    char *end;
    long number = strtol(dims[i], &end, 10);
    ob_symbol_t *known = ob_expr_symbol_find(module->exprs, dims[i]);
    if (!*end) assert_int_equal(ob_expr_const(module->exprs, number, &exprs[i]), OB_OK);
    else if (known) exprs[i] = known->expr;
    else
      assert_int_equal(ob_expr_symbol(module->exprs, dims[i], OB_SYMBOL_DIM, (uint32_t)module->main->inputs.count, (uint32_t)i, &exprs[i]), OB_OK);
  }
  assert_int_equal(ob_value_create(module->main, name, &value), OB_OK);
  assert_int_equal(ob_type_tensor(module, OB_FLOAT32, rank, exprs, &value->type), OB_OK);
  assert_int_equal(ob_graph_add_input(module->main, value), OB_OK);
  return value;
}

TOY_UNUSED static ob_value_t *toy_weight(toy_model_t *model, const char *name, int32_t rank, const int64_t *dims, const float *data, size_t bytes) {
  const ob_constant_t *constant;
  ob_value_t *value;
  assert_int_equal(ob_constant_create(model->module, name, OB_FLOAT32, rank, dims, data, bytes, &constant), OB_OK);
  assert_int_equal(ob_value_from_constant(model->module->main, constant, &value), OB_OK);
  return value;
}

TOY_UNUSED static ob_value_t *toy_apply(toy_model_t *model, const char *op, const char *name, ob_value_t *a, ob_value_t *b) {
  ob_node_t *node;
  ob_value_t *value;
  assert_int_equal(ob_node_create(model->module->main, ob_op_find("", op), name, b ? 2 : 1, 1, &node), OB_OK);
  assert_int_equal(ob_value_create(model->module->main, name, &value), OB_OK);
  node->inputs[0] = a;
  if (b) node->inputs[1] = b;
  ob_node_set_output(node, 0, value);
  return value;
}

TOY_UNUSED static void toy_finish(toy_model_t *model, ob_value_t *output);

/* For the real engines: y = Erf(pool(relu(conv(x)))) with x of shape [n, 3, 8, 8], and where it is not zero, which is a dynamic region. */
TOY_UNUSED static void toy_layers(toy_model_t *model) {
  static const char *const dims[] = {"n", "3", "8", "8"};
  static const int64_t filter_dims[] = {16, 3, 3, 3};
  static float filter[16 * 27];
  toy_begin(model);
  for (size_t i = 0; i < sizeof filter / sizeof *filter; i++) filter[i] = (float)((int)(i % 7) - 3);
  ob_value_t *x = toy_input(model, "x", 4, dims), *w = toy_weight(model, "w", 4, filter_dims, filter, sizeof filter);
  ob_value_t *relu = toy_apply(model, "Relu", "relu", toy_apply(model, "Conv", "conv", x, w), NULL);
  ob_value_t *y = toy_apply(model, "Erf", "y", toy_apply(model, "GlobalAveragePool", "pool", relu, NULL), NULL);
  assert_int_equal(ob_graph_add_output(model->module->main, y), OB_OK);
  toy_finish(model, toy_apply(model, "NonZero", "places", y, NULL));
}

/* Serialises the model; toy_end() gives it back. */
TOY_UNUSED static void toy_finish(toy_model_t *model, ob_value_t *output) {
  assert_int_equal(ob_graph_add_output(model->module->main, output), OB_OK);
  assert_int_equal(ob_infer_graph(model->module->main), OB_OK);
  assert_int_equal(ob_export_onnx(model->module->main, ob_allocator_default(), &model->bytes, &model->size), OB_OK);
}

TOY_UNUSED static void toy_end(toy_model_t *model) {
  ob_free(ob_allocator_default(), model->bytes);
  ob_module_free(model->module);
}

/* ---------------------------------------------------------------- opening and logs */

typedef struct toy_log {
  char lines[8][512];
  int warnings;
} toy_log_t;

TOY_UNUSED static void toy_log(void *user, ob_log_level_t level, const char *line) {
  toy_log_t *log = user;
  if (level != OB_LOG_WARNING) return;
  if (log->warnings < 8) snprintf(log->lines[log->warnings], sizeof log->lines[0], "%s", line);
  log->warnings++;
}

/* Opens the model with engines and a log of warnings. */
TOY_UNUSED static ob_status_t toy_load_model(const toy_model_t *model, const char *engines, toy_log_t *log, ob_model_t **out) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines};
  ob_options_t options = {.struct_size = sizeof options, .log = log ? toy_log : NULL, .log_user = log, .threads = 1, .compile = &compile};
  return ob_model_open_memory(model->bytes, model->size, &options, out);
}

TOY_UNUSED static ob_tensor_t toy_tensor(float *data, int32_t rank, const int64_t *dims) {
  size_t count = 1;
  for (int32_t i = 0; i < rank; i++) count *= (size_t)dims[i];
  return (ob_tensor_t){.dtype = OB_FLOAT32, .rank = rank, .dims = dims, .data = data, .bytes = count * 4};
}

#define assert_message(words)                                                                          \
  do {                                                                                                 \
    if (!strstr(ob_error_message(), (words))) fail_msg("message '%s' lacks '%s'", ob_error_message(), (words)); \
  } while (0)

#endif
