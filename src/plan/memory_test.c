/* The memory planner on random lifetimes: nothing alive overlaps, sharers share, the arena stays near the lower bound. */
#include "plan/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ALIGNMENT = 64, MOST = 200 };

static bool overlap(const ob_plan_buffer_t *a, const ob_plan_buffer_t *b) {
  return a->bytes > 0 && b->bytes > 0 && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static bool alive_together(const ob_plan_buffer_t *a, const ob_plan_buffer_t *b) {
  return a->first <= b->last && b->first <= a->last;
}

static void random_buffers_never_overlap(void **state) {
  (void)state;
  double worst = 1, sum = 0;
  srand(7);
  for (int round = 0; round < 300; round++) {
    ob_plan_buffer_t buffers[MOST];
    size_t count = (size_t)rand() % MOST, arena, bound;
    for (size_t i = 0; i < count; i++) {
      uint32_t first = (uint32_t)rand() % 100;
      buffers[i] = (ob_plan_buffer_t){(size_t)(rand() % 5000), first, first + (uint32_t)rand() % 10, -1, 0};
    }
    assert_int_equal(ob_plan_memory(buffers, count, ALIGNMENT, ob_allocator_default(), &arena, &bound), OB_OK);
    assert_true(arena >= bound);
    for (size_t i = 0; i < count; i++) {
      assert_int_equal(buffers[i].offset % ALIGNMENT, 0);
      assert_true(buffers[i].offset + buffers[i].bytes <= arena);
      for (size_t k = 0; k < i; k++)
        assert_false(alive_together(&buffers[i], &buffers[k]) && overlap(&buffers[i], &buffers[k]));
    }
    double ratio = bound > 0 ? (double)arena / (double)bound : 1;
    worst = ratio > worst ? ratio : worst;
    sum += ratio;
  }
  assert_true(worst < 1.5);
  assert_true(sum / 300 < 1.1);
}

static void a_chain_in_place_takes_one_buffer(void **state) {
  (void)state;
  ob_plan_buffer_t buffers[10];
  size_t arena, bound;
  for (uint32_t i = 0; i < 10; i++) buffers[i] = (ob_plan_buffer_t){1000, i, i + 1, (int32_t)i - 1, 0};
  assert_int_equal(ob_plan_memory(buffers, 10, ALIGNMENT, ob_allocator_default(), &arena, &bound), OB_OK);
  assert_int_equal(arena, 1024);
  assert_int_equal(bound, 1024);
  for (int i = 0; i < 10; i++) assert_int_equal(buffers[i].offset, 0);
}

static void a_view_keeps_its_root_alive(void **state) {
  (void)state;
  ob_plan_buffer_t buffers[3] = {{64, 0, 1, -1, 0}, {64, 1, 5, 0, 0}, {64, 3, 4, -1, 0}};
  size_t arena, bound;
  assert_int_equal(ob_plan_memory(buffers, 3, ALIGNMENT, ob_allocator_default(), &arena, &bound), OB_OK);
  assert_int_equal(arena, 128);
  assert_int_not_equal(buffers[2].offset, buffers[0].offset);
}

static void mistakes_are_told(void **state) {
  (void)state;
  ob_plan_buffer_t late[1] = {{64, 0, 1, 0, 0}}, backwards[1] = {{64, 3, 1, -1, 0}}, huge[1] = {{SIZE_MAX, 0, 1, -1, 0}};
  size_t arena, bound;
  assert_int_equal(ob_plan_memory(late, 1, ALIGNMENT, ob_allocator_default(), &arena, &bound), OB_INTERNAL);
  assert_int_equal(ob_plan_memory(backwards, 1, ALIGNMENT, ob_allocator_default(), &arena, &bound), OB_INTERNAL);
  assert_int_equal(ob_plan_memory(huge, 1, ALIGNMENT, ob_allocator_default(), &arena, &bound), OB_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_buffers_never_overlap),
      cmocka_unit_test(a_chain_in_place_takes_one_buffer),
      cmocka_unit_test(a_view_keeps_its_root_alive),
      cmocka_unit_test(mistakes_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
