/* The rig as a host: compile, bind, run, with canaries and garbage around everything that the engine may write. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/internal.h"

/* Fills what the region's views leave open until building is over. */
static void finish_views(ob_rig_t *rig) {
  for (size_t v = 0; v < rig->region.value_count; v++) {
    rig_value_t *value = rig->values[v];
    bool symbolic = rig->symbolic && !value->view.is_constant;
    for (int32_t i = 0; i < value->rank; i++) {
      value->symbolic_dims[i] = symbolic ? OB_DYNAMIC : value->dims[i];
      snprintf(value->texts[i], sizeof value->texts[i], "%lld", (long long)value->dims[i]);
      if (symbolic) snprintf(value->texts[i], sizeof value->texts[i], "s%zu_%d", v, (int)i);
      value->dim_texts[i] = value->texts[i];
    }
    value->view.rank = value->rank;
    value->view.dims = value->symbolic_dims;
    value->view.dim_texts = value->dim_texts;
    if (value->view.is_constant && !rig->packed_only) value->view.constant = value->data;
  }
  rig->finished = true;
}

const char *ob_rig_refusal(ob_rig_t *rig) {
  finish_views(rig);
  for (size_t n = 0; n < rig->region.node_count; n++)
    if (!rig->api->supports(rig->engine, &rig->region, rig->node_views[n], rig->reason, sizeof rig->reason)) return rig->reason;
  return NULL;
}

/* Contents of integer inputs as int64. */
static void read_content(rig_value_t *value) {
  size_t count = 1;
  for (int32_t i = 0; i < value->rank; i++) count *= (size_t)value->dims[i];
  free(value->content);
  value->content = rig_alloc(count * sizeof *value->content);
  for (size_t i = 0; i < count; i++) {
    if (value->view.dtype == OB_INT64)
      value->content[i] = ((const int64_t *)value->data)[i];
    else
      value->content[i] = (int64_t)ob_element_get(value->view.dtype, value->data, i);
  }
}

static ob_status_t bind(ob_rig_t *rig) {
  const int64_t *dims[RIG_VALUES], *contents[RIG_VALUES];
  const int64_t *const *attributes[RIG_NODES];
  int32_t ranks[RIG_VALUES];
  for (size_t v = 0; v < rig->region.value_count; v++) {
    rig_value_t *value = rig->values[v];
    dims[v] = value->rank < 0 ? NULL : value->dims;
    ranks[v] = value->rank;
    if (value->view.has_content) read_content(value);
    contents[v] = value->content;
  }
  for (size_t n = 0; n < rig->region.node_count; n++) attributes[n] = rig->nodes[n]->attribute_list;
  ob_binding_t binding = {.struct_size = sizeof binding,
                          .region = &rig->region,
                          .threads = rig->threads,
                          .dims = dims,
                          .ranks = ranks,
                          .contents = contents,
                          .attribute_ints = attributes};
  rig->info = (ob_instance_info_t){.struct_size = sizeof rig->info};
  return rig->api->bind(rig->executable, &binding, &rig->info, &rig->instance);
}

/* A run sized output: kept by the rig. */
static ob_status_t allocate(const ob_call_t *call, uint32_t output, int32_t rank, const int64_t *dims, void **data) {
  ob_rig_t *rig = call->host;
  rig_value_t *value = rig->values[rig->outputs[output]->index];
  value->rank = rank;
  for (int32_t i = 0; i < rank; i++) value->dims[i] = dims[i];
  if (!ob_tensor_bytes(value->view.dtype, rank, dims, &value->bytes)) rig_die("output %u is too large", output);
  free(value->data);
  *data = value->data = rig_alloc(value->bytes);
  return OB_OK;
}

static ob_status_t put(const ob_call_t *call, uint32_t output, const ob_tensor_t *value) {
  ob_rig_t *rig = call->host;
  rig_value_t *to = rig->values[rig->outputs[output]->index];
  if (to->view.kind != value->kind || (value->kind == OB_TENSOR && to->view.dtype != value->dtype)) rig_die("output %u is of another kind", output);
  rig_any_free(to->any);
  to->any = rig_any_copy(value);
  return OB_OK;
}

static bool is_plain(const rig_value_t *value) { return value->view.kind == OB_TENSOR && value->view.dtype != OB_STRING; }

static const ob_layout_t *layout_at(const ob_layout_t *const *layouts, size_t i) { return layouts ? layouts[i] : NULL; }

static size_t block_bytes(const rig_value_t *value, const ob_layout_t *layout) {
  return layout ? ob_layout_size(layout, value->view.dtype, value->dims) : value->bytes;
}

static void give_inputs(ob_rig_t *rig, const void **inputs, const ob_tensor_t **any) {
  for (size_t i = 0; i < rig->region.input_count; i++) {
    rig_value_t *value = rig->values[rig->inputs[i]->index];
    inputs[i] = NULL;
    any[i] = value->any;
    if (!is_plain(value)) continue;
    const ob_layout_t *layout = layout_at(rig->info.input_layouts, i);
    value->block = rig_guard_alloc(block_bytes(value, layout));
    if (layout)
      ob_layout_pack(layout, value->view.dtype, value->dims, value->data, value->block);
    else if (value->bytes > 0)
      memcpy(value->block, value->data, value->bytes);
    inputs[i] = value->block;
  }
}

