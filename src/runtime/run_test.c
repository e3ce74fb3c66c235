/* Calls: results, arguments that are refused, buffers of all kinds, plans, cancelling, and memory in the steady state. */
#include "runtime/toy.h"

#include <pthread.h>
#include <stdio.h>

#include "base/thread.h"
#include "runtime/model.h"

TOY(first)

static const char *const n_by_3[] = {"n", "3"};

/* y = -(a + b) + a, with a and b of shape [n, 3]. */
static void two_inputs(toy_model_t *model) {
  toy_begin(model);
  ob_value_t *a = toy_input(model, "a", 2, n_by_3), *b = toy_input(model, "b", 2, n_by_3);
  ob_value_t *sum = toy_apply(model, "Add", "sum", a, b), *negative = toy_apply(model, "Neg", "negative", sum, NULL);
  toy_finish(model, toy_apply(model, "Add", "y", negative, a));
}

typedef struct fixture {
  toy_model_t toy;
  ob_model_t *model;
  ob_context_t *context;
} fixture_t;

static int set_up(void **state) {
  fixture_t *f = calloc(1, sizeof *f);
  first_reset();
  two_inputs(&f->toy);
  assert_int_equal(toy_load_model(&f->toy, "first", NULL, &f->model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(f->model, NULL), NULL, &f->context), OB_OK);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture_t *f = *state;
  ob_context_close(f->context);
  ob_model_close(f->model);
  toy_end(&f->toy);
  assert_int_equal(first.live, 0);
  assert_int_equal(first.opens, first.closes);
  free(f);
  return 0;
}

static float numbers[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};

static void results_come_in_the_contexts_memory_or_the_callers(void **state) {
  fixture_t *f = *state;
  float b[18], mine[18];
  ob_tensor_t output = {0};
  for (int i = 0; i < 18; i++) b[i] = (float)(i * i);
  for (int64_t n = 6; n >= 0; n -= 2) {
    int64_t dims[] = {n, 3};
    ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims), toy_tensor(b, 2, dims)};
    assert_int_equal(ob_context_run(f->context, inputs, &output, NULL), OB_OK); /* the same struct again: not the caller's buffer */
    assert_int_equal(output.rank, 2);
    assert_int_equal(output.dims[0], n);
    for (int i = 0; i < n * 3; i++) assert_true(((float *)output.data)[i] == -b[i]);
    ob_tensor_t own = {.data = mine, .bytes = sizeof mine};
    assert_int_equal(ob_context_run(f->context, inputs, &own, NULL), OB_OK);
    assert_ptr_equal(own.data, mine);
    assert_int_equal(own.bytes, sizeof mine);
    for (int i = 0; i < n * 3; i++) assert_true(mine[i] == -b[i]);
  }
}

static void a_callers_buffer_may_be_an_input(void **state) {
  fixture_t *f = *state;
  int64_t dims[] = {2, 3};
  float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {6, 5, 4, 3, 2, 1}, want[6] = {-6, -5, -4, -3, -2, -1};
  ob_tensor_t inputs[] = {toy_tensor(a, 2, dims), toy_tensor(b, 2, dims)}, output = {.data = a, .bytes = sizeof a};
  assert_int_equal(ob_context_run(f->context, inputs, &output, NULL), OB_OK);
  assert_memory_equal(a, want, sizeof a);
}

static void strided_and_misaligned_inputs_are_copied(void **state) {
  fixture_t *f = *state;
  int64_t dims[] = {2, 3}, strides[] = {1, 2};
  _Alignas(8) char bytes[6 * 4 + 1], out[6 * 4 + 1];
  float columns[6] = {1, 4, 2, 5, 3, 6}; /* a transposed */
  for (int i = 0; i < 6; i++) memcpy(bytes + 1 + i * 4, &(float){(float)i}, 4);
  ob_tensor_t inputs[] = {toy_tensor(columns, 2, dims), toy_tensor((float *)(void *)(bytes + 1), 2, dims)};
  inputs[0].strides = strides;
  ob_tensor_t output = {.data = out + 1, .bytes = 24};
  assert_int_equal(ob_context_run(f->context, inputs, &output, NULL), OB_OK);
  for (int i = 0; i < 6; i++) {
    float got;
    memcpy(&got, out + 1 + i * 4, 4);
    assert_true(got == -(float)i);
  }
}

/* Runs with `inputs` and expects a refusal with `words`. */
static void refuse(fixture_t *f, const ob_tensor_t *inputs, ob_tensor_t *output, const char *words) {
  ob_tensor_t none = {0};
  assert_int_equal(ob_context_run(f->context, inputs, output ? output : &none, NULL), OB_INVALID_ARGUMENT);
  assert_message(words);
}

