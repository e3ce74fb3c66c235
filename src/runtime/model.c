/* Models: opening from ONNX or an artifact, saving, closing. */
#include "runtime/model.h"

#include <string.h>

#include "artifact/artifact.h"
#include "base/thread.h"
#include "import/onnx/onnx.h"
#include "runtime/program.h"

/* Shapes for which plans and instances are kept, unless the caller says otherwise. */
enum { DEFAULT_SHAPES = 64 };

ob_status_t ob_options_copy(const void *from, void *to, size_t size) {
  size_t given;
  memset(to, 0, size);
  if (!from) return OB_OK;
  memcpy(&given, from, sizeof given);
  if (given < sizeof given || given > 4096)
    return ob_fail(OB_INVALID_ARGUMENT, "the options' struct_size is %zu: set it to the size of the struct", given);
  memcpy(to, from, given < size ? given : size);
  return OB_OK;
}

/* ---------------------------------------------------------------- opening */

static ob_status_t create(const ob_options_t *options, ob_model_t **out) {
  const ob_allocator_t *allocator = ob_allocator_or_default(options->allocator);
  ob_model_t *model;
  OB_TRY(OB_NEW(allocator, &model));
  model->allocator = allocator;
  model->sink = (ob_sink_t){options->log, options->log_user};
  model->progress = options->progress;
  model->progress_user = options->progress_user;
  model->threads = options->threads > 0 ? options->threads : ob_default_threads();
  model->max_instances = options->max_instances > 0 ? options->max_instances : DEFAULT_SHAPES;
  model->max_plans = options->max_plans > 0 ? options->max_plans : DEFAULT_SHAPES;
  if (model->max_plans > model->max_instances) model->max_plans = model->max_instances; /* a plan keeps its instances */
  atomic_init(&model->generation, 0);
  pthread_mutex_init(&model->lock, NULL);
  ob_arena_init(&model->arena, allocator);
  *out = model;
  if (options->engine_path) OB_TRY(ob_arena_strdup(&model->arena, options->engine_path, &model->engine_path));
  return OB_OK;
}

static ob_status_t open_units(ob_model_t *model, bool relabel) {
  size_t count = model->module->regions.count;
  OB_TRY(OB_NEW_ARRAY(model->allocator, count, &model->units));
  model->unit_count = count;
  for (size_t i = 0; i < count; i++) {
    OB_TRY(ob_unit_create(model, model->module->regions.items[i], &model->units[i]));
    OB_TRY(ob_unit_recheck(model->units[i]));
  }
  for (size_t i = 0; i < count; i++) {
    OB_TRY(ob_unit_open(model->units[i], relabel));
    if (model->progress) model->progress(model->progress_user, relabel ? "building regions" : "opening regions", i + 1, count);
  }
  return OB_OK;
}

/* What both ways have in common once there is a partitioned module. */
static ob_status_t ready(ob_model_t *model, bool relabel) {
  const ob_module_t *module = model->module;
  model->symbol_count = ob_expr_symbol_count(module->exprs);
  model->constant_count = module->constants.count;
  OB_TRY(OB_NEW_ARRAY(model->allocator, model->symbol_count, &model->typical));
  OB_TRY(OB_NEW_ARRAY(model->allocator, model->symbol_count, &model->largest));
  OB_TRY(OB_NEW_ARRAY(model->allocator, model->constant_count, &model->was_packed_only));
  ob_symbols_typical(module, model->typical);
  for (size_t i = 0; i < model->symbol_count; i++) model->largest[i] = ob_expr_symbol_at(module->exprs, i)->max;
  for (size_t i = 0; i < model->constant_count; i++)
    model->was_packed_only[i] = !module->constants.items[i]->data && module->constants.items[i]->bytes > 0;
  OB_TRY(open_units(model, relabel));
  OB_TRY(OB_NEW_ARRAY(model->allocator, model->unit_count, &model->functions));
  OB_TRY(ob_program_create(model, module->main, NULL, &model->program));
  return ob_function_create(model, model->program, &model->function);
}

static ob_status_t open_artifact(ob_model_t *model, const void *data, size_t size) {
  model->artifact = data;
  model->artifact_size = size;
  return ready(model, false);
}

static ob_status_t compile_onnx(ob_model_t *model, const ob_compile_options_t *options) {
  OB_TRY(ob_model_compile(model, options));
  return ready(model, true);
}

/* Tells the forms apart. Nothing is too short to be an empty ONNX model, so what is neither is reported as such. */
static ob_status_t neither(const char *path) {
  return ob_fail(OB_INVALID_MODEL, "%s%s is neither an ONNX model nor an Outboard artifact", path ? ob_quote(path) : "the memory",
                 path ? "" : " given");
}

static ob_status_t folder_of(ob_model_t *model, const char *path, const char **folder) {
  const char *slash = strrchr(path, '/');
  if (!slash) return ob_arena_strdup(&model->arena, ".", folder);
  return ob_arena_strndup(&model->arena, path, slash == path ? 1 : (size_t)(slash - path), folder);
}

ob_status_t ob_model_check_files(const ob_model_t *model, ob_status_t status) {
  for (size_t i = 0; model->module && i < model->module->mappings.count; i++)
    if (ob_watch_broken(model->module->mappings.items[i].watch))
      return ob_fail(OB_IO_ERROR, "a file of the model became shorter while it was in use; open the model again");
  return status;
}

