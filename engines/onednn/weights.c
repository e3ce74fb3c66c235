/* Constants in the layouts that primitives want: packed by the host where a blocking layout over the constant's own dims says it,
 * else as data of our own. */
#include <stdio.h>
#include <string.h>

#include "onednn/onednn.h"

/* Dims from the outermost to the innermost, followed inside out by their strides; false when there are gaps. A dim of one
 * block has no stride worth looking at: it stands behind the dim before it. */
static bool sort_dims(const dn_shape_t *s, const int64_t *blocks, int64_t stride, uint8_t *order) {
  uint8_t inside_out[DN_MAX_RANK];
  int32_t found = 0, wanted = 0, count = 0;
  for (int32_t d = 0; d < s->rank; d++) wanted += blocks[d] != 1;
  while (found < wanted) {
    int32_t d = 0;
    while (d < s->rank && (blocks[d] == 1 || s->strides[d] != stride)) d++;
    if (d == s->rank || blocks[d] < 1) return false;
    inside_out[found++] = (uint8_t)d;
    stride *= blocks[d];
  }
  while (found-- > 0) order[count++] = inside_out[found];
  for (int32_t d = 0; d < s->rank; d++) {
    if (blocks[d] != 1) continue;
    int32_t at = 0;
    while (d > 0 && order[at] != d - 1) at++;
    if (d > 0) at++;
    memmove(order + at + 1, order + at, (size_t)(count - at));
    order[at] = (uint8_t)d;
    count++;
  }
  return true;
}

/* The layout over the descriptor's own dims. */
static bool own_layout(const dn_shape_t *s, ob_layout_t *layout) {
  int64_t blocks[DN_MAX_RANK], stride = 1;
  if (s->block_count > OB_MAX_BLOCKS || s->offset != 0) return false;
  memset(layout, 0, sizeof *layout);
  layout->rank = s->rank;
  layout->block_count = s->block_count;
  for (int32_t d = 0; d < s->rank; d++) blocks[d] = s->padded[d];
  for (int32_t b = 0; b < s->block_count; b++) {
    layout->block_dim[b] = (uint8_t)s->block_dim[b];
    layout->block_size[b] = (int32_t)s->block_size[b];
    blocks[s->block_dim[b]] /= s->block_size[b];
    stride *= s->block_size[b];
  }
  return sort_dims(s, blocks, stride, layout->order);
}

static int32_t partner(const dn_axes_t *axes, int32_t rank, int32_t d) {
  for (int32_t e = 0; e < rank; e++)
    if (e != d && axes->axis[e] == axes->axis[d]) return e;
  return -1;
}

/* Groups and the dim that they split must lie side by side, and blocks must not cross a group's border. */
static bool merges(const dn_shape_t *s, const ob_layout_t *own, const dn_axes_t *axes) {
  for (int32_t d = 0; d < s->rank; d++) {
    int32_t e = axes->axis[d] < 0 ? -1 : partner(axes, s->rank, d);
    if (e < d) continue; /* d is the group, e what it splits */
    if (s->dims[d] == 1 || (s->dims[e] == 1 && s->padded[e] == 1)) continue;
    if (s->padded[d] != s->dims[d] || s->padded[e] != s->dims[e]) return false;
    for (int32_t b = 0; b < own->block_count; b++)
      if (own->block_dim[b] == d) return false;
    int32_t o = 0;
    while (own->order[o] != d) o++;
    if (o + 1 >= own->rank || own->order[o + 1] != e) return false;
  }
  return true;
}

