/* Greedy by size with best fit (Pisarchyk & Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020), over groups
 * of buffers that share memory. */
#include "plan/memory.h"

#include <stdlib.h>

#include "base/checked.h"

/* Buffers that lie at one offset: alive from the first of them to the last. */
typedef struct {
  size_t bytes, offset;
  uint32_t first, last;
  uint32_t root; /* index of the buffer that the group began with */
} group_t;

/* Buffers end up in the group of the root of their chain; a root's own entry says which group is its. */
static ob_status_t make_groups(const ob_plan_buffer_t *buffers, size_t count, size_t alignment, group_t *groups,
                               uint32_t *group_of, size_t *group_count) {
  *group_count = 0;
  for (size_t i = 0; i < count; i++) {
    const ob_plan_buffer_t *b = &buffers[i];
    size_t bytes;
    if (!ob_align_size(b->bytes, alignment, &bytes)) return ob_fail(OB_UNSUPPORTED, "a value of %zu bytes is too large", b->bytes);
    if (b->shares >= 0 && (size_t)b->shares >= i) return ob_fail(OB_INTERNAL, "memory plan: buffer %zu shares a later one", i);
    if (b->last < b->first) return ob_fail(OB_INTERNAL, "memory plan: buffer %zu ends before it begins", i);
    if (b->shares < 0) {
      group_of[i] = (uint32_t)*group_count;
      groups[(*group_count)++] = (group_t){bytes, 0, b->first, b->last, (uint32_t)i};
      continue;
    }
    group_t *group = &groups[group_of[i] = group_of[b->shares]];
    if (bytes > group->bytes) group->bytes = bytes;
    if (b->first < group->first) group->first = b->first;
    if (b->last > group->last) group->last = b->last;
  }
  return OB_OK;
}

/* Larger first; among equals the earlier one, so that the order is total. */
static int by_size(const void *left, const void *right) {
  const group_t *a = left, *b = right;
  if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
  if (a->first != b->first) return a->first < b->first ? -1 : 1;
  return a->root < b->root ? -1 : a->root > b->root;
}

static bool alive_together(const group_t *a, const group_t *b) { return a->first <= b->last && b->first <= a->last; }

/* The tightest gap between placed groups that are alive at the same time as `group`; `placed` is sorted by offset. */
static ob_status_t find_offset(group_t *const *placed, size_t count, const group_t *group, size_t *offset) {
  size_t end = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    if (!alive_together(placed[i], group)) continue;
    if (placed[i]->offset > end && placed[i]->offset - end >= group->bytes && placed[i]->offset - end < best_gap) {
      best = end;
      best_gap = placed[i]->offset - end;
    }
    size_t last = placed[i]->offset + placed[i]->bytes;
    if (last > end) end = last;
  }
  *offset = best != SIZE_MAX ? best : end;
  size_t sum;
  return ob_add_size(*offset, group->bytes, &sum) ? OB_OK : ob_fail(OB_UNSUPPORTED, "the arena exceeds the address space");
}

static ob_status_t place(group_t *groups, size_t count, group_t **placed, size_t *arena_bytes) {
  size_t placed_count = 0;
  *arena_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    group_t *group = &groups[i];
    if (group->bytes == 0) continue;
    OB_TRY(find_offset(placed, placed_count, group, &group->offset));
    size_t at = placed_count++;
    for (; at > 0 && placed[at - 1]->offset > group->offset; at--) placed[at] = placed[at - 1];
    placed[at] = group;
    if (group->offset + group->bytes > *arena_bytes) *arena_bytes = group->offset + group->bytes;
  }
  return OB_OK;
}

typedef struct {
  uint32_t step;
  bool begins;
  size_t bytes;
} event_t;

/* Ends come before begins of the next step: an event at `last + 1` takes away what an event at `first` adds. */
static int by_step(const void *left, const void *right) {
  const event_t *a = left, *b = right;
  if (a->step != b->step) return a->step < b->step ? -1 : 1;
  return (int)a->begins - (int)b->begins;
}

/* The largest sum of bytes alive in one step. */
static size_t peak(const group_t *groups, size_t count, event_t *events) {
  size_t alive = 0, most = 0;
  for (size_t i = 0; i < count; i++) {
    events[2 * i] = (event_t){groups[i].first, true, groups[i].bytes};
    events[2 * i + 1] = (event_t){groups[i].last == UINT32_MAX ? UINT32_MAX : groups[i].last + 1, false, groups[i].bytes};
  }
  qsort(events, 2 * count, sizeof *events, by_step);
  for (size_t i = 0; i < 2 * count; i++) {
    alive = events[i].begins ? alive + events[i].bytes : alive - events[i].bytes;
    if (alive > most) most = alive;
  }
  return most;
}

/* Working memory of one run of the planner. */
typedef struct {
  group_t *groups, **placed;
  event_t *events;
  uint32_t *group_of;
} work_t;

static ob_status_t plan(ob_plan_buffer_t *buffers, size_t count, size_t alignment, work_t *work, size_t *arena_bytes, size_t *lower_bound) {
  size_t group_count;
  OB_TRY(make_groups(buffers, count, alignment, work->groups, work->group_of, &group_count));
  *lower_bound = peak(work->groups, group_count, work->events);
  qsort(work->groups, group_count, sizeof *work->groups, by_size);
  OB_TRY(place(work->groups, group_count, work->placed, arena_bytes));
  for (size_t i = 0; i < group_count; i++) buffers[work->groups[i].root].offset = work->groups[i].offset;
  for (size_t i = 0; i < count; i++)
    if (buffers[i].shares >= 0) buffers[i].offset = buffers[buffers[i].shares].offset;
  return OB_OK;
}

ob_status_t ob_plan_memory_in(ob_plan_buffer_t *buffers, size_t count, size_t alignment, ob_arena_t *scratch, size_t *arena_bytes,
                              size_t *lower_bound) {
  work_t work = {0};
  *arena_bytes = *lower_bound = 0;
  OB_TRY(OB_ARENA_ARRAY(scratch, count, &work.groups));
  OB_TRY(OB_ARENA_ARRAY(scratch, count, &work.placed));
  OB_TRY(OB_ARENA_ARRAY(scratch, 2 * count, &work.events));
  OB_TRY(OB_ARENA_ARRAY(scratch, count, &work.group_of));
  return plan(buffers, count, alignment, &work, arena_bytes, lower_bound);
}

ob_status_t ob_plan_memory(ob_plan_buffer_t *buffers, size_t count, size_t alignment, const ob_allocator_t *allocator,
                           size_t *arena_bytes, size_t *lower_bound) {
  ob_arena_t scratch;
  ob_arena_init(&scratch, allocator);
  ob_status_t status = ob_plan_memory_in(buffers, count, alignment, &scratch, arena_bytes, lower_bound);
  ob_arena_free(&scratch);
  return status;
}
