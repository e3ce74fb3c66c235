/* Bounded functions: the arena is known before anything ran, and a new shape allocates nothing: not in the host, nor in engines that make
 * their instances over. Where that cannot be, it is said, and answers are right all the same. */
#include "runtime/toy.h"

#include <stdio.h>

#include "runtime/model.h"

TOY(first)
TOY(second)

enum { LONGEST = 12, MOST = 4 };
static float numbers[MOST * 3 * LONGEST * 8];

/* ---------------------------------------------------------------- allocators that count, and fail */

static long calls, live, left = -1;

static void *counting_allocate(void *self, size_t size, size_t alignment) {
  calls++;
  if (left-- == 0) return NULL;
  void *block = ob_allocator_default()->allocate(self, size, alignment);
  live += block != NULL;
  return block;
}

static void counting_release(void *self, void *block) {
  live -= block != NULL;
  ob_allocator_default()->release(self, block);
}

static const ob_allocator_t counting = {counting_allocate, counting_release, NULL};

/* ---------------------------------------------------------------- sessions */

typedef struct session {
  ob_model_t *model;
  ob_context_t *context;
} session_t;

static ob_status_t open_session(const toy_model_t *toy, const char *engines, const char *const *dims, uint32_t max_plans, session_t *session) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines, .dims = dims};
  ob_options_t options = {.struct_size = sizeof options, .allocator = &counting, .threads = 1, .compile = &compile, .max_plans = max_plans};
  *session = (session_t){0};
  ob_status_t status = ob_model_open_memory(toy->bytes, toy->size, &options, &session->model);
  if (status == OB_OK) status = ob_context_create(ob_model_function(session->model, NULL), &options, &session->context);
  return status;
}

static void begin(const toy_model_t *toy, const char *engines, const char *const *dims, uint32_t max_plans, session_t *session) {
  if (open_session(toy, engines, dims, max_plans, session) != OB_OK) fail_msg("%s", ob_error_message());
}

static void end(session_t *session) {
  ob_context_close(session->context);
  ob_model_close(session->model);
}

static void not_bounded(const session_t *session, const char *words) {
  size_t bytes;
  assert_int_equal(ob_function_arena_bytes(ob_model_function(session->model, NULL), &bytes), OB_UNSUPPORTED);
  assert_message(words);
}

static size_t arena_of(const session_t *session) {
  size_t bytes = 0;
  if (ob_function_arena_bytes(ob_model_function(session->model, NULL), &bytes) != OB_OK) fail_msg("%s", ob_error_message());
  return bytes;
}

/* ---------------------------------------------------------------- the engine cpu */

/* y = Erf(relu(x * w)) and z = the sum of y and a row, for x of shape [n, k, 8]. */
static void build_layers(toy_model_t *toy) {
  static const char *const dims[] = {"n", "k", "8"};
  static const int64_t weight_dims[] = {8, 8}, row_dims[] = {8};
  static float weight[64], row[8];
  toy_begin(toy);
  for (size_t i = 0; i < 64; i++) weight[i] = (float)((int)(i % 7) - 3) / 8;
  for (size_t i = 0; i < 8; i++) row[i] = (float)i;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) numbers[i] = (float)(i % 11) - 4;
  ob_value_t *x = toy_input(toy, "x", 3, dims), *w = toy_weight(toy, "w", 2, weight_dims, weight, sizeof weight);
  ob_value_t *y = toy_apply(toy, "Erf", "y", toy_apply(toy, "Relu", "relu", toy_apply(toy, "MatMul", "product", x, w), NULL), NULL);
  assert_int_equal(ob_graph_add_output(toy->module->main, y), OB_OK);
  toy_finish(toy, toy_apply(toy, "Softmax", "z", toy_apply(toy, "Add", "sum", y, toy_weight(toy, "row", 1, row_dims, row, sizeof row)), NULL));
}

static const char *const layer_bounds[] = {"n=1:4,typical=2", "k=1:12", NULL};

static void run_layers(session_t *session, int64_t n, int64_t k, ob_tensor_t *outputs) {
  const int64_t dims[] = {n, k, 8};
  ob_tensor_t input = toy_tensor(numbers, 3, dims);
  memset(outputs, 0, 2 * sizeof *outputs);
  if (ob_context_run(session->context, &input, outputs, NULL) != OB_OK) fail_msg("%s", ob_error_message());
}

/* Engines allocate with the counting allocator, too, while `held` is held. */
static void hold(const char *name, ob_opened_t **held) {
  assert_int_equal(ob_engine_acquire(name, NULL, 1, held), OB_OK);
  (*held)->host.allocator = &counting;
}

static void let_go(ob_opened_t *held) {
  held->host.allocator = ob_allocator_default();
  ob_engine_release(held);
}

