/* Engines that hand whole regions to a library, behind the whole of Outboard: answers, blobs, threads, shapes, a library that is not there.
 * Tests of a library that is not installed are skipped, but not in CI. */
#include "runtime/toy.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "artifact/artifact.h"
#include "runtime/model.h"

/* TSan sees no locks of either library. OpenVINO loads its parts with RTLD_DEEPBIND, which ends a program with ASan. */
#if defined(__SANITIZE_THREAD__)
#define SANITIZED(name) true
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED(name) (strcmp((name), "openvino") == 0)
#else
#define SANITIZED(name) false
#endif

enum { THREADS = 4, ROUNDS = 12, LARGEST = 5, ROW = 3 * 8 * 8, RESULT = 16 };

typedef struct library {
  const char *engine, *engines, *variable;
  bool saves;
} library_t;

static const library_t libraries[] = {{"openvino", "openvino,ref", "OUTBOARD_OPENVINO", true}, {"onnxruntime", "onnxruntime,ref", "OUTBOARD_ONNXRUNTIME", false}};

static toy_model_t toy;
static toy_log_t log_lines;
static float numbers[LARGEST * ROW];
static char file[64], again[64];

/* y = Softmax(pool(relu(conv(x)))) reshaped to [n, 16], with n not known. */
static void build(void) {
  static const char *const dims[] = {"n", "3", "8", "8"};
  static const int64_t filter_dims[] = {RESULT, 3, 3, 3}, shape_dims[] = {2};
  static const int64_t shape[] = {0, RESULT};
  static float filter[RESULT * 27];
  toy_begin(&toy);
  for (size_t i = 0; i < sizeof filter / sizeof *filter; i++) filter[i] = (float)((int)(i % 7) - 3) / 7;
  ob_value_t *x = toy_input(&toy, "x", 4, dims), *w = toy_weight(&toy, "w", 4, filter_dims, filter, sizeof filter);
  ob_value_t *relu = toy_apply(&toy, "Relu", "relu", toy_apply(&toy, "Conv", "conv", x, w), NULL);
  ob_value_t *pool = toy_apply(&toy, "GlobalAveragePool", "pool", relu, NULL);
  const ob_constant_t *constant;
  ob_value_t *to;
  assert_int_equal(ob_constant_create(toy.module, "to", OB_INT64, 1, shape_dims, shape, sizeof shape, &constant), OB_OK);
  assert_int_equal(ob_value_from_constant(toy.module->main, constant, &to), OB_OK);
  toy_finish(&toy, toy_apply(&toy, "Softmax", "y", toy_apply(&toy, "Reshape", "flat", pool, to), NULL));
}

static bool is_here(const library_t *library) {
  ob_opened_t *opened;
  if (SANITIZED(library->engine)) {
    print_message("%s is not tested under this sanitizer: its library does not go with it\n", library->engine);
    return false;
  }
  if (ob_engine_acquire(library->engine, NULL, 1, &opened) == OB_OK) {
    ob_engine_release(opened);
    return true;
  }
  print_message("%s is not tested: %s\n", library->engine, ob_error_message());
  if (getenv("CI")) fail_msg("in CI its library must be there");
  return false;
}

static int set_up(void **state) {
  (void)state;
  log_lines = (toy_log_t){0};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) numbers[i] = (float)((i * 7) % 13) / 13;
  snprintf(file, sizeof file, "build/whole_test_%ld.ob", (long)getpid());
  snprintf(again, sizeof again, "build/whole_test_%ld_again.ob", (long)getpid());
  build();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  remove(file);
  remove(again);
  return 0;
}

/* Calls the test for each library that is here; skips when none is. */
static void for_each(void (*test)(const library_t *library)) {
  int count = 0;
  for (size_t l = 0; l < sizeof libraries / sizeof *libraries; l++) {
    if (!is_here(&libraries[l])) continue;
    test(&libraries[l]);
    count++;
  }
  if (count == 0) skip();
}

/* ---------------------------------------------------------------- running */

