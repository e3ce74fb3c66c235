/* The region builder: values, nodes and attributes as an engine sees them. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/internal.h"

ob_rig_t *ob_rig_open_entry(ob_engine_entry_t entry) {
  ob_rig_t *rig = rig_alloc(sizeof *rig);
  rig->api = entry(OB_ENGINE_ABI);
  rig->threads = 1;
  if (!rig->api) rig_die("the engine refuses this ABI");
  if (rig->api->open(rig_host(), &rig->engine) != OB_OK) rig_die("the engine does not open: %s", rig_host_message());
  rig->region = (ob_region_view_t){.struct_size = sizeof rig->region,
                                   .symbol = "test",
                                   .nodes = rig->node_views,
                                   .values = rig->value_views,
                                   .inputs = rig->inputs,
                                   .outputs = rig->outputs,
                                   .host = rig};
  return rig;
}

ob_rig_t *ob_rig_open(const char *name) {
  char path[4096];
  const char *folder = getenv("OUTBOARD_ENGINE_PATH");
  if (strchr(name, '/'))
    snprintf(path, sizeof path, "%s", name);
  else
    snprintf(path, sizeof path, "%.*s/ob_engine_%s.so", (int)strcspn(folder ? folder : "", ":"), folder ? folder : "", name);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "rig: %s\n", dlerror());
    return NULL;
  }
  union {
    void *object;
    ob_engine_entry_t function;
  } entry = {dlsym(library, "ob_engine_entry")};
  if (!entry.object) rig_die("%s has no ob_engine_entry", path);
  ob_rig_t *rig = ob_rig_open_entry(entry.function);
  rig->library = library;
  return rig;
}

static rig_value_t *value_at(const ob_rig_t *rig, int value) {
  if (value < 0 || (size_t)value >= rig->region.value_count) rig_die("there is no value %d", value);
  return rig->values[value];
}

static void set_dims(rig_value_t *value, int32_t rank, const int64_t *dims) {
  value->rank = rank;
  size_t bytes = 0;
  for (int32_t i = 0; i < rank; i++) value->dims[i] = dims[i];
  if (rank >= 0 && !ob_tensor_bytes(value->view.dtype, rank, value->dims, &bytes)) rig_die("bad dims");
  value->bytes = bytes;
}

static int add_value(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims) {
  size_t index = rig->region.value_count++;
  if (index == RIG_VALUES) rig_die("too many values");
  rig_value_t *value = rig->values[index] = rig_alloc(sizeof *value);
  snprintf(value->name, sizeof value->name, "v%zu", index);
  value->view = (ob_value_view_t){.struct_size = sizeof value->view,
                                  .index = (uint32_t)index,
                                  .name = value->name,
                                  .dtype = dtype,
                                  .producer = -1};
  set_dims(value, rank, dims);
  rig->value_views[index] = &value->view;
  return (int)index;
}

static void fill(rig_value_t *value, const double *values) {
  value->data = rig_alloc(value->bytes);
  size_t count = 1;
  for (int32_t i = 0; i < value->rank; i++) count *= (size_t)value->dims[i];
  for (size_t i = 0; values && i < count; i++) ob_element_set(value->view.dtype, value->data, i, values[i]);
}

int ob_rig_input(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims, const double *values) {
  int index = add_value(rig, dtype, rank, dims);
  rig_value_t *value = rig->values[index];
  value->view.is_input = true;
  rig->inputs[rig->region.input_count++] = &value->view;
  fill(value, values);
  return index;
}

int ob_rig_constant(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims, const double *values) {
  int index = add_value(rig, dtype, rank, dims);
  rig->values[index]->view.is_constant = true;
  fill(rig->values[index], values);
  return index;
}

int ob_rig_value(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims) { return add_value(rig, dtype, rank, dims); }

int ob_rig_output(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims) {
  int index = add_value(rig, dtype, rank, dims);
  ob_rig_also_output(rig, index);
  return index;
}

int ob_rig_input_any(ob_rig_t *rig, const ob_tensor_t *any) {
  bool tensor = any->kind == OB_TENSOR;
  int index = add_value(rig, any->dtype, tensor ? any->rank : -1, any->dims);
  rig_value_t *value = rig->values[index];
  value->any = rig_any_copy(any);
  value->view.kind = any->kind;
  value->view.is_input = true;
  rig->inputs[rig->region.input_count++] = &value->view;
  return index;
}

int ob_rig_output_any(ob_rig_t *rig, ob_kind_t kind, ob_dtype_t dtype, int32_t rank, const int64_t *dims) {
  int index = add_value(rig, dtype, rank, dims);
  rig_value_t *value = rig->values[index];
  value->view.kind = kind;
  value->view.is_output = true;
  rig->outputs[rig->region.output_count++] = &value->view;
  return index;
}

const ob_tensor_t *ob_rig_any(const ob_rig_t *rig, int value) { return value_at(rig, value)->any; }

void ob_rig_also_output(ob_rig_t *rig, int value) {
  rig_value_t *v = value_at(rig, value);
  v->view.is_output = true;
  rig->outputs[rig->region.output_count++] = &v->view;
  if (!v->data) v->data = rig_alloc(v->bytes);
}

void ob_rig_content(ob_rig_t *rig, int value) { value_at(rig, value)->view.has_content = true; }

static const ob_value_view_t **list_values(ob_rig_t *rig, const int *values, size_t count) {
  const ob_value_view_t **list = rig_alloc(count * sizeof *list);
  for (size_t i = 0; i < count; i++) list[i] = values[i] < 0 ? NULL : &value_at(rig, values[i])->view;
  return list;
}

void ob_rig_node(ob_rig_t *rig, const char *op, const int *inputs, size_t input_count, const int *outputs, size_t output_count) {
  size_t index = rig->region.node_count++;
  if (index == RIG_NODES) rig_die("too many nodes");
  rig_node_t *node = rig->nodes[index] = rig_alloc(sizeof *node);
  snprintf(node->name, sizeof node->name, "n%zu", index);
  node->inputs = list_values(rig, inputs, input_count);
  node->outputs = list_values(rig, outputs, output_count);
  node->attribute_list = node->attribute_ints;
  node->view = (ob_node_view_t){.struct_size = sizeof node->view,
                                .index = (uint32_t)index,
                                .name = node->name,
                                .op = op,
                                .domain = "",
                                .since = 1,
                                .input_count = input_count,
                                .output_count = output_count,
                                .inputs = node->inputs,
                                .outputs = node->outputs,
                                .attributes = node->attribute_views};
  rig->node_views[index] = &node->view;
  for (size_t i = 0; i < input_count; i++)
    if (inputs[i] >= 0) rig->values[inputs[i]]->view.use_count++;
  for (size_t i = 0; i < output_count; i++) {
    if (outputs[i] < 0) continue;
    rig->values[outputs[i]]->view.producer = (int32_t)index;
    rig->values[outputs[i]]->view.producer_output = (uint32_t)i;
  }
}

static rig_node_t *newest(ob_rig_t *rig) {
  if (rig->region.node_count == 0) rig_die("an attribute before the first node");
  return rig->nodes[rig->region.node_count - 1];
}

void ob_rig_domain(ob_rig_t *rig, const char *domain) { newest(rig)->view.domain = domain; }

static void *copy_of(const void *data, size_t size) {
  void *copy = rig_alloc(size);
  if (size > 0) memcpy(copy, data, size);
  return copy;
}

static ob_attribute_view_t *add_attribute(ob_rig_t *rig, const char *name, ob_attribute_kind_t kind, size_t count) {
  rig_node_t *node = newest(rig);
  size_t index = node->view.attribute_count++;
  if (index == sizeof node->attributes / sizeof *node->attributes) rig_die("too many attributes");
  rig_attribute_t *attribute = node->attributes[index] = rig_alloc(sizeof *attribute);
  attribute->view = (ob_attribute_view_t){.struct_size = sizeof attribute->view, .name = name, .kind = kind, .count = count};
  node->attribute_views[index] = &attribute->view;
  return &attribute->view;
}

void ob_rig_ints(ob_rig_t *rig, const char *name, const int64_t *values, size_t count) {
  ob_attribute_view_t *attribute = add_attribute(rig, name, OB_ATTRIBUTE_INTS, count);
  rig_node_t *node = newest(rig);
  attribute->ints = copy_of(values, count * sizeof *values);
  node->attribute_ints[node->view.attribute_count - 1] = attribute->ints;
}

void ob_rig_int(ob_rig_t *rig, const char *name, int64_t value) {
  ob_rig_ints(rig, name, &value, 1);
  rig_node_t *node = newest(rig);
  node->attributes[node->view.attribute_count - 1]->view.kind = OB_ATTRIBUTE_INT;
}

void ob_rig_floats(ob_rig_t *rig, const char *name, const float *values, size_t count) {
  add_attribute(rig, name, OB_ATTRIBUTE_FLOATS, count)->floats = copy_of(values, count * sizeof *values);
}

void ob_rig_float(ob_rig_t *rig, const char *name, float value) {
  add_attribute(rig, name, OB_ATTRIBUTE_FLOAT, 1)->floats = copy_of(&value, sizeof value);
}

void ob_rig_strings(ob_rig_t *rig, const char *name, const char *const *values, size_t count) {
  ob_string_t *strings = rig_alloc(count * sizeof *strings);
  for (size_t i = 0; i < count; i++) strings[i] = (ob_string_t){values[i], strlen(values[i])};
  add_attribute(rig, name, OB_ATTRIBUTE_STRINGS, count)->strings = strings;
}

void ob_rig_string(ob_rig_t *rig, const char *name, const char *value) {
  ob_rig_strings(rig, name, &value, 1);
  rig_node_t *node = newest(rig);
  node->attributes[node->view.attribute_count - 1]->view.kind = OB_ATTRIBUTE_STRING;
}

void ob_rig_tensor(ob_rig_t *rig, const char *name, ob_dtype_t dtype, int32_t rank, const int64_t *dims, const double *values) {
  ob_attribute_view_t *attribute = add_attribute(rig, name, OB_ATTRIBUTE_TENSOR, 1);
  rig_node_t *node = newest(rig);
  ob_tensor_t *tensor = &node->attributes[node->view.attribute_count - 1]->tensor;
  *tensor = (ob_tensor_t){.dtype = dtype, .rank = rank, .dims = copy_of(dims, (size_t)rank * sizeof *dims)};
  size_t count = 1;
  for (int32_t i = 0; i < rank; i++) count *= (size_t)dims[i];
  tensor->bytes = ob_dtype_bytes(dtype, count);
  tensor->data = rig_alloc(tensor->bytes);
  for (size_t i = 0; values && i < count; i++) ob_element_set(dtype, tensor->data, i, values[i]);
  attribute->tensor = tensor;
}

void ob_rig_symbolic(ob_rig_t *rig, bool on) { rig->symbolic = on; }
void ob_rig_threads(ob_rig_t *rig, uint32_t threads) { rig->threads = threads; }
void ob_rig_in_place(ob_rig_t *rig, bool on) { rig->in_place = on; }
void ob_rig_packed_only(ob_rig_t *rig, bool on) { rig->packed_only = on; }
void ob_rig_cancel(ob_rig_t *rig, bool on) { rig->cancel = on; }
void ob_rig_deadline(ob_rig_t *rig, uint64_t deadline_ns) { rig->deadline_ns = deadline_ns; }
const char *ob_rig_message(const ob_rig_t *rig) {
  (void)rig;
  return rig_host_message();
}
void ob_rig_fail_allocation(ob_rig_t *rig, size_t n) {
  (void)rig;
  rig_host_fail_allocation(n);
}
size_t ob_rig_allocations(const ob_rig_t *rig) {
  (void)rig;
  return rig_host_allocations();
}
const ob_instance_info_t *ob_rig_info(const ob_rig_t *rig) { return &rig->info; }
const ob_engine_api_t *ob_rig_api(const ob_rig_t *rig) { return rig->api; }
ob_engine_t *ob_rig_engine(const ob_rig_t *rig) { return rig->engine; }
void *ob_rig_data(ob_rig_t *rig, int value) { return value_at(rig, value)->data; }
const int64_t *ob_rig_dims(const ob_rig_t *rig, int value) { return value_at(rig, value)->dims; }
int32_t ob_rig_rank(const ob_rig_t *rig, int value) { return value_at(rig, value)->rank; }
ob_dtype_t ob_rig_dtype(const ob_rig_t *rig, int value) { return value_at(rig, value)->view.dtype; }

size_t ob_rig_count(const ob_rig_t *rig, int value) {
  const rig_value_t *v = value_at(rig, value);
  size_t count = 1;
  for (int32_t i = 0; i < v->rank; i++) count *= (size_t)v->dims[i];
  return count;
}

bool ob_rig_expect(ob_rig_t *rig, int value, const double *want, double tolerance) {
  const rig_value_t *v = value_at(rig, value);
  size_t wrong = 0;
  for (size_t i = 0; i < ob_rig_count(rig, value); i++) {
    double got = ob_element_get(v->view.dtype, v->data, i), size = want[i] < 0 ? -want[i] : want[i];
    double error = got > want[i] ? got - want[i] : want[i] - got;
    if (got == want[i] || (got != got && want[i] != want[i]) || error <= tolerance * (size > 1 ? size : 1)) continue;
    if (wrong++ < 8) fprintf(stderr, "%s[%zu]: got %.9g, want %.9g\n", v->name, i, got, want[i]);
  }
  return wrong == 0;
}

void ob_rig_reshape(ob_rig_t *rig, int value, int32_t rank, const int64_t *dims) {
  rig_value_t *v = value_at(rig, value);
  set_dims(v, rank, dims);
  free(v->data);
  v->data = v->view.is_input || v->view.is_output ? rig_alloc(v->bytes) : NULL;
  rig->api->release_instance(rig->instance);
  rig->instance = NULL;
}