static ob_status_t open_file(ob_model_t *model, const char *path, const ob_options_t *options,
                             const ob_compile_options_t *compile) {
  ob_mapping_t mapping;
  OB_TRY(ob_mapping_open(path, &mapping));
  if (ob_artifact_looks_like(mapping.data, mapping.size)) {
    ob_status_t status = ob_artifact_read(mapping.data, mapping.size, model->allocator, &model->module);
    if (status == OB_OK) status = ob_array_push(model->allocator, &model->module->mappings, mapping);
    if (status != OB_OK) {
      ob_module_free(model->module); /* before what it points into */
      model->module = NULL;
      ob_mapping_close(&mapping);
      return ob_fail_within(status, "%s: ", ob_quote(path));
    }
    return open_artifact(model, mapping.data, mapping.size);
  }
  bool onnx = ob_onnx_looks_like(mapping.data, mapping.size);
  ob_mapping_close(&mapping);
  if (!onnx) return neither(path);
  ob_import_options_t import = {.allocator = model->allocator, .base_dir = options->base_dir};
  if (!import.base_dir) OB_TRY(folder_of(model, path, &import.base_dir));
  ob_status_t status = ob_import_onnx_file(path, &import, &model->module);
  if (status == OB_OK) status = compile_onnx(model, compile);
  return status == OB_OK ? OB_OK : ob_fail_within(status, "%s: ", ob_quote(path));
}

static ob_status_t open_bytes(ob_model_t *model, const void *data, size_t size, const ob_options_t *options,
                              const ob_compile_options_t *compile) {
  if (ob_artifact_looks_like(data, size)) {
    if ((uintptr_t)data % 64 != 0) {
      OB_TRY(ob_alloc_aligned(model->allocator, size, 64, &model->copy));
      data = memcpy(model->copy, data, size);
    }
    OB_TRY(ob_artifact_read(data, size, model->allocator, &model->module));
    return open_artifact(model, data, size);
  }
  if (!ob_onnx_looks_like(data, size)) return neither(NULL);
  ob_import_options_t import = {.allocator = model->allocator, .base_dir = options->base_dir};
  OB_TRY(ob_import_onnx(data, size, &import, &model->module));
  return compile_onnx(model, compile);
}

/* `path` or data and size. */
static ob_status_t open_model(const char *path, const void *data, size_t size, const ob_options_t *given, ob_model_t **out) {
  ob_options_t options;
  ob_compile_options_t compile;
  ob_model_t *model = NULL;
  OB_TRY(ob_options_copy(given, &options, sizeof options));
  OB_TRY(ob_options_copy(options.compile, &compile, sizeof compile));
  ob_status_t status = create(&options, &model);
  if (status == OB_OK) {
    const ob_sink_t *before = ob_sink_enter(&model->sink);
    model->portable = compile.portable;
    status = ob_model_prefer(model, compile.engines);
    if (status == OB_OK)
      status = path ? open_file(model, path, &options, &compile) : open_bytes(model, data, size, &options, &compile);
    status = ob_model_check_files(model, status);
    ob_sink_leave(before);
  }
  if (status != OB_OK) {
    ob_model_close(model);
    return status;
  }
  *out = model;
  return OB_OK;
}

ob_status_t ob_model_open(const char *path, const ob_options_t *options, ob_model_t **model) {
  if (!model) return ob_fail(OB_INVALID_ARGUMENT, "model is NULL");
  *model = NULL;
  if (!path) return ob_fail(OB_INVALID_ARGUMENT, "path is NULL");
  return open_model(path, NULL, 0, options, model);
}

ob_status_t ob_model_open_memory(const void *data, size_t size, const ob_options_t *options, ob_model_t **model) {
  if (!model) return ob_fail(OB_INVALID_ARGUMENT, "model is NULL");
  *model = NULL;
  if (!data || size == 0) return ob_fail(OB_INVALID_MODEL, "the memory given is empty");
  return open_model(NULL, data, size, options, model);
}

/* ---------------------------------------------------------------- what the model says of itself */

const char *ob_model_metadata(const ob_model_t *model, size_t index, const char **value) {
  const ob_module_t *module = model->module;
  if (index >= module->metadata.count / 2) return NULL;
  if (value) *value = module->metadata.items[2 * index + 1];
  return module->metadata.items[2 * index];
}

const char *ob_model_producer(const ob_model_t *model) { return model->module->producer ? model->module->producer : ""; }

const char *ob_model_name(const ob_model_t *model) { return model->module->main->name ? model->module->main->name : ""; }

/* ---------------------------------------------------------------- closing */

void ob_model_close(ob_model_t *model) {
  if (!model) return;
  const ob_allocator_t *allocator = model->allocator;
  const ob_sink_t *before = ob_sink_enter(&model->sink);
  for (size_t i = 0; model->functions && i < model->unit_count; i++) ob_function_free(model->functions[i]);
  ob_function_free(model->function);
  ob_program_free(model->program);
  for (size_t i = 0; model->units && i < model->unit_count; i++) ob_unit_free(model->units[i]);
  for (size_t i = 0; i < model->engines.count; i++) ob_engine_release(model->engines.items[i].opened);
  ob_module_free(model->module);
  ob_sink_leave(before);
  ob_array_free(allocator, &model->engines);
  ob_free(allocator, model->functions);
  ob_free(allocator, model->units);
  ob_free(allocator, model->typical);
  ob_free(allocator, model->largest);
  ob_free(allocator, model->was_packed_only);
  ob_free(allocator, model->copy);
  ob_arena_free(&model->arena);
  pthread_mutex_destroy(&model->lock);
  ob_free(allocator, model);
}