static ob_status_t run(ob_context_t *context, int64_t n, float *y) {
  int64_t dims[] = {n, 3, 8, 8};
  ob_tensor_t input = toy_tensor(numbers, 4, dims), output[1] = {0};
  ob_status_t status = ob_context_run(context, &input, output, NULL);
  if (status == OB_OK) memcpy(y, output[0].data, (size_t)n * RESULT * sizeof *y);
  return status;
}

static void run_model(const ob_model_t *model, int64_t n, float *y) {
  ob_context_t *context;
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  if (run(context, n, y) != OB_OK) fail_msg("%s", ob_error_message());
  ob_context_close(context);
}

static void expect(int64_t n, float *y) {
  ob_model_t *model;
  assert_int_equal(toy_load_model(&toy, "ref", NULL, &model), OB_OK);
  run_model(model, n, y);
  ob_model_close(model);
}

static void assert_near(const float *y, const float *want, int64_t n) {
  for (int64_t i = 0; i < n * RESULT; i++)
    if (!(y[i] - want[i] < 1e-5f && want[i] - y[i] < 1e-5f)) fail_msg("element %lld: %g, not %g", (long long)i, (double)y[i], (double)want[i]);
}

static void open_file(const char *path, uint32_t threads, ob_model_t **model) {
  ob_options_t options = {.struct_size = sizeof options, .log = toy_log, .log_user = &log_lines, .threads = threads};
  if (ob_model_open(path, &options, model) != OB_OK) fail_msg("%s", ob_error_message());
}

static void save(const library_t *library) {
  ob_model_t *model;
  if (toy_load_model(&toy, library->engines, NULL, &model) != OB_OK) fail_msg("%s", ob_error_message());
  assert_string_equal(model->module->regions.items[0]->engine, library->engine);
  assert_int_equal(model->module->regions.count, 1);
  assert_int_equal(ob_model_save(model, file), OB_OK);
  ob_model_close(model);
}

static const ob_backend_t *first_backend(const ob_model_t *model) { return atomic_load(&model->units[0]->backend); }

/* ---------------------------------------------------------------- tests */

static void compare_with_ref(const library_t *library) {
  float y[LARGEST * RESULT], want[LARGEST * RESULT];
  ob_model_t *model;
  save(library);
  for (uint32_t threads = 1; threads <= 2; threads++) {
    open_file(file, threads, &model);
    for (int64_t n = LARGEST; n > 0; n -= 2) {
      expect(n, want);
      run_model(model, n, y);
      assert_near(y, want, n);
    }
    assert_int_equal(first_backend(model)->from_blob, library->saves);
    assert_string_equal(first_backend(model)->engine->name, library->engine);
    ob_model_close(model);
  }
  assert_int_equal(log_lines.warnings, 0);
}

static void answers_are_those_of_ref(void **state) {
  (void)state;
  for_each(compare_with_ref);
}

static void run_empty(const library_t *library) {
  float y[1];
  ob_model_t *model;
  log_lines = (toy_log_t){0};
  save(library);
  open_file(file, 1, &model);
  run_model(model, 0, y);
  assert_non_null(strstr(log_lines.lines[0], "is empty"));
  ob_model_close(model);
}

static void empty_tensors_go_elsewhere(void **state) {
  (void)state;
  for_each(run_empty);
}

/* ---------------------------------------------------------------- many callers */

typedef struct crowd {
  const ob_model_t *model;
  float want[LARGEST + 1][LARGEST * RESULT];
} crowd_t;

static void *caller(void *arg) {
  const crowd_t *crowd = arg;
  ob_context_t *context;
  float y[LARGEST * RESULT];
  bool right = ob_context_create(ob_model_function(crowd->model, NULL), NULL, &context) == OB_OK;
  for (int round = 0; right && round < ROUNDS; round++) {
    int64_t n = 1 + (round * 3 + (intptr_t)context / 64) % LARGEST;
    right = run(context, n, y) == OB_OK;
    for (int64_t i = 0; right && i < n * RESULT; i++) right = y[i] - crowd->want[n][i] < 1e-5f && crowd->want[n][i] - y[i] < 1e-5f;
  }
  ob_context_close(context);
  return right ? NULL : arg;
}

