/* For tests in Python and seeds: writes an artifact that has one of everything, reads one and writes it again, prints its graph. */
#include "artifact/testing.h"

static int fail(void) {
  fprintf(stderr, "%s\n", ob_error_message());
  return 1;
}

static int make(const char *path) {
  ob_module_t *module;
  if (testing_module(NULL, &module) != OB_OK) return fail();
  ob_status_t status = ob_artifact_write(module, path, NULL);
  ob_module_free(module);
  return status == OB_OK ? 0 : fail();
}

static int print_graph(const ob_module_t *module) {
  json_t *json;
  char *text;
  size_t size;
  if (ob_module_to_json(module, &json) != OB_OK) return fail();
  ob_status_t status = ob_json_dump(json, module->allocator, &text, &size);
  json_decref(json);
  if (status != OB_OK) return fail();
  fwrite(text, 1, size, stdout);
  ob_free(module->allocator, text);
  return 0;
}

/* read FILE: prints the graph; copy FILE NEW: writes it again. */
static int read_artifact(const char *path, const char *copy) {
  ob_mapping_t mapping;
  ob_module_t *module;
  if (ob_mapping_open(path, &mapping) != OB_OK) return fail();
  ob_status_t status = ob_artifact_read(mapping.data, mapping.size, NULL, &module);
  int code = status == OB_OK ? 0 : fail();
  if (code == 0 && copy) code = ob_artifact_write(module, copy, NULL) == OB_OK ? 0 : fail();
  else if (code == 0) code = print_graph(module);
  ob_module_free(module);
  ob_mapping_close(&mapping);
  return code;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "make") == 0) return make(argv[2]);
  if (argc == 3 && strcmp(argv[1], "read") == 0) return read_artifact(argv[2], NULL);
  if (argc == 4 && strcmp(argv[1], "copy") == 0) return read_artifact(argv[2], argv[3]);
  fprintf(stderr, "usage: artifact_tool make FILE | read FILE | copy FILE NEW\n");
  return 2;
}