static void wrong_arguments_are_refused_with_words(void **state) {
  fixture_t *f = *state;
  int64_t dims[] = {2, 3}, other[] = {4, 3}, wide[] = {2, 4}, negative[] = {-2, 3}, huge[] = {INT64_MAX, 3}, back[] = {-3, 1};
  const ob_tensor_t good = toy_tensor(numbers, 2, dims);
  ob_tensor_t in[] = {good, good};
  in[1].dtype = OB_FLOAT64;
  refuse(f, in, NULL, "input 'b' must be float32[n, 3], found float64[2, 3]: the element type differs");
  in[1] = good, in[1].rank = 1;
  refuse(f, in, NULL, "the rank differs");
  in[1] = toy_tensor(numbers, 2, other);
  refuse(f, in, NULL, "'a' axis 0 and 'b' axis 0 are both 'n' but are 2 and 4");
  in[1] = toy_tensor(numbers, 2, wide);
  refuse(f, in, NULL, "'b' axis 1 must be 3, found 4");
  in[1] = good, in[1].dims = negative;
  refuse(f, in, NULL, "negative");
  in[1] = good, in[1].dims = huge;
  refuse(f, in, NULL, "overflow");
  in[1] = good, in[1].data = NULL;
  refuse(f, in, NULL, "data is NULL");
  in[1] = good, in[1].bytes = 20;
  refuse(f, in, NULL, "needs a buffer of 24 bytes, its `bytes` says 20");
  in[1] = good, in[1].strides = back;
  refuse(f, in, NULL, "strides");
  in[1] = good, in[1].strides = (const int64_t[]){100, 1};
  refuse(f, in, NULL, "needs a buffer of 412 bytes");
  in[1] = good, in[1].kind = OB_SEQUENCE;
  refuse(f, in, NULL, "the kind differs");
  in[1] = good, in[1].dims = NULL;
  refuse(f, in, NULL, "rank and dims");
  in[1] = good;
  float small[4];
  ob_tensor_t output = {.data = small, .bytes = sizeof small};
  refuse(f, in, &output, "output 'y' needs 24 bytes, its buffer has 16");
  output = (ob_tensor_t){.data = numbers, .bytes = 24, .strides = dims};
  refuse(f, in, &output, "contiguous");
  assert_int_equal(ob_context_run(f->context, NULL, &output, NULL), OB_INVALID_ARGUMENT);
  assert_int_equal(ob_context_run(NULL, in, &output, NULL), OB_INVALID_ARGUMENT);
  output = (ob_tensor_t){0};
  assert_int_equal(ob_context_run(f->context, in, &output, NULL), OB_OK); /* and the context is as good as before */
}

static void the_function_describes_itself(void **state) {
  fixture_t *f = *state;
  const ob_function_t *function = ob_model_function(f->model, NULL);
  ob_value_info_t info;
  assert_int_equal(ob_function_input_count(function), 2);
  assert_int_equal(ob_function_output_count(function), 1);
  assert_int_equal(ob_function_input(function, 1, &info), OB_OK);
  assert_string_equal(info.name, "b");
  assert_int_equal(info.rank, 2);
  assert_int_equal(info.dims[0], OB_DYNAMIC);
  assert_int_equal(info.dims[1], 3);
  assert_string_equal(info.dim_texts[0], "n");
  assert_string_equal(info.dim_texts[1], "3");
  assert_string_equal(info.type, "float32[n, 3]");
  assert_null(ob_model_metadata(f->model, 0, NULL));
  assert_string_equal(ob_model_producer(f->model), "outboard " OB_VERSION);
  assert_non_null(ob_model_name(f->model));
  assert_int_equal(ob_function_input(function, 2, &info), OB_INVALID_ARGUMENT);
  assert_null(ob_model_function(f->model, "no such symbol"));
  assert_non_null(ob_model_symbol(f->model, 0));
  assert_null(ob_model_symbol(f->model, 1));
  assert_ptr_equal(ob_model_function(f->model, ob_model_symbol(f->model, 0)), ob_model_function(f->model, ob_model_symbol(f->model, 0)));
}

static void shapes_seen_before_are_not_bound_again(void **state) {
  fixture_t *f = *state;
  ob_context_t *second;
  assert_int_equal(ob_context_create(ob_model_function(f->model, NULL), NULL, &second), OB_OK);
  for (int round = 0; round < 3; round++)
    for (int64_t n = 1; n <= 5; n++) {
      int64_t dims[] = {n, 3};
      ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims), toy_tensor(numbers, 2, dims)}, output = {0};
      assert_int_equal(ob_context_run(round == 1 ? second : f->context, inputs, &output, NULL), OB_OK);
    }
  assert_int_equal(first.binds, 5);
  for (int64_t n = 1; n <= 300; n++) { /* the caches are bounded */
    int64_t dims[] = {n, 3};
    float *data = calloc((size_t)n * 3, 4);
    ob_tensor_t inputs[] = {toy_tensor(data, 2, dims), toy_tensor(data, 2, dims)}, output = {0};
    assert_int_equal(ob_context_run(f->context, inputs, &output, NULL), OB_OK);
    free(data);
  }
  assert_true(first.live < 200);
  ob_context_close(second);
}

