/* Instances of engines: made for those symbols alone that a region depends on, within limits, for the sizes that an engine accepts. */
#include "runtime/toy.h"

#include <stdio.h>

#include "runtime/model.h"

TOY(first)
TOY(second)

enum { LONGEST = 16 };
static toy_model_t toy;
static toy_log_t log_lines;
static float numbers[LONGEST];

/* p = -x[n], which first has; q = m + m for m of shape [m], which second has. */
static int set_up(void **state) {
  static const char *const n[] = {"n"}, *const m[] = {"m"};
  (void)state;
  first_reset();
  second_reset();
  first.only = ",Neg,";
  log_lines = (toy_log_t){0};
  for (int i = 0; i < LONGEST; i++) numbers[i] = (float)(i + 1);
  toy_begin(&toy);
  ob_value_t *x = toy_input(&toy, "x", 1, n), *y = toy_input(&toy, "y", 1, m);
  assert_int_equal(ob_graph_add_output(toy.module->main, toy_apply(&toy, "Neg", "p", x, NULL)), OB_OK);
  toy_finish(&toy, toy_apply(&toy, "Add", "q", y, y));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  assert_int_equal(first.live + second.live, 0);
  return 0;
}

typedef struct session {
  ob_model_t *model;
  ob_context_t *context;
} session_t;

static void begin(session_t *session, uint32_t max_plans, uint32_t max_instances) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = "first,second"};
  ob_options_t options = {.struct_size = sizeof options,
                          .log = toy_log,
                          .log_user = &log_lines,
                          .threads = 1,
                          .compile = &compile,
                          .max_plans = max_plans,
                          .max_instances = max_instances};
  assert_int_equal(ob_model_open_memory(toy.bytes, toy.size, &options, &session->model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(session->model, NULL), NULL, &session->context), OB_OK);
}

static void end(session_t *session) {
  ob_context_close(session->context);
  ob_model_close(session->model);
}

static ob_status_t call(session_t *session, int64_t n, int64_t m) {
  ob_tensor_t inputs[] = {toy_tensor(numbers, 1, &n), toy_tensor(numbers, 1, &m)}, outputs[2] = {0};
  ob_status_t status = ob_context_run(session->context, inputs, outputs, NULL);
  for (int64_t i = 0; status == OB_OK && i < n; i++) assert_true(((float *)outputs[0].data)[i] == -numbers[i]);
  for (int64_t i = 0; status == OB_OK && i < m; i++) assert_true(((float *)outputs[1].data)[i] == 2 * numbers[i]);
  return status;
}

static void a_region_is_bound_for_its_own_symbols_alone(void **state) {
  session_t session;
  (void)state;
  begin(&session, 0, 0);
  for (int64_t m = 1; m <= 5; m++)
    for (int64_t n = 1; n <= 3; n++) assert_int_equal(call(&session, n, m), OB_OK);
  assert_int_equal(first.binds, 3);  /* n */
  assert_int_equal(second.binds, 5); /* m */
  assert_int_equal(first.compiles, 1);
  assert_int_equal(second.compiles, 1);
  end(&session);
}

static void limits_hold_and_the_least_recently_used_goes(void **state) {
  session_t session;
  (void)state;
  begin(&session, 0, 2);
  for (int64_t n = 1; n <= 6; n++) assert_int_equal(call(&session, n, 1), OB_OK);
  assert_int_equal(first.binds, 6);
  assert_int_equal(session.model->units[0]->live + session.model->units[1]->live, 3);
  assert_int_equal(call(&session, 5, 1), OB_OK); /* is still there */
  assert_int_equal(first.binds, 6);
  assert_int_equal(call(&session, 4, 1), OB_OK); /* went for 6; now 6 goes, since 5 was used */
  assert_int_equal(call(&session, 5, 1), OB_OK);
  assert_int_equal(first.binds, 7);
  assert_int_equal(call(&session, 6, 1), OB_OK);
  assert_int_equal(first.binds, 8);
  end(&session);
}

static void instances_in_use_stay_and_go_later(void **state) {
  enum { CONTEXTS = 5 };
  session_t session, others[CONTEXTS];
  (void)state;
  begin(&session, 0, 1);
  for (int i = 0; i < CONTEXTS; i++) {
    others[i].model = session.model;
    assert_int_equal(ob_context_create(ob_model_function(session.model, NULL), NULL, &others[i].context), OB_OK);
    assert_int_equal(call(&others[i], i + 1, 1), OB_OK);
  }
  assert_int_equal(first.binds, CONTEXTS);
  for (int i = 0; i < CONTEXTS; i++) assert_int_equal(call(&others[i], i + 1, 1), OB_OK);
  assert_int_equal(first.binds, CONTEXTS); /* each context has its own */
  for (int i = 0; i < CONTEXTS; i++) ob_context_close(others[i].context);
  for (int64_t n = 9; n <= 10; n++) assert_int_equal(call(&session, n, 1), OB_OK);
  assert_true(session.model->units[0]->live + session.model->units[1]->live <= 4); /* plan 10, instances 9 and 10, and m */
  end(&session);
}