static void a_new_shape_allocates_nothing(void **state) {
  static const char *const engines[] = {"cpu", "ref"};
  toy_model_t toy;
  session_t session, oracle;
  ob_tensor_t got[2], want[2];
  (void)state;
  build_layers(&toy);
  for (size_t e = 0; e < 2; e++) {
    ob_opened_t *held;
    hold(engines[e], &held);
    begin(&toy, engines[e], layer_bounds, 0, &session);
    begin(&toy, "ref", NULL, 0, &oracle);
    size_t bytes = arena_of(&session);
    assert_true(bytes > 0);
    assert_int_equal(ob_context_arena_bytes(session.context), bytes);
    run_layers(&session, 1, 1, got); /* room for outputs that the caller does not give, at their largest */
    size_t with_outputs = ob_context_arena_bytes(session.context);
    for (int64_t n = 1; n <= MOST; n++)
      for (int64_t k = LONGEST; k >= 1; k--) {
        run_layers(&oracle, n, k, want);
        long before = calls;
        run_layers(&session, n, k, got);
        assert_int_equal(calls, before);
        for (int o = 0; o < 2; o++) {
          assert_int_equal(got[o].bytes, want[o].bytes);
          for (size_t i = 0; i < got[o].bytes / 4; i++) assert_float_equal(((float *)got[o].data)[i], ((float *)want[o].data)[i], 1e-5f);
        }
      }
    assert_int_equal(ob_context_arena_bytes(session.context), with_outputs);
    end(&session);
    end(&oracle);
    let_go(held);
  }
  toy_end(&toy);
}

/* The instances of an engine for exact shapes are its own affair. Once they are there, binding allocates nothing either. */
static void instances_of_exact_shapes_are_all_that_is_allocated(void **state) {
  toy_model_t toy;
  session_t session;
  ob_tensor_t outputs[2];
  (void)state;
  build_layers(&toy);
  if (open_session(&toy, "onednn,cpu", layer_bounds, 0, &session) != OB_OK) {
    print_message("without onednn: %s\n", ob_error_message());
  } else {
    assert_true(arena_of(&session) > 0);
    for (int64_t k = LONGEST; k >= 1; k--) run_layers(&session, 2, k, outputs);
    long before = calls;
    for (int64_t k = LONGEST; k >= 1; k--) run_layers(&session, 2, k, outputs);
    assert_int_equal(calls, before);
  }
  end(&session);
  toy_end(&toy);
}

static void allocations_may_fail(void **state) {
  toy_model_t toy;
  session_t session;
  long survived = 0, n = 0;
  (void)state;
  build_layers(&toy);
  for (bool done = false; !done && n < 5000; n++) {
    long before = live;
    left = n;
    ob_status_t status = open_session(&toy, "cpu,ref", layer_bounds, 0, &session);
    for (int64_t k = 3; k <= LONGEST && status == OB_OK; k += 4) {
      const int64_t dims[] = {3, k, 8};
      ob_tensor_t input = toy_tensor(numbers, 3, dims), outputs[2] = {0};
      status = ob_context_run(session.context, &input, outputs, NULL);
    }
    done = left >= 0;
    left = -1;
    end(&session);
    assert_true(status == OB_OK || status == OB_OUT_OF_MEMORY);
    survived += status == OB_OK;
    assert_int_equal(live, before);
  }
  assert_true(n > 50 && n < 5000);
  assert_true(survived > 1); /* without memory for the largest sizes plans are made as shapes come */
  toy_end(&toy);
}

/* ---------------------------------------------------------------- toys */

/* y = -x for x of shape [n]. */
static void build_simple(toy_model_t *toy, bool dynamic) {
  static const char *const dims[] = {"n"};
  first_reset();
  second_reset();
  first.accepts = OB_ACCEPTS_ANY;
  first.rebinds = true;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) numbers[i] = (float)(i + 1);
  toy_begin(toy);
  ob_value_t *y = toy_apply(toy, "Neg", "y", toy_input(toy, "x", 1, dims), NULL);
  if (dynamic) assert_int_equal(ob_graph_add_output(toy->module->main, y), OB_OK);
  toy_finish(toy, dynamic ? toy_apply(toy, "NonZero", "places", y, NULL) : y);
}

static const char *const up_to_12[] = {"n=1:12", NULL};

static ob_status_t call(session_t *session, int64_t n) {
  ob_tensor_t input = toy_tensor(numbers, 1, &n), outputs[2] = {0};
  ob_status_t status = ob_context_run(session->context, &input, outputs, NULL);
  for (int64_t i = 0; status == OB_OK && i < n; i++) assert_true(((float *)outputs[0].data)[i] == -numbers[i]);
  return status;
}

static void finish(session_t *session, toy_model_t *toy) {
  end(session);
  toy_end(toy);
  assert_int_equal(first.live + second.live, 0);
}

