/* bind, the working half: values, buffers and steps as the ops are planned one after the other. */
#include <stdio.h>
#include <string.h>

#include "onednn/join.h"

int32_t dn_rank(const dn_plan_t *plan, const ob_value_view_t *value) { return plan->binding->ranks[value->index]; }
const int64_t *dn_dims(const dn_plan_t *plan, const ob_value_view_t *value) { return plan->binding->dims[value->index]; }
size_t dn_count(const dn_plan_t *plan, const ob_value_view_t *value) {
  size_t count = 0;
  return ob_dims_count(dn_rank(plan, value), dn_dims(plan, value), &count) ? count : 0;
}

const int64_t *dn_plan_ints(const dn_plan_t *plan, const ob_node_view_t *node, const char *name, size_t *count) {
  *count = 0;
  for (size_t i = 0; i < node->attribute_count; i++) {
    const ob_attribute_view_t *attribute = node->attributes[i];
    if (strcmp(attribute->name, name) != 0) continue;
    if (attribute->kind != OB_ATTRIBUTE_INT && attribute->kind != OB_ATTRIBUTE_INTS) return NULL;
    *count = attribute->count;
    return plan->binding->attribute_ints[node->index][i];
  }
  return NULL;
}

/* ---------------------------------------------------------------- descriptors */

static int64_t block_of(const dn_shape_t *shape, int32_t dim) {
  int64_t product = 1;
  for (int32_t b = 0; b < shape->block_count; b++)
    if (shape->block_dim[b] == dim) product *= shape->block_size[b];
  return product;
}

bool dn_md_is_plain(dn_md_t md) {
  dn_shape_t s;
  if (!dn_md_shape(md, &s) || s.offset != 0) return false;
  int64_t stride = 1;
  if (s.block_count > 1) return false;
  for (int32_t d = s.rank; d-- > 0;) {
    int64_t block = block_of(&s, d), blocks = s.padded[d] / block;
    if (s.padded[d] != s.dims[d]) return false;
    if (block > 1) { /* only sizes of 1 may stand between the dim and its block */
      if (stride != 1) return false;
      stride = block;
    }
    if (blocks > 1 && s.strides[d] != stride) return false;
    stride *= blocks;
  }
  return true;
}

/* ---------------------------------------------------------------- buffers */

ob_status_t dn_buffer_new(dn_plan_t *plan, dn_buffer_t buffer, uint32_t *index) {
  *index = (uint32_t)plan->buffers.count;
  buffer.first = DN_NONE;
  if (buffer.root == DN_NONE) buffer.root = *index;
  return ob_array_push(plan->allocator, &plan->buffers, buffer);
}

bool dn_may_overwrite(const dn_plan_t *plan, dn_ref_t ref) {
  const dn_buffer_t *buffer = &plan->buffers.items[ref.buffer];
  return buffer->place == DN_WORK && buffer->pending == 1 && buffer->root == ref.buffer && !buffer->shared;
}

ob_status_t dn_place_value(dn_plan_t *plan, uint32_t value, dn_ref_t ref) {
  const ob_value_view_t *view = plan->binding->region->values[value];
  dn_buffer_t *buffer = &plan->buffers.items[ref.buffer];
  plan->values[value].main = ref;
  buffer->pending += plan->executable->reads[value] + (view->is_output ? 1 : 0);
  return OB_OK;
}

static uint32_t output_index(const dn_plan_t *plan, uint32_t value) {
  const ob_region_view_t *region = plan->binding->region;
  uint32_t o = 0;
  while (o < region->output_count && region->outputs[o]->index != value) o++;
  return o;
}

ob_status_t dn_write(dn_plan_t *plan, uint32_t value, dn_md_t md, dn_ref_t *ref) {
  const ob_value_view_t *view = plan->binding->region->values[value];
  dn_buffer_t buffer = {.bytes = dn_md_bytes(md), .root = DN_NONE};
  bool joined = false;
  ref->md = md;
  if (view->is_output && dn_md_is_plain(md)) {
    buffer.place = DN_OUTPUT;
    buffer.index = output_index(plan, value);
  } else if (!view->is_output) {
    OB_TRY(dn_join_write(plan, value, md, &buffer, &joined));
  }
  OB_TRY(dn_buffer_new(plan, buffer, &ref->buffer));
  return dn_place_value(plan, value, *ref);
}