/* Runs neg(a of n), neg(b of m), which are two regions. */
static void run_two(ob_context_t *context, int64_t n, int64_t m) {
  ob_tensor_t inputs[] = {toy_tensor(numbers, 1, &n), toy_tensor(numbers, 1, &m)}, outputs[2] = {0};
  assert_int_equal(ob_context_run(context, inputs, outputs, NULL), OB_OK);
  assert_int_equal(outputs[0].dims[0], n);
  assert_int_equal(outputs[1].dims[0], m);
}

static void regions_are_bound_for_their_own_symbols_only(void **state) {
  static const char *const n[] = {"n"}, *const m[] = {"m"};
  toy_model_t toy;
  ob_model_t *model;
  ob_context_t *context;
  (void)state;
  toy_begin(&toy);
  ob_value_t *a = toy_input(&toy, "a", 1, n), *b = toy_input(&toy, "b", 1, m), *first_output = toy_apply(&toy, "Neg", "p", a, NULL);
  assert_int_equal(ob_graph_add_output(toy.module->main, first_output), OB_OK);
  toy_finish(&toy, toy_apply(&toy, "Neg", "q", b, NULL));
  assert_int_equal(toy_load_model(&toy, "first", NULL, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_non_null(ob_model_symbol(model, 1));
  int before = first.binds;
  for (int64_t i = 1; i <= 8; i++)
    for (int64_t j = 1; j <= 8; j++) run_two(context, i, j); /* 64 plans of 16 instances */
  assert_int_equal(first.binds - before, 16);
  for (int64_t i = 9; i <= 64; i++) { /* far more shapes than are kept, but the first is wanted again and again */
    run_two(context, i, i);
    run_two(context, 1, 1);
  }
  assert_int_equal(first.binds - before, 16 + 2 * 56);
  ob_context_close(context);
  ob_model_close(model);
  toy_end(&toy);
}

static void calls_are_cancelled_and_stop_at_deadlines(void **state) {
  fixture_t *f = *state;
  int64_t dims[] = {2, 3};
  volatile int cancel = 1;
  ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims), toy_tensor(numbers, 2, dims)}, output = {0};
  ob_run_options_t options = {.struct_size = sizeof options, .cancel = &cancel};
  assert_int_equal(ob_context_run(f->context, inputs, &output, &options), OB_CANCELLED);
  cancel = 0;
  assert_int_equal(ob_context_run(f->context, inputs, &output, &options), OB_OK);
  options = (ob_run_options_t){.struct_size = sizeof options, .deadline_ns = 1};
  assert_int_equal(ob_context_run(f->context, inputs, &output, &options), OB_DEADLINE_EXCEEDED);
  options.deadline_ns = ob_now_ns() + UINT64_C(3600000000000);
  assert_int_equal(ob_context_run(f->context, inputs, &output, &options), OB_OK);
}

typedef struct traced {
  int calls;
  char symbol[64], engine[64];
} traced_t;

static void trace(void *user, const char *symbol, const char *engine, uint64_t nanoseconds) {
  traced_t *traced = user;
  (void)nanoseconds;
  traced->calls++;
  snprintf(traced->symbol, sizeof traced->symbol, "%s", symbol);
  snprintf(traced->engine, sizeof traced->engine, "%s", engine);
}

static void regions_are_traced(void **state) {
  fixture_t *f = *state;
  int64_t dims[] = {1, 3};
  traced_t traced = {0};
  ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims), toy_tensor(numbers, 2, dims)}, output = {0};
  ob_run_options_t options = {.struct_size = sizeof options, .trace = trace, .trace_user = &traced};
  assert_int_equal(ob_context_run(f->context, inputs, &output, &options), OB_OK);
  assert_int_equal(traced.calls, 1);
  assert_string_equal(traced.engine, "first");
  assert_string_equal(traced.symbol, ob_model_symbol(f->model, 0));
}

/* ---------------------------------------------------------------- threads */

static void *caller(void *arg) {
  fixture_t *f = arg;
  ob_context_t *context = NULL;
  intptr_t wrong = ob_context_create(ob_model_function(f->model, NULL), NULL, &context) != OB_OK;
  for (int64_t round = 0; round < 200 && !wrong; round++) {
    int64_t dims[] = {1 + round % 6, 3};
    float b[18];
    for (int i = 0; i < 18; i++) b[i] = (float)(round + i);
    ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims), toy_tensor(b, 2, dims)}, output = {0};
    wrong = ob_context_run(context, inputs, &output, NULL) != OB_OK;
    for (int i = 0; i < dims[0] * 3 && !wrong; i++) wrong = ((float *)output.data)[i] != -b[i];
  }
  ob_context_close(context);
  return (void *)wrong;
}