/* The layout over the constant's dims. */
static bool constant_layout(const dn_shape_t *s, const dn_axes_t *axes, int32_t rank, ob_layout_t *layout) {
  ob_layout_t own;
  bool seen[OB_MAX_RANK] = {false};
  if (!own_layout(s, &own) || !merges(s, &own, axes)) return false;
  memset(layout, 0, sizeof *layout);
  layout->rank = rank;
  layout->block_count = own.block_count;
  for (int32_t b = 0; b < own.block_count; b++) {
    if (axes->axis[own.block_dim[b]] < 0) return false;
    layout->block_dim[b] = (uint8_t)axes->axis[own.block_dim[b]];
    layout->block_size[b] = own.block_size[b];
  }
  int32_t count = 0;
  for (int pass = 0; pass < 2; pass++) /* a dim of size 1 must not tell the place of the one it is merged with */
    for (int32_t o = 0; o < s->rank; o++) {
      int32_t axis = axes->axis[own.order[o]];
      if (axis < 0 || seen[axis] || (pass == 0 && s->padded[own.order[o]] == 1)) continue;
      seen[axis] = true;
      layout->order[count++] = (uint8_t)axis;
    }
  return count == rank;
}

ob_status_t dn_fixed(dn_plan_t *plan, const void *data, dn_md_t md, dn_ref_t *ref) {
  ref->md = md;
  return dn_buffer_new(plan, (dn_buffer_t){.place = DN_FIXED, .data = data, .root = DN_NONE}, &ref->buffer);
}

ob_status_t dn_weights_plain(dn_plan_t *plan, const ob_value_view_t *value, int32_t rank, const int64_t *dims,
                             const dn_axes_t *axes, dn_md_t *md) {
  int64_t strides[DN_MAX_RANK], inner[OB_MAX_RANK], stride = 1;
  const int64_t *own = dn_dims(plan, value);
  for (int32_t d = dn_rank(plan, value); d-- > 0; stride *= own[d]) inner[d] = stride;
  for (int32_t d = rank; d-- > 0;) {
    int32_t axis = axes->axis[d];
    strides[d] = axis < 0 ? stride : inner[axis];
    if (axis >= 0) inner[axis] *= dims[d]; /* the lower-numbered dim of a pair is the outer one */
  }
  return dn_md_strided(plan->store, rank, dims, strides, md);
}

/* What `fill` of packed data needs: a reorder from the plain constant. */
typedef struct packing {
  dnnl_engine_t engine;
  dn_md_t from, to;
  const void *plain;
} packing_t;

static dnnl_status_t execute_packing(const packing_t *p, dnnl_primitive_t primitive, void *buffer) {
  dnnl_memory_t from = NULL, to = NULL;
  dnnl_stream_t stream = NULL;
  dnnl_status_t status = dnnl_memory_create(&from, p->from, p->engine, (void *)(uintptr_t)p->plain);
  if (status == dnnl_success) status = dnnl_memory_create(&to, p->to, p->engine, buffer);
  if (status == dnnl_success) status = dnnl_stream_create(&stream, p->engine, dnnl_stream_default_flags);
  dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  if (status == dnnl_success) status = dnnl_primitive_execute(primitive, stream, 2, args);
  if (status == dnnl_success) status = dnnl_stream_wait(stream);
  if (stream) dnnl_stream_destroy(stream);
  if (from) dnnl_memory_destroy(from);
  if (to) dnnl_memory_destroy(to);
  return status;
}

ob_status_t dn_pack(dnnl_engine_t engine, dn_md_t from, const void *data, dn_md_t to, void *buffer) {
  const packing_t p = {.engine = engine, .from = from, .to = to, .plain = data};
  dnnl_primitive_desc_t pd;
  dnnl_primitive_t primitive = NULL;
  memset(buffer, 0, dn_md_bytes(to));
  OB_TRY(dn_check(dn_reorder(engine, from, to, NULL, &pd), "cannot reorder weights"));
  dnnl_status_t status = dnnl_primitive_create(&primitive, pd);
  dnnl_primitive_desc_destroy(pd);
  if (status == dnnl_success) status = execute_packing(&p, primitive, buffer);
  if (primitive) dnnl_primitive_destroy(primitive);
  return dn_check(status, "cannot reorder weights");
}

static ob_status_t pack(void *arg, void *buffer) {
  const packing_t *p = arg;
  return dn_pack(p->engine, p->from, p->plain, p->to, buffer);
}