static void give_outputs(ob_rig_t *rig, const void *const *inputs, void **outputs, bool *shared) {
  for (size_t o = 0; o < rig->region.output_count; o++) {
    const rig_value_t *value = rig->values[rig->outputs[o]->index];
    int32_t from = rig->in_place && rig->info.in_place ? rig->info.in_place[o] : -1;
    outputs[o] = NULL;
    if (value->rank < 0 || !is_plain(value)) continue;
    if (from >= 0) {
      outputs[o] = (void *)(uintptr_t)inputs[from];
      shared[from] = true;
    } else {
      outputs[o] = rig_guard_alloc(block_bytes(value, layout_at(rig->info.output_layouts, o)));
    }
  }
}

/* Takes the results, and checks what must have stayed as it was. */
static void take_outputs(ob_rig_t *rig, void **outputs, bool ok) {
  for (size_t o = 0; o < rig->region.output_count; o++) {
    rig_value_t *value = rig->values[rig->outputs[o]->index];
    const ob_layout_t *layout = layout_at(rig->info.output_layouts, o);
    if (!outputs[o]) continue;
    rig_guard_check(outputs[o], block_bytes(value, layout), "an output");
    if (!ok) continue;
    if (layout)
      ob_layout_unpack(layout, value->view.dtype, value->dims, outputs[o], value->data);
    else if (value->bytes > 0)
      memcpy(value->data, outputs[o], value->bytes);
  }
}

static void check_input(const rig_value_t *value, const ob_layout_t *layout, bool shared) {
  size_t bytes = block_bytes(value, layout);
  rig_guard_check(value->block, bytes, "an input");
  if (shared) return;
  void *again = rig_alloc(bytes);
  if (layout)
    ob_layout_pack(layout, value->view.dtype, value->dims, value->data, again);
  else if (bytes > 0)
    memcpy(again, value->data, bytes);
  if (bytes > 0 && memcmp(again, value->block, bytes) != 0) rig_die("the engine wrote to input %s", value->name);
  free(again);
}

static void clean_up(ob_rig_t *rig, void **outputs, const bool *shared) {
  for (size_t o = 0; o < rig->region.output_count; o++) {
    bool borrowed = false;
    for (size_t i = 0; i < rig->region.input_count; i++)
      borrowed = borrowed || (outputs[o] && outputs[o] == rig->values[rig->inputs[i]->index]->block);
    if (!borrowed) rig_guard_free(outputs[o]);
  }
  for (size_t i = 0; i < rig->region.input_count; i++) {
    rig_value_t *value = rig->values[rig->inputs[i]->index];
    if (!is_plain(value)) continue;
    check_input(value, layout_at(rig->info.input_layouts, i), shared[i]);
    rig_guard_free(value->block);
    value->block = NULL;
  }
}

static ob_status_t call(ob_rig_t *rig) {
  const void *inputs[RIG_VALUES];
  const ob_tensor_t *any[RIG_VALUES];
  void *outputs[RIG_VALUES];
  bool shared[RIG_VALUES] = {false};
  give_inputs(rig, inputs, any);
  give_outputs(rig, inputs, outputs, shared);
  void *workspace = rig_guard_alloc(rig->info.workspace_bytes);
  ob_call_t arguments = {.struct_size = sizeof arguments,
                         .inputs = inputs,
                         .outputs = outputs,
                         .workspace = workspace,
                         .deadline_ns = rig->deadline_ns,
                         .cancel = &rig->cancel,
                         .allocate = allocate,
                         .put = put,
                         .input_tensors = any,
                         .host = rig};
  ob_status_t status = rig->api->run(rig->instance, &arguments);
  rig_guard_check(workspace, rig->info.workspace_bytes, "the workspace");
  rig_guard_free(workspace);
  take_outputs(rig, outputs, status == OB_OK);
  clean_up(rig, outputs, shared);
  return status;
}

ob_status_t ob_rig_run(ob_rig_t *rig) {
  if (!rig->finished) finish_views(rig);
  if (!rig->executable) {
    ob_status_t status = rig->api->compile(rig->engine, &rig->region, &rig->executable);
    if (status != OB_OK) return status;
  }
  if (!rig->instance) {
    ob_status_t status = bind(rig);
    if (status != OB_OK) return status;
  }
  return call(rig);
}

static void free_node(rig_node_t *node) {
  for (size_t a = 0; a < node->view.attribute_count; a++) {
    rig_attribute_t *attribute = node->attributes[a];
    free((void *)(uintptr_t)attribute->view.ints);
    free((void *)(uintptr_t)attribute->view.floats);
    free((void *)(uintptr_t)attribute->view.strings);
    free((void *)(uintptr_t)attribute->tensor.dims);
    free(attribute->tensor.data);
    free(attribute);
  }
  free(node->inputs);
  free(node->outputs);
  free(node);
}

void ob_rig_close(ob_rig_t *rig) {
  if (!rig) return;
  rig->api->release_instance(rig->instance);
  rig->api->release_executable(rig->executable);
  rig->api->close(rig->engine);
  rig_host_fail_allocation(0);
  if (rig_host_live() > 0) rig_die("the engine keeps %zu blocks after it was closed", rig_host_live());
  for (size_t n = 0; n < rig->region.node_count; n++) free_node(rig->nodes[n]);
  for (size_t v = 0; v < rig->region.value_count; v++) {
    free(rig->values[v]->data);
    free(rig->values[v]->content);
    rig_any_free(rig->values[v]->any);
    free(rig->values[v]);
  }
  for (size_t p = 0; p < rig->packed_count; p++) free(rig->packed[p].data);
  if (rig->library) dlclose(rig->library);
  free(rig);
}