ob_status_t dn_write_over(dn_plan_t *plan, uint32_t value, dn_ref_t over) { return dn_place_value(plan, value, over); }

/* ---------------------------------------------------------------- reading */

static ob_status_t plain_md(dn_plan_t *plan, const ob_value_view_t *view, dn_md_t *md) {
  int32_t rank = dn_rank(plan, view);
  const int64_t one = 1;
  return rank == 0 ? dn_md_strided(plan->store, 1, &one, NULL, md) : dn_md_strided(plan->store, rank, dn_dims(plan, view), NULL, md);
}

ob_status_t dn_plain_constant(dn_plan_t *plan, const ob_value_view_t *view, const void **data) {
  *data = view->constant;
  if (*data) return OB_OK;
  ob_layout_t layout = {.rank = view->rank};
  for (int32_t d = 0; d < view->rank; d++) layout.order[d] = (uint8_t)d;
  return plan->host->constant(plan->binding->region, view->index, &layout, data);
}

ob_status_t dn_read(dn_plan_t *plan, uint32_t value, dn_ref_t *ref) {
  dn_held_t *held = &plan->values[value];
  const ob_value_view_t *view = plan->binding->region->values[value];
  if (held->main.buffer == DN_NONE) {
    if (!view->is_constant) return ob_fail(OB_INTERNAL, "value '%s' is read before it is made", ob_quote(view->name));
    dn_buffer_t buffer = {.place = DN_FIXED, .root = DN_NONE};
    OB_TRY(dn_plain_constant(plan, view, &buffer.data));
    OB_TRY(plain_md(plan, view, &held->main.md));
    OB_TRY(dn_buffer_new(plan, buffer, &held->main.buffer));
  }
  *ref = held->main;
  return OB_OK;
}

ob_status_t dn_read_as(dn_plan_t *plan, uint32_t value, dn_md_t md, dn_ref_t *ref) {
  OB_TRY(dn_read(plan, value, ref));
  if (dn_md_equal(ref->md, md)) return OB_OK;
  if (dn_md_is_plain(ref->md) && dn_md_is_plain(md)) { /* two descriptions of the same memory */
    ref->md = md;
    return OB_OK;
  }
  dn_held_t *held = &plan->values[value];
  for (size_t i = 0; i < held->copies.count; i++)
    if (dn_md_equal(held->copies.items[i].md, md)) {
      *ref = held->copies.items[i];
      return OB_OK;
    }
  dn_ref_t copy = {.md = md};
  OB_TRY(dn_buffer_new(plan, (dn_buffer_t){.bytes = dn_md_bytes(md), .root = DN_NONE}, &copy.buffer));
  OB_TRY(dn_step_reorder(plan, *ref, copy));
  OB_TRY(ob_array_push(plan->allocator, &plan->values[value].copies, copy));
  *ref = copy;
  return OB_OK;
}

ob_status_t dn_read_plain(dn_plan_t *plan, uint32_t value, int32_t rank, const int64_t *dims, dn_ref_t *ref) {
  dn_md_t plain;
  OB_TRY(plain_md(plan, plan->binding->region->values[value], &plain));
  OB_TRY(dn_read_as(plan, value, plain, ref));
  const int64_t one = 1;
  if (rank < 0) return OB_OK;
  return rank == 0 ? dn_md_strided(plan->store, 1, &one, NULL, &ref->md) : dn_md_strided(plan->store, rank, dims, NULL, &ref->md);
}

/* Row-major, channels last, or in blocks: what element-wise primitives and pools are fast on. */
static bool is_usual(dn_md_t md) {
  dn_shape_t s;
  if (dn_md_is_plain(md)) return true;
  if (!dn_md_shape(md, &s)) return false;
  if (s.block_count > 0 || s.rank < 3) return s.block_count > 0;
  int64_t stride = s.dims[1];
  if (s.strides[1] != 1) return false;
  for (int32_t d = s.rank - 1; d > 1; d--) {
    if (s.strides[d] != stride && s.dims[d] != 1) return false;
    stride *= s.dims[d];
  }
  return s.strides[0] == stride || s.dims[0] == 1;
}