/* Names what the bytes are: library, CPU features, value and descriptor. */
static void packing_key(const dn_plan_t *plan, const ob_value_view_t *value, dn_md_t md, char *key, size_t size) {
  dn_shape_t s;
  int used = snprintf(key, size, "%s; value %u", plan->executable->engine->fingerprint, value->index);
  if (!dn_md_shape(md, &s)) {
    snprintf(key + used, size - (size_t)used, "; op %u, %zu bytes", plan->op->index, dn_md_bytes(md));
    return;
  }
  for (int32_t d = 0; d < s.rank && (size_t)used < size; d++)
    used += snprintf(key + used, size - (size_t)used, "; %lld:%lld", (long long)s.dims[d], (long long)s.strides[d]);
  for (int32_t b = 0; b < s.block_count && (size_t)used < size; b++)
    used += snprintf(key + used, size - (size_t)used, "; %lld of %d", (long long)s.block_size[b], s.block_dim[b]);
}

/* Weights that come at run time: reordered in each call. */
static ob_status_t reorder_each_call(dn_plan_t *plan, const ob_value_view_t *value, dn_md_t plain, dn_md_t md, dn_ref_t *ref) {
  dn_ref_t from;
  OB_TRY(dn_read_plain(plan, value->index, -1, NULL, &from));
  from.md = plain;
  *ref = from;
  if (dn_md_equal(plain, md)) return OB_OK;
  ref->md = md;
  OB_TRY(dn_buffer_new(plan, (dn_buffer_t){.bytes = dn_md_bytes(md), .root = DN_NONE}, &ref->buffer));
  return dn_step_reorder(plan, from, *ref);
}

ob_status_t dn_weights(dn_plan_t *plan, const ob_value_view_t *value, dn_md_t md, const dn_axes_t *axes, dn_ref_t *ref) {
  dn_shape_t shape;
  ob_layout_t layout;
  dn_md_t plain;
  const void *data;
  bool blocked = dn_md_shape(md, &shape);
  int32_t rank = 0;
  int64_t dims[DN_MAX_RANK];
  if (blocked) {
    rank = shape.rank;
    memcpy(dims, shape.dims, sizeof dims);
  } else {
    dn_md_dims(md, &rank, dims);
  }
  OB_TRY(dn_weights_plain(plan, value, rank, dims, axes, &plain));
  if (!value->is_constant) return reorder_each_call(plan, value, plain, md, ref);
  if (dn_md_equal(plain, md)) {
    OB_TRY(dn_plain_constant(plan, value, &data));
    return dn_fixed(plan, data, md, ref);
  }
  if (blocked && constant_layout(&shape, axes, value->rank, &layout)) {
    OB_TRY(plan->host->constant(plan->binding->region, value->index, &layout, &data));
    return dn_fixed(plan, data, md, ref);
  }
  char key[512];
  packing_t packing = {.engine = plan->dnnl, .from = plain, .to = md};
  OB_TRY(dn_plain_constant(plan, value, &packing.plain));
  packing_key(plan, value, md, key, sizeof key);
  OB_TRY(plan->host->packed(plan->binding->region, key, dn_md_bytes(md), pack, &packing, &data));
  return dn_fixed(plan, data, md, ref);
}

ob_status_t dn_chosen(dn_plan_t *plan, int32_t rank, const int64_t *dims, dn_md_t *md) {
  const dn_choice_t *choice = &plan->executable->choices[plan->op->index];
  *md = NULL;
  if (plan->trial || !choice->known || choice->layout.rank != rank) return OB_OK;
  return dn_md_layout(plan->store, &choice->layout, dims, md);
}

void dn_choose(dn_plan_t *plan, dn_md_t md) {
  dn_shape_t shape;
  dn_choice_t *choice = &plan->executable->choices[plan->op->index];
  if (!plan->trial) return;
  choice->known = dn_md_shape(md, &shape) && own_layout(&shape, &choice->layout);
}
