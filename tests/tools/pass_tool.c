/* Shows tests what the passes make of a model: pass_tool MODEL.onnx DIRECTORY [raw]
 * writes DIRECTORY/graph.json and DIRECTORY/constants (the payloads one after the other, in the order of the JSON's constants).
 * With `raw` no pass runs. Nothing is evaluated: constant folding has no evaluator here.
 *
 *   pass_tool MODEL.onnx sweep
 * makes each allocation fail in turn and says how many there were. */
#include <stdio.h>
#include <string.h>

#include "artifact/graph_json.h"
#include "import/onnx/onnx.h"
#include "pass/pass.h"

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, ob_error_message());
  return 1;
}

static int write_file(const char *directory, const char *name, const ob_module_t *module, const char *text, size_t size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "wb");
  if (!file) return 1;
  if (text) fwrite(text, 1, size, file);
  for (size_t i = 0; !text && i < module->constants.count; i++)
    if (module->constants.items[i]->dtype != OB_STRING)
      fwrite(module->constants.items[i]->data, 1, module->constants.items[i]->bytes, file);
  return fclose(file);
}

/* ---------------------------------------------------------------- running out of memory */

typedef struct counter {
  ob_allocator_t allocator;
  size_t calls, fail_at, alive;
} counter_t;

static void *count_allocate(void *self, size_t size, size_t alignment) {
  counter_t *c = self;
  const ob_allocator_t *a = ob_allocator_default();
  if (++c->calls == c->fail_at) return NULL;
  c->alive++;
  return a->allocate(a->self, size, alignment);
}

static void count_release(void *self, void *block) {
  counter_t *c = self;
  if (block) c->alive--;
  ob_allocator_default()->release(NULL, block);
}

static int sweep(const char *path) {
  const ob_pass_context_t context = {0};
  for (size_t n = 1;; n++) {
    counter_t counter = {{count_allocate, count_release, &counter}, 0, n, 0};
    const ob_import_options_t options = {.allocator = &counter.allocator};
    ob_module_t *module = NULL;
    ob_status_t status = ob_import_onnx_file(path, &options, &module);
    if (status == OB_OK) status = ob_passes_run(module, &context);
    ob_module_free(module);
    if (counter.alive != 0) return printf("allocation %zu: %zu blocks leak\n", n, counter.alive), 1;
    if (status == OB_OK && counter.calls < n) return printf("%zu allocations\n", n - 1), 0;
    if (status != OB_OUT_OF_MEMORY) return fail("not out of memory");
  }
}

int main(int argc, char **argv) {
  const ob_import_options_t options = {0};
  const ob_pass_context_t context = {0};
  ob_module_t *module;
  json_t *json;
  char *text;
  size_t size;
  if (argc < 3) return 2;
  if (strcmp(argv[2], "sweep") == 0) return sweep(argv[1]);
  if (ob_import_onnx_file(argv[1], &options, &module) != OB_OK) return fail("import");
  if (argc == 3 && ob_passes_run(module, &context) != OB_OK) return fail("passes");
  if (ob_graph_check(module->main) != OB_OK) return fail("check");
  if (ob_module_to_json(module, &json) != OB_OK) return fail("json");
  if (ob_json_dump(json, ob_allocator_default(), &text, &size) != OB_OK) return fail("dump");
  int failed = write_file(argv[2], "graph.json", module, text, size) | write_file(argv[2], "constants", module, NULL, 0);
  ob_free(ob_allocator_default(), text);
  json_decref(json);
  ob_module_free(module);
  return failed;
}