ob_status_t dn_read_usual(dn_plan_t *plan, uint32_t value, dn_ref_t *ref) {
  OB_TRY(dn_read(plan, value, ref));
  return is_usual(ref->md) ? OB_OK : dn_read_plain(plan, value, -1, NULL, ref);
}

/* ---------------------------------------------------------------- steps */

/* All its arguments are alive at the step that is added next. */
static void touch(dn_plan_t *plan, const dn_step_t *step) {
  uint32_t now = (uint32_t)plan->steps.count;
  for (int a = 0; a < step->arg_count; a++) {
    dn_buffer_t *buffer = &plan->buffers.items[step->args[a].buffer];
    if (buffer->first == DN_NONE) buffer->first = now;
    buffer->last = now;
  }
}

ob_status_t dn_step(dn_plan_t *plan, dnnl_primitive_desc_t pd, const dn_arg_t *args, size_t count, const char *text) {
  dn_step_t step = {.pd = pd, .arg_count = (int)count};
  OB_TRY(dn_store_own_pd(plan->store, pd));
  OB_TRY(OB_ARENA_ARRAY(&plan->store->arena, count + 1, &step.args));
  memcpy(step.args, args, count * sizeof *args);
  dn_md_t scratchpad = dn_query(pd, dnnl_query_scratchpad_md, 0);
  if (scratchpad && dn_md_bytes(scratchpad) > 0) {
    dn_arg_t *arg = &step.args[step.arg_count++];
    *arg = (dn_arg_t){.id = DNNL_ARG_SCRATCHPAD, .md = scratchpad};
    OB_TRY(dn_buffer_new(plan, (dn_buffer_t){.bytes = dn_md_bytes(scratchpad), .root = DN_NONE}, &arg->buffer));
  }
  touch(plan, &step);
  OB_TRY(dn_check(dnnl_primitive_create(&step.primitive, pd), "cannot create a primitive"));
  OB_TRY(dn_store_own_primitive(plan->store, step.primitive));
  OB_TRY(ob_arena_printf(&plan->store->arena, &step.text, "%s %s", text, dn_impl(pd)));
  return ob_array_push(plan->allocator, &plan->steps, step);
}

ob_status_t dn_step_own(dn_plan_t *plan, const dn_own_t *own, const dn_arg_t *args, size_t count, const char *text) {
  dn_step_t step = {.own = own, .arg_count = (int)count};
  OB_TRY(OB_ARENA_ARRAY(&plan->store->arena, count, &step.args));
  memcpy(step.args, args, count * sizeof *args);
  OB_TRY(ob_arena_strdup(&plan->store->arena, text, &step.text));
  touch(plan, &step);
  return ob_array_push(plan->allocator, &plan->steps, step);
}

ob_status_t dn_attr_create(const dn_post_t *posts, size_t count, dnnl_primitive_attr_t *attr) {
  return dn_check(dn_attr(posts, count, attr), "cannot make attributes");
}

ob_status_t dn_step_reorder(dn_plan_t *plan, dn_ref_t from, dn_ref_t to) {
  dnnl_primitive_attr_t attr;
  dnnl_primitive_desc_t pd;
  OB_TRY(dn_attr_create(NULL, 0, &attr));
  dnnl_status_t status = dn_reorder(plan->dnnl, from.md, to.md, attr, &pd);
  dnnl_primitive_attr_destroy(attr);
  OB_TRY(dn_check(status, "cannot make a reorder"));
  dn_arg_t args[] = {{DNNL_ARG_FROM, from.md, from.buffer}, {DNNL_ARG_TO, to.md, to.buffer}};
  return dn_step(plan, pd, args, 2, "reorder");
}

ob_status_t dn_op_text(dn_plan_t *plan, const dn_op_t *op, size_t fused, const char **text) {
  char buffer[160];
  size_t used = (size_t)snprintf(buffer, sizeof buffer, "%s%s", op->node->op,
                                 op->bias != DN_NONE && !(op->node->input_count > 2 && op->node->inputs[2]) ? "+bias" : "");
  for (size_t f = 0; f < fused && used < sizeof buffer; f++)
    if (op->fused[f].result != DN_NONE && op->fused[f].node != op->node)
      used += (size_t)snprintf(buffer + used, sizeof buffer - used, "+%s", op->fused[f].node->op);
  return ob_arena_strdup(&plan->store->arena, buffer, text);
}
