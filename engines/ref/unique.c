/* Unique: the different elements (or slices along an axis), sorted or in the order of their first appearance. */
#include "ref/support/select.h"

typedef struct slices {
  const ob_tensor_t *x;
  size_t outer, length, inner; /* slice s is x[:, s, :] */
} slices_t;

/* Element e of slice s. */
static size_t slice_at(const slices_t *s, size_t slice, size_t e) { return (e / s->inner * s->length + slice) * s->inner + e % s->inner; }

/* Is slice a smaller than (-1), equal to (0) or larger than (1) slice b? */
static int compare(const slices_t *s, size_t a, size_t b) {
  for (size_t e = 0; e < s->outer * s->inner; e++) {
    if (ob_ref_before(s->x, slice_at(s, a, e), slice_at(s, b, e), -1)) return -1;
    if (ob_ref_before(s->x, slice_at(s, b, e), slice_at(s, a, e), -1)) return 1;
  }
  return 0;
}

/* Stable sort of slice numbers; `room` is as large as the list. */
static void sort(const slices_t *s, size_t *list, size_t count, size_t *room) {
  if (count < 2) return;
  size_t half = count / 2, a = 0, b = half;
  sort(s, list, half, room);
  sort(s, list + half, count - half, room);
  for (size_t i = 0; i < count; i++) room[i] = b == count || (a < half && compare(s, list[b], list[a]) >= 0) ? list[a++] : list[b++];
  for (size_t i = 0; i < count; i++) list[i] = room[i];
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  size_t offset;
  return ob_ref_reserve(setup, 4 * (ob_tensor_count(setup->inputs[0]) + 1), sizeof(size_t), &offset);
}

/* first[u]: first appearance of different slice u; which[s]: the u of slice s; counts[u]. Returns how many there are. */
static size_t number_slices(const slices_t *s, bool sorted, size_t *first, size_t *which, size_t *counts, size_t *room) {
  size_t count = 0;
  for (size_t i = 0; i < s->length; i++) first[i] = i;
  sort(s, first, s->length, room);
  for (size_t i = 0; i < s->length; i++) { /* of equal slices the first comes first: stable */
    bool fresh = i == 0 || compare(s, first[i], room[count - 1]) != 0;
    if (fresh) {
      room[count] = first[i];
      counts[count++] = 0;
    }
    which[first[i]] = count - 1;
    counts[count - 1]++;
  }
  for (size_t u = 0; u < count; u++) first[u] = room[u];
  if (sorted) return count;
  size_t next = 0; /* renumber by first appearance; room[old] = new */
  for (size_t u = 0; u < count; u++) room[u] = SIZE_MAX;
  for (size_t i = 0; i < s->length; i++) {
    if (room[which[i]] == SIZE_MAX) room[which[i]] = next++;
    which[i] = room[which[i]];
  }
  for (size_t u = 0; u < count; u++) counts[u] = 0;
  for (size_t i = s->length; i-- > 0;) {
    first[which[i]] = i;
    counts[which[i]]++;
  }
  return count;
}

static void store_list(ob_tensor_t *y, const size_t *list, size_t count) {
  for (size_t i = 0; y && i < count; i++) ob_ref_set_int(y->dtype, y->data, i, (int64_t)list[i]);
}

static ob_status_t allocate_list(const ob_kernel_call_t *call, size_t output, size_t count) {
  int64_t dim = (int64_t)count;
  return ob_ref_output(call, output) ? ob_kernel_allocate(call, output, 1, &dim) : OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  bool flat = ob_node_attribute(call->node, "axis") == NULL, sorted = ob_kernel_int(call, "sorted", 1) != 0;
  int32_t axis = 0;
  int64_t dims[OB_MAX_RANK];
  slices_t s = {x, 1, ob_tensor_count(x), 1};
  if (!flat) {
    OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), x->rank, &axis));
    s = (slices_t){x, ob_ref_product(x->dims, 0, axis), (size_t)x->dims[axis], ob_ref_product(x->dims, axis + 1, x->rank)};
    if (s.outer * s.inner == 0) return ob_fail(OB_OUT_OF_RANGE, "slices without elements");
  }
  size_t room_count = ob_tensor_count(x) + 1, *first = call->scratch, *which = first + room_count, *counts = which + room_count;
  size_t count = number_slices(&s, sorted, first, which, counts, counts + room_count);
  for (int32_t i = 0; !flat && i < x->rank; i++) dims[i] = x->dims[i];
  dims[axis] = (int64_t)count;
  if (call->outputs[0]) OB_TRY(ob_kernel_allocate(call, 0, flat ? 1 : x->rank, dims));
  OB_TRY(allocate_list(call, 1, count));
  OB_TRY(allocate_list(call, 2, s.length));
  OB_TRY(allocate_list(call, 3, count));
  slices_t to = {x, s.outer, count, s.inner};
  for (size_t u = 0; call->outputs[0] && u < count; u++)
    for (size_t e = 0; e < s.outer * s.inner; e++)
      ob_ref_copy(x->dtype, call->outputs[0]->data, slice_at(&to, u, e), x->data, slice_at(&s, first[u], e), 1);
  store_list(ob_ref_output(call, 1), first, count);
  store_list(ob_ref_output(call, 2), which, s.length);
  store_list(ob_ref_output(call, 3), counts, count);
  return OB_OK;
}

const ob_kernel_t ob_ref_Unique = {.op = "Unique", .domain = "", .prepare = prepare, .run = run};