static void another_engine_takes_sizes_out_of_range(void **state) {
  session_t session;
  (void)state;
  first.accepts = OB_ACCEPTS_RANGE;
  first.largest = 4;
  begin(&session, 0, 0);
  for (int64_t n = 1; n <= 8; n++) assert_int_equal(call(&session, n, 1), OB_OK);
  assert_int_equal(first.binds, 4);
  assert_int_equal(first.runs, 4);
  assert_int_equal(second.binds, 4 + 1);
  assert_int_equal(call(&session, 3, 1), OB_OK); /* and first has the others as before */
  assert_int_equal(call(&session, 7, 1), OB_OK);
  assert_int_equal(first.runs, 5);
  assert_int_equal(first.binds + second.binds, 9);
  assert_int_equal(log_lines.warnings, 0);
  char *report;
  assert_int_equal(ob_model_report(session.model, OB_REPORT_JSON, &report), OB_OK);
  assert_non_null(strstr(report, "\"accepts\":\"range\""));
  assert_non_null(strstr(report, "\"range\":{\"x\":[[0,4]]}"));
  assert_non_null(strstr(report, "\"accepts\":\"exact\""));
  ob_release(report);
  end(&session);
}

static void nobody_takes_sizes_out_of_range(void **state) {
  session_t session;
  (void)state;
  first.accepts = OB_ACCEPTS_RANGE;
  first.largest = 4;
  second.only = ",Add,";
  begin(&session, 0, 0);
  assert_int_equal(call(&session, 5, 1), OB_INVALID_ARGUMENT);
  assert_message("engine 'first' accepts 0 to 4 on axis 0 of 'x', this is 5; no other engine takes it");
  assert_int_equal(call(&session, 4, 1), OB_OK);
  end(&session);
}

/* The engine that stands in for some sizes fails: that is no reason to give it the others. */
static void the_stand_in_fails(void **state) {
  session_t session;
  (void)state;
  first.accepts = OB_ACCEPTS_RANGE;
  first.largest = 4;
  begin(&session, 0, 0);
  assert_int_equal(call(&session, 2, 1), OB_OK);
  second.fails_bind = true;
  assert_int_equal(call(&session, 5, 1), OB_ENGINE_ERROR);
  assert_int_equal(call(&session, 3, 1), OB_OK);
  end(&session);
}

/* ---------------------------------------------------------------- constants of an engine that the artifact was not made for */

static long blocks;
static void *counting_allocate(void *self, size_t size, size_t alignment) {
  blocks++;
  return ob_allocator_default()->allocate(self, size, alignment);
}
static void counting_release(void *self, void *block) {
  blocks -= block != NULL;
  ob_allocator_default()->release(self, block);
}

/* z = a * w for second, whose artifact was made for first: w is packed once, not for each shape. */
static void a_stand_in_packs_its_constants_once(void **state) {
  static const char path[] = "build/instance_test.ob";
  static const char *const dims[] = {"k", "2"};
  static const int64_t weight_dims[] = {2, 2};
  static float weight[] = {1, 2, 3, 4};
  static const ob_allocator_t counting = {counting_allocate, counting_release, NULL};
  toy_model_t product;
  ob_model_t *model;
  ob_context_t *context;
  long after_first = 0;
  (void)state;
  first.only = NULL;
  second.packs = second.packs_at_bind = second.keeps_data = true;
  toy_begin(&product);
  ob_value_t *w = toy_weight(&product, "w", 2, weight_dims, weight, sizeof weight);
  toy_finish(&product, toy_apply(&product, "Mul", "z", toy_input(&product, "a", 2, dims), w));
  assert_int_equal(toy_load_model(&product, "first", NULL, &model), OB_OK);
  assert_int_equal(ob_model_save(model, path), OB_OK);
  ob_model_close(model);
  toy_end(&product);
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = "second"};
  ob_options_t options = {.struct_size = sizeof options, .allocator = &counting, .threads = 1, .compile = &compile, .max_instances = 1};
  assert_int_equal(ob_model_open(path, &options, &model), OB_OK);
  for (uint32_t threads = 1; threads <= 4; threads++) { /* an instance each */
    int64_t shape[] = {2, 2};
    ob_tensor_t input = toy_tensor(numbers, 2, shape), output = {0};
    options.threads = threads;
    assert_int_equal(ob_context_create(ob_model_function(model, NULL), &options, &context), OB_OK);
    assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_OK);
    assert_true(((float *)output.data)[1] == numbers[1] * weight[1]);
    ob_context_close(context);
    if (threads == 1) after_first = blocks;
  }
  assert_int_equal(second.binds, 4);
  assert_int_equal(blocks, after_first);
  assert_int_equal(second.fills, 1);
  ob_model_close(model);
  assert_int_equal(blocks, 0);
  remove(path);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_region_is_bound_for_its_own_symbols_alone),
      TEST(limits_hold_and_the_least_recently_used_goes),
      TEST(instances_in_use_stay_and_go_later),
      TEST(another_engine_takes_sizes_out_of_range),
      TEST(nobody_takes_sizes_out_of_range),
      TEST(the_stand_in_fails),
      TEST(a_stand_in_packs_its_constants_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