static void eight_threads_share_a_model(void **state) {
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, caller, *state), 0);
  for (int i = 0; i < 8; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
}

/* ---------------------------------------------------------------- memory */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern void *__libc_malloc(size_t size);
static atomic_long mallocs;
void *malloc(size_t size) {
  atomic_fetch_add(&mallocs, 1);
  return __libc_malloc(size);
}
static long malloc_count(void) { return mallocs; }
#else
static long malloc_count(void) { return 0; } /* sanitizers have a malloc of their own */
#endif

static void the_steady_state_allocates_nothing(void **state) {
  fixture_t *f = *state;
  ob_run_options_t options = {.struct_size = sizeof options, .deadline_ns = UINT64_MAX};
  ob_tensor_t output = {0};
  int64_t dims[2][2] = {{2, 3}, {4, 3}};
  long before = 0;
  for (int round = 0; round < 20; round++) {
    if (round == 4) before = malloc_count();
    ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims[round % 2]), toy_tensor(numbers, 2, dims[round % 2])};
    assert_int_equal(ob_context_run(f->context, inputs, &output, &options), OB_OK);
  }
  assert_int_equal(malloc_count() - before, 0);
  assert_true(ob_context_arena_bytes(f->context) > 0);
}

/* Fails the allocation number `left`, counted down. */
typedef struct failing {
  long left, live;
} failing_t;

static void *failing_allocate(void *self, size_t size, size_t alignment) {
  failing_t *failing = self;
  if (failing->left-- == 0) return NULL;
  failing->live++;
  return ob_allocator_default()->allocate(NULL, size, alignment);
}

static void failing_release(void *self, void *block) {
  if (block) ((failing_t *)self)->live--;
  ob_allocator_default()->release(NULL, block);
}

/* Opens, runs, saves and reports with an allocator that fails; true when all went well. */
static bool whole_life(const toy_model_t *toy, const ob_allocator_t *allocator) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = "first"};
  ob_options_t options = {.struct_size = sizeof options, .allocator = allocator, .threads = 1, .compile = &compile};
  int64_t dims[] = {2, 3};
  ob_tensor_t inputs[] = {toy_tensor(numbers, 2, dims), toy_tensor(numbers, 2, dims)}, output = {0};
  ob_model_t *model = NULL;
  ob_context_t *context = NULL;
  char *text = NULL;
  ob_status_t status = ob_model_open_memory(toy->bytes, toy->size, &options, &model);
  if (status == OB_OK) status = ob_context_create(ob_model_function(model, NULL), NULL, &context);
  if (status == OB_OK) status = ob_context_run(context, inputs, &output, NULL);
  if (status == OB_OK) status = ob_model_report(model, OB_REPORT_JSON, &text);
  if (status == OB_OK) status = ob_model_save(model, "build/run_test.ob");
  ob_release(text);
  ob_context_close(context);
  ob_model_close(model);
  if (status != OB_OK) assert_int_equal(status, OB_OUT_OF_MEMORY);
  return status == OB_OK;
}

static void every_allocation_may_fail(void **state) {
  fixture_t *f = *state;
  bool done = false;
  long n = 0;
  for (; n < 5000 && !done; n++) {
    failing_t failing = {.left = n};
    ob_allocator_t allocator = {failing_allocate, failing_release, &failing};
    done = whole_life(&f->toy, &allocator);
    assert_int_equal(failing.live, 0);
  }
  assert_true(done);
  assert_true(n > 50);
  remove("build/run_test.ob");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(results_come_in_the_contexts_memory_or_the_callers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_callers_buffer_may_be_an_input, set_up, tear_down),
      cmocka_unit_test_setup_teardown(strided_and_misaligned_inputs_are_copied, set_up, tear_down),
      cmocka_unit_test_setup_teardown(wrong_arguments_are_refused_with_words, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_function_describes_itself, set_up, tear_down),
      cmocka_unit_test_setup_teardown(shapes_seen_before_are_not_bound_again, set_up, tear_down),
      cmocka_unit_test_setup_teardown(regions_are_bound_for_their_own_symbols_only, set_up, tear_down),
      cmocka_unit_test_setup_teardown(calls_are_cancelled_and_stop_at_deadlines, set_up, tear_down),
      cmocka_unit_test_setup_teardown(regions_are_traced, set_up, tear_down),
      cmocka_unit_test_setup_teardown(eight_threads_share_a_model, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_steady_state_allocates_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
