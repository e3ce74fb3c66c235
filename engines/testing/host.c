/* A host in memory: counting allocator, messages, packed constants, threads. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "base/thread.h"
#include "testing/internal.h"

static _Thread_local char message[1024];
static atomic_size_t live, allocations, fail_at; /* fail_at: number of the allocation that fails; 0: none */

void rig_die(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("rig: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  abort();
}

void *rig_alloc(size_t size) {
  void *block = NULL;
  if (posix_memalign(&block, 64, size > 0 ? size : 1) != 0) rig_die("out of memory");
  memset(block, 0, size);
  return block;
}

enum { GUARD = 64, CANARY = 0xA5 };

void *rig_guard_alloc(size_t size) {
  char *block = rig_alloc(size + 2 * GUARD);
  memset(block, CANARY, size + 2 * GUARD);
  return block + GUARD;
}

void rig_guard_check(void *block, size_t size, const char *what) {
  const unsigned char *bytes = (const unsigned char *)block - GUARD;
  for (size_t i = 0; i < GUARD; i++)
    if (bytes[i] != CANARY || bytes[GUARD + size + i] != CANARY) rig_die("written outside of %s", what);
}

void rig_guard_free(void *block) {
  if (block) free((char *)block - GUARD);
}

static void *allocate(void *self, size_t size, size_t alignment) {
  (void)self;
  size_t number = atomic_fetch_add(&allocations, 1) + 1, limit = atomic_load(&fail_at);
  if (limit > 0 && number >= limit) return NULL;
  if (size == 0) rig_die("allocation of 0 bytes");
  void *block = NULL;
  if (posix_memalign(&block, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) return NULL;
  memset(block, 0xC3, size);
  atomic_fetch_add(&live, 1);
  return block;
}

static void release(void *self, void *block) {
  (void)self;
  if (!block) return;
  atomic_fetch_sub(&live, 1);
  free(block);
}

static const ob_allocator_t allocator = {allocate, release, NULL};

size_t rig_host_live(void) { return atomic_load(&live); }
size_t rig_host_allocations(void) { return atomic_load(&allocations); }
void rig_host_fail_allocation(size_t n) { atomic_store(&fail_at, n > 0 ? atomic_load(&allocations) + n : 0); }
const char *rig_host_message(void) { return message; }

static ob_status_t fail(ob_status_t status, const char *format, ...) {
  char text[sizeof message];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  memcpy(message, text, sizeof message);
  return status;
}

static ob_status_t fail_within(ob_status_t status, const char *format, ...) {
  char text[sizeof message], old[sizeof message];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  memcpy(old, message, sizeof old);
  size_t length = strlen(text);
  memcpy(message, text, length + 1);
  snprintf(message + length, sizeof message - length, "%s", old);
  return status;
}

static void log_line(ob_log_level_t level, const char *format, ...) {
  (void)level;
  (void)format;
}

static ob_status_t constant(const ob_region_view_t *region, uint32_t value, const ob_layout_t *layout, const void **data) {
  ob_rig_t *rig = region->host;
  rig_value_t *v = rig->values[value];
  if (!v->view.is_constant) rig_die("host->constant() of value %u, which is none", value);
  for (size_t i = 0; i < rig->packed_count; i++)
    if (!rig->packed[i].key[0] && rig->packed[i].value == value && memcmp(&rig->packed[i].layout, layout, sizeof *layout) == 0) {
      *data = rig->packed[i].data;
      return OB_OK;
    }
  if (rig->packed_count == RIG_PACKED) rig_die("too many packed constants");
  rig_packed_t *packed = &rig->packed[rig->packed_count++];
  *packed = (rig_packed_t){.value = value, .layout = *layout};
  packed->data = rig_alloc(ob_layout_size(layout, v->view.dtype, v->dims));
  ob_layout_pack(layout, v->view.dtype, v->dims, v->data, packed->data);
  *data = packed->data;
  return OB_OK;
}

static ob_status_t layout_bytes(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, size_t *bytes) {
  *bytes = ob_layout_size(layout, dtype, dims);
  return OB_OK;
}

static ob_status_t packed(const ob_region_view_t *region, const char *key, size_t bytes,
                          ob_status_t (*fill)(void *arg, void *buffer), void *arg, const void **stored) {
  ob_rig_t *rig = region->host;
  for (size_t i = 0; i < rig->packed_count; i++)
    if (strcmp(rig->packed[i].key, key) == 0) {
      *stored = rig->packed[i].data;
      return OB_OK;
    }
  void *buffer = rig_alloc(bytes);
  ob_status_t status = fill(arg, buffer);
  if (status != OB_OK) {
    free(buffer);
    return status;
  }
  if (rig->packed_count == RIG_PACKED) rig_die("too many packed constants");
  rig_packed_t *entry = &rig->packed[rig->packed_count++];
  *entry = (rig_packed_t){.data = buffer};
  snprintf(entry->key, sizeof entry->key, "%s", key);
  *stored = buffer;
  return OB_OK;
}

static ob_status_t no_json(const ob_region_view_t *region, char **text, size_t *size) {
  (void)region;
  *text = NULL;
  *size = 0;
  return fail(OB_UNSUPPORTED, "the test host has no JSON of regions");
}

static ob_status_t no_onnx(const ob_region_view_t *region, void **bytes, size_t *size) {
  (void)region;
  *bytes = NULL;
  *size = 0;
  return fail(OB_UNSUPPORTED, "the test host has no ONNX form of regions");
}

static int64_t typical_dim(const ob_region_view_t *region, uint32_t value, int32_t axis) {
  const ob_rig_t *rig = region->host;
  int64_t dim = rig->values[value]->dims[axis];
  return dim > 0 ? dim : 1;
}

static const ob_host_t host = {
    .struct_size = sizeof host,
    .abi = OB_ENGINE_ABI,
    .allocator = &allocator,
    .fail = fail,
    .fail_within = fail_within,
    .log = log_line,
    .constant = constant,
    .layout_bytes = layout_bytes,
    .packed = packed,
    .region_json = no_json,
    .region_onnx = no_onnx,
    .parallel_for = ob_parallel_for,
    .typical_threads = 1,
    .typical_dim = typical_dim,
};

const ob_host_t *rig_host(void) { return &host; }
