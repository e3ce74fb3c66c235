/* Threads: many callers of one model, each with its own context and changing shapes, on toys and on the real engines; an engine that fails
 * under them; calls that another thread cancels. Run with ThreadSanitizer as well. */
#include "runtime/toy.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "base/thread.h"
#include "runtime/model.h"

TOY(first)
TOY(second)

enum { THREADS = 8, SIZES = 6, ROUNDS = 60 };
static float numbers[SIZES * 3 * 64];
static toy_model_t toy;
static int32_t rank; /* of the input */

static int set_up(void **state) {
  (void)state;
  first_reset();
  second_reset();
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) numbers[i] = (float)(i % 11) - 4;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  assert_int_equal(first.live + second.live, 0);
  return 0;
}

/* places = NonZero(y = -x): the second region is a dynamic one. */
static void build_simple(void) {
  static const char *const dims[] = {"n"};
  rank = 1;
  toy_begin(&toy);
  ob_value_t *y = toy_apply(&toy, "Neg", "y", toy_input(&toy, "x", 1, dims), NULL);
  assert_int_equal(ob_graph_add_output(toy.module->main, y), OB_OK);
  toy_finish(&toy, toy_apply(&toy, "NonZero", "places", y, NULL));
}

/* ---------------------------------------------------------------- callers */

/* What the outputs are for each n, from one thread. */
typedef struct expected {
  void *data[2];
  size_t bytes[2];
} expected_t;

typedef struct crowd {
  ob_model_t *model;
  expected_t expected[SIZES + 1];
} crowd_t;

static ob_status_t call(ob_context_t *context, int64_t n, ob_tensor_t *outputs) {
  int64_t dims[] = {n, 3, 8, 8};
  ob_tensor_t input = toy_tensor(numbers, rank, dims);
  memset(outputs, 0, 2 * sizeof *outputs);
  return ob_context_run(context, &input, outputs, NULL);
}

static void expect(crowd_t *crowd) {
  ob_context_t *context;
  ob_tensor_t outputs[2];
  assert_int_equal(ob_context_create(ob_model_function(crowd->model, NULL), NULL, &context), OB_OK);
  for (int64_t n = 1; n <= SIZES; n++) {
    assert_int_equal(call(context, n, outputs), OB_OK);
    for (int o = 0; o < 2; o++) {
      crowd->expected[n].bytes[o] = outputs[o].bytes;
      crowd->expected[n].data[o] = malloc(outputs[o].bytes + 1);
      memcpy(crowd->expected[n].data[o], outputs[o].data, outputs[o].bytes);
    }
  }
  ob_context_close(context);
}

/* NULL when every answer is right. */
static void *caller(void *arg) {
  const crowd_t *crowd = arg;
  ob_context_t *context = NULL;
  ob_tensor_t outputs[2];
  bool right = ob_context_create(ob_model_function(crowd->model, NULL), NULL, &context) == OB_OK;
  for (int64_t round = 0; round < ROUNDS && right; round++) {
    int64_t n = 1 + (round * 5 + (intptr_t)context / 64) % SIZES;
    const expected_t *expected = &crowd->expected[n];
    right = call(context, n, outputs) == OB_OK;
    for (int o = 0; o < 2 && right; o++)
      right = outputs[o].bytes == expected->bytes[o] && memcmp(outputs[o].data, expected->data[o], expected->bytes[o]) == 0;
  }
  ob_context_close(context);
  return right ? NULL : arg;
}

/* Eight callers. */
static void let_run(crowd_t *crowd) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, caller, crowd), 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
}

static uint32_t limit; /* of plans and instances; 0: the usual */
static const char *const *bounds; /* on dims, or NULL */

static ob_status_t open_model(const char *engines, ob_model_t **model) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines, .dims = bounds};
  ob_options_t options = {.struct_size = sizeof options, .threads = 1, .compile = &compile, .max_instances = limit};
  return ob_model_open_memory(toy.bytes, toy.size, &options, model);
}

/* The same model twice: once for the answers, once for the callers, who then bind everything at the same time. False without engines. */
static bool crowded(const char *engines, void (*before)(void)) {
  crowd_t crowd = {0};
  if (open_model(engines, &crowd.model) != OB_OK) return false;
  expect(&crowd);
  ob_model_close(crowd.model);
  assert_int_equal(open_model(engines, &crowd.model), OB_OK);
  if (before) before();
  let_run(&crowd);
  ob_model_close(crowd.model);
  for (int n = 0; n <= SIZES; n++)
    for (int o = 0; o < 2; o++) free(crowd.expected[n].data[o]);
  return true;
}

static void eight_callers_of_toys(void **state) {
  (void)state;
  build_simple();
  assert_true(crowded("first,second", NULL));
  assert_int_equal(second.runs, 0);
}

