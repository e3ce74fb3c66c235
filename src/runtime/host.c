/* The table of services that engines get. */
#include "runtime/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/thread.h"
#include "artifact/graph_json.h"
#include "import/onnx/onnx.h"
#include "runtime/layout.h"
#include "runtime/model.h"

static _Thread_local const ob_sink_t *the_sink;

const ob_sink_t *ob_sink_enter(const ob_sink_t *sink) {
  const ob_sink_t *before = the_sink;
  the_sink = sink;
  return before;
}

void ob_sink_leave(const ob_sink_t *before) { the_sink = before; }

static void log_v(ob_log_level_t level, const char *format, va_list args) {
  char line[OB_MESSAGE_SIZE];
  if (!the_sink || !the_sink->log) return;
  vsnprintf(line, sizeof line, format, args);
  for (char *c = line; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
  the_sink->log(the_sink->user, level, line);
}

void ob_log(ob_log_level_t level, const char *format, ...) {
  va_list args;
  va_start(args, format);
  log_v(level, format, args);
  va_end(args);
}

/* The host's side of a region that an engine holds; NULL for a view that is no region (whole graphs, in `supports`). */
static ob_backend_t *backend_of(const ob_region_view_t *region) { return region ? region->host : NULL; }

static ob_status_t no_backend(const char *service) {
  return ob_fail(OB_INVALID_ARGUMENT, "host->%s works on regions that are compiled, not while engines are asked", service);
}

static ob_status_t host_constant(const ob_region_view_t *region, uint32_t value, const ob_layout_t *layout,
                                 const void **data) {
  ob_backend_t *backend = backend_of(region);
  *data = NULL;
  return backend ? ob_backend_constant(backend, value, layout, data) : no_backend("constant");
}

static ob_status_t host_packed(const ob_region_view_t *region, const char *key, size_t bytes,
                               ob_status_t (*fill)(void *arg, void *buffer), void *arg, const void **stored) {
  ob_backend_t *backend = backend_of(region);
  ob_packed_request_t request = {key, bytes, fill, arg};
  *stored = NULL;
  return backend ? ob_backend_packed(backend, &request, stored) : no_backend("packed");
}

static ob_status_t host_region_json(const ob_region_view_t *region, char **text, size_t *size) {
  ob_backend_t *backend = backend_of(region);
  json_t *json = NULL;
  *text = NULL;
  *size = 0;
  if (!backend) return no_backend("region_json");
  OB_TRY(ob_graph_to_json(backend->unit->region->body, &json));
  ob_status_t status = ob_json_dump(json, ob_allocator_default(), text, size);
  json_decref(json);
  return status;
}

static ob_status_t export_region(const ob_region_view_t *region, const ob_binding_t *binding, void **bytes, size_t *size) {
  ob_backend_t *backend = backend_of(region);
  *bytes = NULL;
  *size = 0;
  if (!backend) return no_backend("region_onnx");
  ob_model_t *model = backend->unit->model;
  pthread_mutex_lock(&model->lock);
  ob_status_t status = ob_constants_unpack(model, backend->unit->region->body);
  if (status == OB_OK) status = ob_export_onnx_bound(backend->unit->region->body, binding, ob_allocator_default(), bytes, size);
  pthread_mutex_unlock(&model->lock);
  return status;
}

static ob_status_t host_region_onnx(const ob_region_view_t *region, void **bytes, size_t *size) {
  return export_region(region, NULL, bytes, size);
}

static ob_status_t host_region_onnx_bound(const ob_binding_t *binding, void **bytes, size_t *size) {
  return export_region(binding->region, binding, bytes, size);
}

static int64_t host_typical_dim(const ob_region_view_t *region, uint32_t value, int32_t axis) {
  const ob_backend_t *backend = backend_of(region);
  int64_t dim = 1;
  if (!backend) return 1;
  const ob_graph_t *body = backend->unit->region->body;
  if (value >= body->values.count) return 1;
  const ob_type_t *type = &body->values.items[value]->type;
  if (axis < 0 || axis >= type->rank) return 1;
  if (!backend->unit->model->typical) return 1; /* while constants are folded */
  if (ob_expr_eval(type->dims[axis], backend->unit->model->typical, &dim) != OB_OK || dim < 1) return 1;
  return dim;
}

void ob_host_table(uint32_t threads, ob_host_t *host) {
  *host = (ob_host_t){.struct_size = sizeof *host,
                      .abi = OB_ENGINE_ABI,
                      .allocator = ob_allocator_default(),
                      .fail = ob_fail,
                      .fail_within = ob_fail_within,
                      .log = ob_log,
                      .constant = host_constant,
                      .layout_bytes = ob_layout_bytes,
                      .packed = host_packed,
                      .region_json = host_region_json,
                      .region_onnx = host_region_onnx,
                      .parallel_for = ob_parallel_for,
                      .typical_threads = threads > 0 ? threads : ob_thread_default(),
                      .typical_dim = host_typical_dim,
                      .region_onnx_bound = host_region_onnx_bound};
}