static void shapes_that_have_room_are_not_bound_again(void **state) {
  toy_model_t toy;
  session_t session;
  (void)state;
  build_simple(&toy, false);
  begin(&toy, "first", up_to_12, 2, &session);
  assert_int_equal(first.binds, 1 + 2); /* for the arena, and for two slots */
  int rebound = first.rebound;
  for (int round = 0; round < 3; round++) {
    assert_int_equal(call(&session, 5), OB_OK);
    assert_int_equal(call(&session, 7), OB_OK);
  }
  assert_int_equal(first.rebound - rebound, 2);
  assert_int_equal(call(&session, 7), OB_OK);
  assert_int_equal(call(&session, 9), OB_OK); /* over 5 */
  assert_int_equal(call(&session, 7), OB_OK);
  assert_int_equal(first.rebound - rebound, 3);
  assert_int_equal(first.binds, 3);
  assert_int_equal(call(&session, 13), OB_INVALID_ARGUMENT);
  assert_int_equal(call(&session, 12), OB_OK);
  finish(&session, &toy);
}

static void a_shape_may_want_more_than_the_largest(void **state) {
  toy_model_t toy;
  session_t session;
  (void)state;
  build_simple(&toy, false);
  first.swells = 3;
  begin(&toy, "first", up_to_12, 0, &session);
  size_t bytes = arena_of(&session);
  for (int64_t n = 1; n <= 12; n++) assert_int_equal(call(&session, n), OB_OK);
  assert_true(ob_context_arena_bytes(session.context) > bytes);
  finish(&session, &toy);
}

static void an_engine_that_fails_is_replaced(void **state) {
  toy_model_t toy;
  session_t session;
  (void)state;
  build_simple(&toy, false);
  second.accepts = OB_ACCEPTS_ANY;
  second.rebinds = true;
  first.runs_left = 2;
  begin(&toy, "first,second", up_to_12, 0, &session);
  for (int64_t n = 1; n <= 6; n++) assert_int_equal(call(&session, n), OB_OK);
  assert_int_equal(first.runs, 3);
  assert_int_equal(second.runs, 4);
  assert_true(second.rebound > 0);
  finish(&session, &toy);
}

static void an_engine_that_cannot_make_an_instance_over_is_replaced(void **state) {
  toy_model_t toy;
  session_t session;
  (void)state;
  build_simple(&toy, false);
  begin(&toy, "first,second", up_to_12, 0, &session);
  assert_int_equal(call(&session, 2), OB_OK);
  first.fails_bind = true;
  for (int64_t n = 3; n <= 6; n++) assert_int_equal(call(&session, n), OB_OK);
  assert_int_equal(second.runs, 4);
  finish(&session, &toy);
}

static void functions_without_bounds_say_why(void **state) {
  static const char *const fixed[] = {"n=3", NULL}, *const beyond_all[] = {"n=1:4611686018427387904", NULL};
  toy_model_t toy;
  session_t session;
  (void)state;
  build_simple(&toy, false);
  begin(&toy, "first", NULL, 0, &session);
  not_bounded(&session, "dim 'n' has no largest size (compile with --dim 'n=LOW:HIGH')");
  assert_int_equal(call(&session, 100), OB_OK);
  end(&session);
  begin(&toy, "first", fixed, 0, &session);
  size_t bytes = arena_of(&session);
  assert_int_equal(call(&session, 3), OB_OK);
  assert_true(ob_context_arena_bytes(session.context) >= bytes);
  end(&session);
  begin(&toy, "first", beyond_all, 0, &session); /* nobody is asked to bind that */
  not_bounded(&session, "at its largest, 'y' is more than this machine has memory for");
  assert_int_equal(call(&session, 12), OB_OK);
  char *report;
  assert_int_equal(ob_model_report(session.model, OB_REPORT_JSON, &report), OB_OK);
  assert_non_null(strstr(report, "\"bounded\":false"));
  ob_release(report);
  finish(&session, &toy);
  build_simple(&toy, true);
  begin(&toy, "first", up_to_12, 0, &session);
  not_bounded(&session, "is bound only when its inputs exist");
  for (int64_t n = 1; n <= 12; n++) assert_int_equal(call(&session, n), OB_OK); /* bounded as far as it goes */
  assert_true(first.rebound > 0);
  finish(&session, &toy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_shape_allocates_nothing),
      cmocka_unit_test(instances_of_exact_shapes_are_all_that_is_allocated),
      cmocka_unit_test(allocations_may_fail),
      cmocka_unit_test(shapes_that_have_room_are_not_bound_again),
      cmocka_unit_test(a_shape_may_want_more_than_the_largest),
      cmocka_unit_test(an_engine_that_fails_is_replaced),
      cmocka_unit_test(an_engine_that_cannot_make_an_instance_over_is_replaced),
      cmocka_unit_test(functions_without_bounds_say_why),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