/* The toy model on the toys, and the other one on real engines. */
static void crowd_everywhere(void) {
  static const char *const lists[] = {"first,second", "cpu,ref", "onednn,cpu,ref"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (i > 0) toy_end(&toy);
    if (i == 0) build_simple();
    else toy_layers(&toy);
    rank = i == 0 ? 1 : 4;
    if (!crowded(lists[i], NULL)) print_message("without %s: %s\n", lists[i], ob_error_message());
  }
}

/* Plans and instances come and go under everybody's feet. */
static void eight_callers_share_room_for_two_shapes(void **state) {
  (void)state;
  limit = 2;
  crowd_everywhere();
  limit = 0;
  assert_true(first.binds > 2 * SIZES); /* some were made again */
}

/* Each has plans of its own, in one placement that is made once. */
static void eight_callers_of_a_bounded_function(void **state) {
  static const char *const up_to[] = {"n=1:6", NULL};
  (void)state;
  first.accepts = OB_ACCEPTS_ANY;
  first.rebinds = true;
  bounds = up_to;
  crowd_everywhere();
  bounds = NULL;
  assert_true(first.rebound > THREADS);
}

static void break_first(void) { first.runs_left = first.runs + 40; }

static void an_engine_fails_under_eight_callers(void **state) {
  (void)state;
  build_simple();
  assert_true(crowded("first,second", break_first));
  assert_true(second.runs > 0);
}

static void eight_callers_of_real_engines(void **state) {
  static const char *const lists[] = {"ref", "cpu,ref", "onednn,cpu,ref"};
  (void)state;
  toy_layers(&toy);
  rank = 4;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (!crowded(lists[i], NULL)) print_message("without %s: %s\n", lists[i], ob_error_message());
}

/* ---------------------------------------------------------------- cancelling */

typedef struct stop {
  sem_t reached, go_on;
  volatile int cancel;
  int regions;
} stop_t;

/* The first region has run: now somebody else gives up. */
static void pause_call(void *user, const char *symbol, const char *engine, uint64_t nanoseconds) {
  stop_t *stop = user;
  (void)symbol, (void)engine, (void)nanoseconds;
  if (stop->regions++ > 0) return;
  sem_post(&stop->reached);
  sem_wait(&stop->go_on);
}

static void *canceller(void *arg) {
  stop_t *stop = arg;
  sem_wait(&stop->reached);
  __atomic_store_n(&stop->cancel, 1, __ATOMIC_RELAXED);
  sem_post(&stop->go_on);
  return NULL;
}

static void another_thread_cancels(void **state) {
  ob_model_t *model;
  ob_context_t *context;
  pthread_t thread;
  stop_t stop = {0};
  int64_t dims[] = {2};
  ob_tensor_t input = toy_tensor(numbers, 1, dims), outputs[2] = {0};
  (void)state;
  build_simple();
  assert_int_equal(toy_load_model(&toy, "first", NULL, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  sem_init(&stop.reached, 0, 0);
  sem_init(&stop.go_on, 0, 0);
  ob_run_options_t options = {.struct_size = sizeof options, .cancel = &stop.cancel, .trace = pause_call, .trace_user = &stop};
  assert_int_equal(pthread_create(&thread, NULL, canceller, &stop), 0);
  assert_int_equal(ob_context_run(context, &input, outputs, &options), OB_CANCELLED);
  pthread_join(thread, NULL);
  assert_int_equal(stop.regions, 1);
  assert_int_equal(first.runs, 1);
  assert_int_equal(call(context, 2, outputs), OB_OK); /* the context goes on */
  sem_destroy(&stop.reached);
  sem_destroy(&stop.go_on);
  ob_context_close(context);
  ob_model_close(model);
}

/* Sleeps until the deadline of the call has passed. */
static void oversleep(void *user, const char *symbol, const char *engine, uint64_t nanoseconds) {
  (void)symbol, (void)engine, (void)nanoseconds;
  while (ob_now_ns() < *(const uint64_t *)user) sched_yield();
}

static void a_deadline_passes_between_regions(void **state) {
  ob_model_t *model;
  ob_context_t *context;
  int64_t dims[] = {2};
  ob_tensor_t input = toy_tensor(numbers, 1, dims), outputs[2] = {0};
  (void)state;
  build_simple();
  assert_int_equal(toy_load_model(&toy, "first", NULL, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(call(context, 2, outputs), OB_OK);
  uint64_t deadline = ob_now_ns() + 500000000;
  ob_run_options_t options = {.struct_size = sizeof options, .deadline_ns = deadline, .trace = oversleep, .trace_user = &deadline};
  memset(outputs, 0, sizeof outputs);
  assert_int_equal(ob_context_run(context, &input, outputs, &options), OB_DEADLINE_EXCEEDED);
  assert_message("deadline");
  assert_int_equal(first.runs, 3);
  ob_context_close(context);
  ob_model_close(model);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(eight_callers_of_toys),
      TEST(eight_callers_share_room_for_two_shapes),
      TEST(eight_callers_of_a_bounded_function),
      TEST(an_engine_fails_under_eight_callers),
      TEST(eight_callers_of_real_engines),
      TEST(another_thread_cancels),
      TEST(a_deadline_passes_between_regions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