static crowd_t crowd;

static void let_run(const library_t *library) {
  pthread_t threads[THREADS];
  ob_model_t *model;
  save(library);
  open_file(file, 1, &model);
  crowd.model = model;
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, caller, &crowd), 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
  ob_model_close(model);
}

static void many_threads_share_a_model(void **state) {
  (void)state;
  for (int64_t n = 1; n <= LARGEST; n++) expect(n, crowd.want[n]);
  for_each(let_run);
}

/* ---------------------------------------------------------------- blobs */

static char scratch[1 << 22];

static void flip_blob(ob_region_t *region) {
  assert_true(region->blob_bytes <= sizeof scratch);
  memcpy(scratch, region->blob, region->blob_bytes);
  for (size_t i = region->blob_bytes / 2; i < region->blob_bytes; i += 97) scratch[i] = (char)~scratch[i];
  region->blob = scratch;
}

static void cut_blob(ob_region_t *region) { region->blob_bytes /= 2; }

static void age_blob(ob_region_t *region) { region->fingerprint = "OpenVINO of another machine"; }

/* Changes what the artifact holds, and saves it under another name. */
static void tamper(void (*change)(ob_region_t *region)) {
  ob_model_t *model;
  open_file(file, 1, &model);
  change(model->module->regions.items[0]);
  assert_int_equal(ob_artifact_write(model->module, again, model->allocator), OB_OK);
  ob_model_close(model);
}

static void try_bad_blobs(const library_t *library) {
  static void (*const changes[])(ob_region_t *) = {flip_blob, cut_blob, age_blob};
  float y[2 * RESULT], want[2 * RESULT];
  if (!library->saves) return;
  expect(2, want);
  save(library);
  for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
    ob_model_t *model;
    tamper(changes[c]);
    log_lines = (toy_log_t){0};
    open_file(again, 1, &model);
    run_model(model, 2, y);
    assert_near(y, want, 2);
    assert_string_equal(first_backend(model)->engine->name, library->engine);
    assert_false(first_backend(model)->from_blob);
    ob_model_close(model);
    if (!strstr(log_lines.lines[0], "built again")) fail_msg("change %zu: '%s'", c, log_lines.lines[0]);
  }
}

static void bad_blobs_are_built_again(void **state) {
  (void)state;
  for_each(try_bad_blobs);
}

/* ---------------------------------------------------------------- without the library */

/* What was compiled for it runs on. */
static void run_without(const library_t *library) {
  float y[RESULT], want[RESULT];
  ob_model_t *model;
  expect(1, want);
  open_file(file, 1, &model);
  run_model(model, 1, y);
  assert_near(y, want, 1);
  assert_non_null(strstr(log_lines.lines[0], library->variable));
  ob_model_close(model);
  log_lines = (toy_log_t){0};
}

static void a_missing_library_is_said(void **state) {
  (void)state;
  for (size_t l = 0; l < sizeof libraries / sizeof *libraries; l++) {
    const library_t *library = &libraries[l];
    ob_opened_t *opened;
    char before[4096] = "";
    bool here = is_here(library);
    if (here) save(library);
    if (getenv(library->variable)) snprintf(before, sizeof before, "%s", getenv(library->variable));
    setenv(library->variable, "/nowhere/lib.so", 1);
    assert_int_equal(ob_engine_acquire(library->engine, NULL, 1, &opened), OB_ENGINE_ERROR);
    assert_non_null(strstr(ob_error_message(), library->variable));
    assert_non_null(strstr(ob_error_message(), "/nowhere/lib.so"));
    if (here) run_without(library);
    if (*before) setenv(library->variable, before, 1);
    else unsetenv(library->variable);
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(answers_are_those_of_ref), TEST(empty_tensors_go_elsewhere), TEST(many_threads_share_a_model),
      TEST(bad_blobs_are_built_again), TEST(a_missing_library_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
