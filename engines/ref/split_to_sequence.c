/* SplitToSequence: cuts a tensor along an axis into a sequence of parts: of given sizes, of one size, or single slices. */
#include "ref/support/collection.h"
#include "ref/support/move.h"

typedef struct cut {
  const ob_tensor_t *x, *split;
  int32_t axis;
  bool keep; /* the axis, where parts are single slices */
} cut_t;

/* Number of parts, and a check that they make up the axis. */
static ob_status_t count_parts(const cut_t *c, size_t *count) {
  int64_t length = c->x->dims[c->axis], sum = 0;
  *count = (size_t)length;
  if (!c->split) return OB_OK;
  bool all_alike = c->split->rank == 0;
  for (size_t i = 0; i < ob_tensor_count(c->split); i++) {
    int64_t size = ob_ref_get_int(c->split->dtype, c->split->data, i);
    if (all_alike ? size < 1 : size < 0 || size > length - sum)
      return ob_fail(OB_OUT_OF_RANGE, "a part of %lld of %lld elements", (long long)size, (long long)length);
    if (all_alike) *count = (size_t)(length / size + (length % size != 0));
    sum += all_alike ? 0 : size;
  }
  if (all_alike) return OB_OK;
  *count = ob_tensor_count(c->split);
  return sum == length ? OB_OK : ob_fail(OB_OUT_OF_RANGE, "parts of %lld elements together, the axis has %lld", (long long)sum, (long long)length);
}

static int64_t part_size(const cut_t *c, size_t i, int64_t done) {
  if (!c->split) return 1;
  int64_t size = ob_ref_get_int(c->split->dtype, c->split->data, c->split->rank == 0 ? 0 : i), left = c->x->dims[c->axis] - done;
  return size < left ? size : left;
}

/* One part as a tensor of its own. */
static ob_status_t cut_part(const ob_kernel_call_t *call, const cut_t *c, int64_t done, int64_t size, ob_tensor_t *part) {
  int64_t box[OB_MAX_RANK], *dims;
  for (int32_t i = 0; i < c->x->rank; i++) box[i] = i == c->axis ? size : c->x->dims[i];
  OB_TRY(ob_kernel_memory(call, OB_MAX_RANK * sizeof *dims, (void **)&dims));
  int32_t rank = 0;
  for (int32_t i = 0; i < c->x->rank; i++)
    if (c->keep || i != c->axis) dims[rank++] = box[i];
  *part = (ob_tensor_t){.dtype = c->x->dtype, .rank = rank, .dims = dims};
  part->bytes = ob_dtype_bytes(part->dtype, ob_tensor_count(part));
  OB_TRY(ob_kernel_memory(call, part->bytes, &part->data));
  ob_ref_place_t from = ob_ref_whole(c->x), to = {.data = part->data};
  from.at = done * from.strides[c->axis];
  ob_ref_strides(c->x->rank, box, to.strides);
  ob_ref_move(c->x->dtype, c->x->rank, box, &to, &from);
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  cut_t c = {.x = call->inputs[0], .split = ob_ref_input(call, 1)};
  ob_tensor_t *items;
  size_t count;
  int64_t done = 0;
  c.keep = c.split || ob_kernel_int(call, "keepdims", 1) != 0;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), c.x->rank, &c.axis));
  OB_TRY(count_parts(&c, &count));
  OB_TRY(ob_ref_give_items(call, count, &items));
  for (size_t i = 0; i < count; i++) {
    int64_t size = part_size(&c, i, done);
    OB_TRY(cut_part(call, &c, done, size, &items[i]));
    done += size;
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_SplitToSequence = {.op = "SplitToSequence", .domain = "", .run = run};
