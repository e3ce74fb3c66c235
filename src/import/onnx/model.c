/* ModelProto: from bytes or a file to a module. */
#include <string.h>

#include "base/checked.h"
#include "import/onnx/importer.h"

static ob_status_t import_metadata(ob_importer_t *importer, ob_wire_list_t entries) {
  ob_module_t *module = importer->module;
  ob_wire_span_t bytes;
  while (ob_wire_next_span(&entries, &bytes)) {
    onnx_entry_t entry;
    const char *key, *value;
    OB_TRY(onnx_entry_read(bytes, &entry));
    if (entry.key.size == 0) continue;
    OB_TRY(ob_arena_strndup(&module->arena, (const char *)entry.key.data, entry.key.size, &key));
    OB_TRY(ob_arena_strndup(&module->arena, (const char *)entry.value.data, entry.value.size, &value));
    OB_TRY(ob_array_reserve(module->allocator, &module->metadata, 2));
    module->metadata.items[module->metadata.count++] = key;
    module->metadata.items[module->metadata.count++] = value;
  }
  return OB_OK;
}

static ob_status_t import_producer(ob_importer_t *importer, const onnx_model_t *model) {
  const char *name, *version;
  OB_TRY(ob_import_text(importer, model->producer_name, &name));
  OB_TRY(ob_import_text(importer, model->producer_version, &version));
  return ob_arena_printf(&importer->module->arena, &importer->module->producer, "%s%s%s", name, version[0] ? " " : "", version);
}

/* Models of IR versions 1 and 2 name no operator sets: they mean the first. */
static ob_status_t import_opsets(ob_importer_t *importer, const onnx_model_t *model) {
  static const char *domain = "";
  static int64_t version = 1;
  if (model->ir_version.value >= 3 || model->opset_import.count > 0)
    return ob_import_opsets(importer, model->opset_import, &importer->opsets);
  importer->opsets = (ob_opsets_t){&domain, &version, 1};
  return OB_OK;
}

static ob_status_t import_model(ob_importer_t *importer, ob_wire_span_t bytes) {
  onnx_model_t model;
  OB_TRY(onnx_model_read(bytes, &model));
  if (!model.graph.present) return ob_fail(OB_INVALID_MODEL, "not an ONNX model: it holds no graph");
  OB_TRY(import_opsets(importer, &model));
  OB_TRY(import_producer(importer, &model));
  OB_TRY(import_metadata(importer, model.metadata));
  OB_TRY(ob_import_functions(importer, model.functions));
  OB_TRY(ob_import_main(importer, model.graph));
  OB_TRY(ob_graph_compact(importer->module->main));
  return ob_module_compact(importer->module);
}

static void init(ob_importer_t *importer, const ob_import_options_t *options, ob_module_t *module, size_t size) {
  *importer = (ob_importer_t){.options = options, .module = module, .allocator = module->allocator};
  importer->max_depth = options->max_depth ? options->max_depth : ONNX_MAX_DEPTH;
  if (!ob_mul_size(size, ONNX_COST_FACTOR, &importer->cost_limit) ||
      !ob_add_size(importer->cost_limit, ONNX_COST_BASE, &importer->cost_limit))
    importer->cost_limit = SIZE_MAX;
  ob_arena_init(&importer->scratch, importer->allocator);
  ob_map_init(&importer->functions, importer->allocator);
  ob_map_init(&importer->symbols, importer->allocator);
}

static void finish(ob_importer_t *importer) {
  ob_array_free(importer->allocator, &importer->files);
  ob_map_free(&importer->functions);
  ob_map_free(&importer->symbols);
  ob_arena_free(&importer->scratch);
}

ob_status_t ob_import_onnx(const void *bytes, size_t size, const ob_import_options_t *options, ob_module_t **module) {
  static const ob_import_options_t none;
  ob_importer_t importer;
  *module = NULL;
  if (!options) options = &none;
  OB_TRY(ob_module_create(options->allocator, module));
  init(&importer, options, *module, size);
  ob_status_t status = import_model(&importer, ob_wire_span(bytes, size));
  finish(&importer);
  if (status == OB_OK) return OB_OK;
  ob_module_free(*module);
  *module = NULL;
  return status;
}

/* ------------------------------------------------------------ files */

static ob_status_t folder_of(const ob_allocator_t *allocator, const char *path, char **folder) {
  OB_TRY(ob_strdup(allocator, path, folder));
  char *slash = strrchr(*folder, '/');
  if (!slash)
    (*folder)[0] = 0; /* means here */
  else
    slash[slash == *folder ? 1 : 0] = 0;
  return OB_OK;
}

static ob_status_t import_mapped(const char *path, const ob_import_options_t *options, ob_mapping_t mapping, ob_module_t **module) {
  ob_import_options_t own = *options;
  char *folder;
  const ob_allocator_t *allocator = ob_allocator_or_default(options->allocator);
  OB_TRY(folder_of(allocator, path, &folder));
  if (!own.base_dir) own.base_dir = folder;
  ob_status_t status = ob_import_onnx(mapping.data, mapping.size, &own, module);
  ob_free(allocator, folder);
  return status;
}

ob_status_t ob_import_onnx_file(const char *path, const ob_import_options_t *options, ob_module_t **module) {
  static const ob_import_options_t none;
  ob_mapping_t mapping;
  *module = NULL;
  OB_TRY(ob_mapping_open(path, &mapping));
  ob_status_t status = import_mapped(path, options ? options : &none, mapping, module);
  if (status == OB_OK) status = ob_array_push((*module)->allocator, &(*module)->mappings, mapping);
  if (status == OB_OK) return OB_OK;
  ob_module_free(*module);
  *module = NULL;
  ob_mapping_close(&mapping);
  return ob_fail_within(status, "%s: ", ob_quote(path));
}

/* An artifact begins with the length of its header, whose upper bytes are zero; then comes '{'. A model begins with its IR version
 * (tag 8) or another field of ModelProto. */
bool ob_onnx_looks_like(const void *bytes, size_t size) {
  const uint8_t *data = bytes;
  if (size < 2) return false;
  if (size >= 9 && data[8] == '{' && data[7] == 0 && data[6] == 0) return false;
  unsigned field = data[0] >> 3, type = data[0] & 7;
  return (type == 0 || type == 2) && ((field >= 1 && field <= 8) || field == 14);
}
