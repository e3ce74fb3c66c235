/* Imports ONNX models for the Python tests: what comes out of it, what memory it takes, how it fails.
 *
 *   import_tool [--bytes] [--export FILE] [--constants] [--sweep] MODEL
 *
 * Prints "ok" and a line about memory, or the status and the message. --sweep makes each allocation fail in turn. */
#include <outboard/outboard.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "import/onnx/onnx.h"

/* ------------------------------------------------------------ an allocator that counts and fails */

typedef struct counter {
  size_t calls, fail_at; /* fail_at 0: never */
  size_t now, peak, largest, blocks;
} counter_t;

typedef struct header {
  size_t size;
  void *start;
} header_t;

static void *counted_allocate(void *self, size_t size, size_t alignment) {
  counter_t *counter = self;
  if (++counter->calls == counter->fail_at) return NULL;
  if (alignment < 16) alignment = 16;
  size_t room = size + alignment + sizeof(header_t);
  char *start = malloc(room);
  if (!start) return NULL;
  uintptr_t block = ((uintptr_t)start + sizeof(header_t) + alignment - 1) & ~(uintptr_t)(alignment - 1);
  ((header_t *)block)[-1] = (header_t){size, start};
  counter->now += size;
  counter->blocks++;
  if (counter->now > counter->peak) counter->peak = counter->now;
  if (size > counter->largest) counter->largest = size;
  return (void *)block;
}

static void counted_release(void *self, void *block) {
  counter_t *counter = self;
  if (!block) return;
  header_t header = ((header_t *)block)[-1];
  counter->now -= header.size;
  counter->blocks--;
  free(header.start);
}

/* ------------------------------------------------------------ what comes out */

static void print_constants(const ob_module_t *module) {
  for (size_t i = 0; i < module->constants.count; i++) {
    const ob_constant_t *constant = module->constants.items[i];
    printf("constant %s %s", constant->name, ob_dtype_name(constant->dtype));
    for (int32_t k = 0; k < constant->rank; k++) printf("%s%lld", k ? "," : " ", (long long)constant->dims[k]);
    printf(" :");
    if (constant->dtype == OB_STRING) {
      const ob_string_t *strings = constant->data;
      for (size_t k = 0; k < constant->bytes / sizeof *strings; k++) printf(" %.*s", (int)strings[k].size, strings[k].data);
    } else {
      const uint8_t *data = constant->data;
      for (size_t k = 0; k < constant->bytes && k < 256; k++) printf("%s%02x", k ? "" : " ", (unsigned)data[k]);
    }
    printf("\n");
  }
}

static ob_status_t export(const ob_module_t *module, const ob_allocator_t *allocator, const char *path) {
  void *bytes;
  size_t size;
  ob_writer_t writer;
  OB_TRY(ob_export_onnx(module->main, allocator, &bytes, &size));
  ob_status_t status = ob_writer_open(&writer, path, allocator);
  if (status == OB_OK) {
    status = ob_writer_write(&writer, bytes, size);
    if (status == OB_OK) status = ob_writer_commit(&writer);
    ob_writer_abort(&writer);
  }
  ob_free(allocator, bytes);
  return status;
}

typedef struct arguments {
  const char *model, *export_to;
  bool bytes, constants, sweep;
} arguments_t;

static ob_status_t import(const arguments_t *arguments, const ob_mapping_t *mapping, const ob_allocator_t *allocator,
                          ob_module_t **module) {
  ob_import_options_t options = {.allocator = allocator};
  return arguments->bytes ? ob_import_onnx(mapping->data, mapping->size, &options, module)
                          : ob_import_onnx_file(arguments->model, &options, module);
}

static int fail(ob_status_t status) {
  printf("%s: %s\n", ob_status_name(status), ob_error_message());
  return 1;
}

static int once(const arguments_t *arguments, const ob_mapping_t *mapping) {
  counter_t counter = {0};
  ob_allocator_t allocator = {counted_allocate, counted_release, &counter};
  ob_module_t *module;
  int rc = 0;
  ob_status_t status = import(arguments, mapping, &allocator, &module);
  if (status != OB_OK) {
    rc = fail(status);
  } else {
    printf("ok\n");
    if (arguments->constants) print_constants(module);
    if (arguments->export_to && export(module, &allocator, arguments->export_to) != OB_OK) rc = fail(OB_UNSUPPORTED);
    status = ob_graph_check(module->main);
    if (status != OB_OK) rc = fail(status);
  }
  ob_module_free(module);
  printf("memory: peak %zu largest %zu left %zu\n", counter.peak, counter.largest, counter.blocks);
  return counter.blocks ? 2 : rc;
}

/* Each allocation fails in turn; each time the import must say so and leave nothing behind. */
static int sweep(const arguments_t *arguments, const ob_mapping_t *mapping) {
  for (size_t n = 1;; n++) {
    counter_t counter = {.fail_at = n};
    ob_allocator_t allocator = {counted_allocate, counted_release, &counter};
    ob_module_t *module;
    ob_status_t status = import(arguments, mapping, &allocator, &module);
    if (status == OB_OK && arguments->export_to) status = export(module, &allocator, arguments->export_to);
    ob_module_free(module);
    bool done = counter.calls < n;
    if (counter.blocks != 0 || (done ? status != OB_OK : status != OB_OUT_OF_MEMORY)) {
      printf("allocation %zu: %s (%s), %zu blocks left\n", n, ob_status_name(status), ob_error_message(), counter.blocks);
      return 2;
    }
    if (done) {
      printf("ok\nswept %zu allocations\n", n - 1);
      return 0;
    }
  }
}

int main(int count, char **words) {
  arguments_t arguments = {0};
  ob_mapping_t mapping = {0};
  for (int i = 1; i < count; i++) {
    if (strcmp(words[i], "--bytes") == 0)
      arguments.bytes = true;
    else if (strcmp(words[i], "--constants") == 0)
      arguments.constants = true;
    else if (strcmp(words[i], "--sweep") == 0)
      arguments.sweep = true;
    else if (strcmp(words[i], "--export") == 0 && i + 1 < count)
      arguments.export_to = words[++i];
    else
      arguments.model = words[i];
  }
  if (!arguments.model) return 2;
  if (arguments.bytes && ob_mapping_open(arguments.model, &mapping) != OB_OK) return fail(OB_NOT_FOUND);
  int rc = arguments.sweep ? sweep(&arguments, &mapping) : once(&arguments, &mapping);
  ob_mapping_close(&mapping);
  return rc;
}
