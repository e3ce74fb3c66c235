/* Engines that are missing, of another ABI, or fail at open, compile, bind or run: what the user sees, and that the answer is right. */
#include "runtime/toy.h"

#include <stdio.h>

#include "runtime/model.h"

TOY(first)
TOY(second)

static toy_model_t toy;
static toy_log_t log_lines;

/* y = -x + x * 1, as two nodes for "first" alone and one for both. */
static int set_up(void **state) {
  static const char *const dims[] = {"n"};
  (void)state;
  first_reset();
  second_reset();
  log_lines = (toy_log_t){0};
  toy_begin(&toy);
  ob_value_t *x = toy_input(&toy, "x", 1, dims);
  ob_value_t *negative = toy_apply(&toy, "Neg", "negative", x, NULL);
  toy_finish(&toy, toy_apply(&toy, "Add", "y", negative, negative));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  assert_int_equal(first.live, 0);
  assert_int_equal(second.live, 0);
  return 0;
}

static ob_status_t run(ob_context_t *context) {
  static const int64_t dims[] = {3};
  float x[] = {1, 2, 3};
  ob_tensor_t input = toy_tensor(x, 1, dims), output = {0};
  ob_status_t status = ob_context_run(context, &input, &output, NULL);
  if (status == OB_OK)
    for (int i = 0; i < 3; i++) assert_true(((float *)output.data)[i] == -2 * x[i]);
  return status;
}

/* Opens with both engines, runs `runs` times, and expects right answers and `warnings` warnings. */
static void works(int runs, int warnings, const char *words) {
  ob_model_t *model;
  ob_context_t *context;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  for (int i = 0; i < runs; i++) assert_int_equal(run(context), OB_OK);
  ob_context_close(context);
  ob_model_close(model);
  assert_int_equal(log_lines.warnings, warnings);
  for (int i = 0; words && i < warnings; i++)
    if (!strstr(log_lines.lines[i], words)) fail_msg("'%s' lacks '%s'", log_lines.lines[i], words);
}

static void the_first_engine_has_it(void **state) {
  (void)state;
  works(2, 0, NULL);
  assert_int_equal(first.runs, 2);
  assert_int_equal(second.runs, 0);
}

static void failing_to_compile_moves_the_region(void **state) {
  (void)state;
  first.fails_compile = true;
  works(2, 1, "runs on engine 'second' instead of 'first': engine 'first': the toy does not compile today");
  assert_int_equal(second.runs, 2);
}

static void failing_to_bind_moves_the_region(void **state) {
  (void)state;
  first.fails_bind = true;
  works(2, 1, "the toy does not bind today");
  assert_int_equal(second.runs, 2);
}

static void failing_to_run_moves_the_region(void **state) {
  (void)state;
  first.runs_left = 2;
  works(5, 1, "the toy is broken");
  assert_int_equal(first.runs, 3);
  assert_int_equal(second.runs, 3);
}

static void contexts_follow_when_an_engine_is_replaced(void **state) {
  (void)state;
  ob_model_t *model;
  ob_context_t *contexts[2];
  first.runs_left = 2;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &contexts[i]), OB_OK);
  for (int i = 0; i < 6; i++) assert_int_equal(run(contexts[i % 2]), OB_OK);
  assert_int_equal(first.runs, 3);
  assert_int_equal(log_lines.warnings, 1);
  for (int i = 0; i < 2; i++) ob_context_close(contexts[i]);
  ob_model_close(model);
}

static void when_all_fail_the_first_reason_is_told(void **state) {
  (void)state;
  ob_model_t *model;
  ob_context_t *context;
  first.runs_left = 0;
  second.runs_left = 0;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(run(context), OB_ENGINE_ERROR);
  assert_message("the toy is broken");
  ob_context_close(context);
  ob_model_close(model);
  first.fails_compile = second.fails_compile = true;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_ENGINE_ERROR);
  assert_message("the toy does not compile today");
  assert_null(model);
}

static void an_engine_asked_for_must_open(void **state) {
  (void)state;
  ob_model_t *model;
  first.fails_open = true;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_ENGINE_ERROR);
  assert_message("engine 'first' does not open: the toy's library has gone");
  first.fails_open = false;
  first.abi = OB_ENGINE_ABI + 1;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_ENGINE_ERROR);
  assert_message("ABI 2, this Outboard has 1");
  assert_int_equal(toy_load_model(&toy, "nonesuch", &log_lines, &model), OB_NOT_FOUND);
  assert_message("engine 'nonesuch' is not installed");
  assert_int_equal(toy_load_model(&toy, "../evil", &log_lines, &model), OB_INVALID_ARGUMENT);
  assert_int_equal(toy_load_model(&toy, "second,second", &log_lines, &model), OB_INVALID_ARGUMENT);
}

static void nodes_that_nobody_takes_are_named(void **state) {
  (void)state;
  ob_model_t *model;
  first.only = ",Neg,";
  second.only = ",Neg,";
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_UNSUPPORTED);
  assert_message("Add: not among the toys");
}

static void light_nodes_stay_with_their_neighbours(void **state) {
  (void)state;
  first.only = ",Neg,";
  works(1, 0, NULL);
  assert_int_equal(first.runs, 0); /* a region of one Neg is not worth it */
  assert_int_equal(second.runs, 1);
}

/* ---------------------------------------------------------------- artifacts */

static const char artifact[] = "build/fallback_test.ob";

static void save_from(const char *engines) {
  ob_model_t *model;
  assert_int_equal(toy_load_model(&toy, engines, NULL, &model), OB_OK);
  assert_int_equal(ob_model_save(model, artifact), OB_OK);
  ob_model_close(model);
}

static ob_status_t open_artifact(const char *engines, ob_model_t **model) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines};
  ob_options_t options = {.struct_size = sizeof options, .log = toy_log, .log_user = &log_lines, .threads = 1, .compile = &compile};
  return ob_model_open(artifact, &options, model);
}

static void run_artifact(const char *engines) {
  ob_model_t *model;
  ob_context_t *context;
  assert_int_equal(open_artifact(engines, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(run(context), OB_OK);
  ob_context_close(context);
  ob_model_close(model);
}

static void an_artifact_whose_engine_is_missing_runs_elsewhere(void **state) {
  (void)state;
  save_from("first");
  assert_int_equal(ob_engine_register("first", NULL), OB_OK);
  run_artifact("first,second");
  assert_int_equal(log_lines.warnings, 1);
  assert_non_null(strstr(log_lines.lines[0], "instead of 'first': engine 'first' is not installed"));
  assert_int_equal(second.runs, 1);
  remove(artifact);
}

static void an_artifact_is_kept_to_the_engines_asked_for(void **state) {
  (void)state;
  save_from("first");
  run_artifact("second");
  assert_int_equal(first.runs, 0);
  assert_int_equal(second.runs, 1);
  remove(artifact);
}

static void blobs_are_loaded_unless_stale_or_damaged(void **state) {
  (void)state;
  first.saves = true;
  save_from("first");
  assert_int_equal(first.compiles, 1);
  run_artifact("first");
  assert_int_equal(first.loads, 1);
  assert_int_equal(first.compiles, 1);
  first.fingerprint = "toy 2"; /* another library version: the blob is not even shown */
  run_artifact("first");
  assert_int_equal(first.loads, 1);
  assert_int_equal(first.compiles, 2);
  assert_int_equal(log_lines.warnings, 1);
  assert_string_equal(log_lines.lines[0], "region 'first_0': what engine 'first' saved is of another version or machine ('toy 1', here 'toy 2'): built again");
  first.fingerprint = "toy 1";
  first.fails_load = true;
  run_artifact("first");
  assert_int_equal(first.loads, 1);
  assert_int_equal(first.compiles, 3);
  assert_int_equal(log_lines.warnings, 2);
  assert_string_equal(log_lines.lines[1], "region 'first_0': engine 'first' does not take its saved form (the blob is damaged), built again");
  remove(artifact);
}

/* What is wrong with a file is said with its name, and nothing is left behind. */
static void refuse_file(const char *bytes, size_t size, ob_status_t status, const char *words) {
  ob_model_t *model = (ob_model_t *)&toy;
  FILE *file = fopen(artifact, "wb");
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
  assert_int_equal(open_artifact("first", &model), status);
  assert_null(model);
  assert_message(artifact);
  assert_message(words);
}

static void damaged_and_foreign_files_are_told_apart(void **state) {
  static char bytes[65536];
  (void)state;
  save_from("first");
  FILE *file = fopen(artifact, "rb");
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  refuse_file("#!/bin/sh\necho no model\n", 24, OB_INVALID_MODEL, "is neither an ONNX model nor an Outboard artifact");
  refuse_file(bytes, 100, OB_INVALID_ARTIFACT, "in a file of 100 bytes: damaged, cut short, or not an artifact");
  refuse_file(bytes, size - 1, OB_INVALID_ARTIFACT, "damaged or cut short");
  char *version = memmem(bytes, size, "\"version\":\"1.", 13);
  assert_non_null(version);
  version[11] = '7';
  refuse_file(bytes, size, OB_UNSUPPORTED, "the artifact has format version 7.0, this is version 1.0: compile the model again with this version");
  version[11] = '1';
  char *name = memmem(bytes, size, "first_0", 7);
  assert_non_null(name);
  name[0] = 'F';
  refuse_file(bytes, size, OB_INVALID_ARTIFACT, "the graph is damaged: its SHA-256 differs; compile the model again");
  assert_int_equal(ob_model_open("build/no such file.ob", NULL, &(ob_model_t *){NULL}), OB_NOT_FOUND);
  assert_message("build/no such file.ob");
  remove(artifact);
}

static void the_report_says_why_a_region_moved(void **state) {
  ob_model_t *model;
  char *text;
  (void)state;
  first.fails_compile = true;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_OK);
  assert_int_equal(ob_model_report(model, OB_REPORT_TEXT, &text), OB_OK);
  if (!strstr(text, "the toy does not compile today")) fail_msg("%s", text);
  ob_release(text);
  ob_model_close(model);
}

/* Opens the artifact, runs it, and looks for the reason in both reports. */
static void report_has(const char *words) {
  ob_model_t *model;
  ob_context_t *context;
  char *text;
  assert_int_equal(open_artifact("first,second", &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(run(context), OB_OK);
  for (int form = OB_REPORT_TEXT; form <= OB_REPORT_JSON; form++) {
    assert_int_equal(ob_model_report(model, (ob_report_t)form, &text), OB_OK);
    for (char *c = text; *c; c++) /* lines are wrapped */
      if (*c == '\n') memmove(c + 1, c + 1 + strspn(c + 1, " "), strlen(c + 1 + strspn(c + 1, " ")) + 1), *c = ' ';
    if (!strstr(text, words)) fail_msg("no '%s' in %s", words, text);
    ob_release(text);
  }
  ob_context_close(context);
  ob_model_close(model);
}

static void reports_of_artifacts_say_why_a_region_moved(void **state) {
  (void)state;
  save_from("first");
  first.fails_compile = true;
  report_has("engine 'first': the toy does not compile today");
  first.fails_compile = false;
  first.runs_left = 0;
  report_has("engine 'first': the toy is broken");
  assert_int_equal(ob_engine_register("first", NULL), OB_OK);
  report_has("engine 'first' is not installed");
  remove(artifact);
}

/* An engine that does not open, or is of another ABI, by the time an artifact is loaded. */
static void engines_that_went_bad_since_are_replaced(void **state) {
  (void)state;
  save_from("first");
  first.fails_open = true;
  run_artifact(NULL);
  assert_non_null(strstr(log_lines.lines[0], "instead of 'first': engine 'first' does not open: the toy's library has gone"));
  first.fails_open = false;
  first.abi = OB_ENGINE_ABI + 1;
  run_artifact(NULL);
  assert_non_null(strstr(log_lines.lines[1], "engine 'first' has ABI 2, this Outboard has 1: build it again against its headers"));
  first.abi = OB_ENGINE_ABI;
  first.fails_bind = true;
  run_artifact("first,second");
  assert_non_null(strstr(log_lines.lines[2], "the toy does not bind today"));
  assert_int_equal(log_lines.warnings, 3);
  remove(artifact);
}

static void count_result(void *user, const ob_verify_result_t *result) {
  (void)result;
  ++*(int *)user;
}

/* Verification finds the engine out; the region goes on, is right, and stays there when the model is saved and opened again. */
static void a_wrong_engine_loses_its_region(void **state) {
  (void)state;
  static const int64_t dims[] = {3};
  float x[] = {1, 2, 3};
  const ob_tensor_t input = toy_tensor(x, 1, dims);
  ob_model_t *model;
  ob_context_t *context;
  int replaced = 0;
  char *text;
  first.wrong = true;
  assert_int_equal(toy_load_model(&toy, "first,second,ref", &log_lines, &model), OB_OK);
  assert_int_equal(ob_model_repair(model, &input, count_result, &replaced), OB_OK);
  assert_int_equal(replaced, 1);
  assert_int_equal(log_lines.warnings, 1);
  assert_non_null(strstr(log_lines.lines[0], "runs on engine 'second' instead of 'first': 'y' is wrong on engine 'first': 3 of 3 elements"));
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(run(context), OB_OK);
  ob_context_close(context);
  assert_int_equal(ob_model_report(model, OB_REPORT_TEXT, &text), OB_OK);
  assert_non_null(strstr(text, "second"));
  ob_release(text);
  replaced = 0;
  assert_int_equal(ob_model_repair(model, &input, count_result, &replaced), OB_OK);
  assert_int_equal(replaced, 0);
  ob_model_close(model);
}

static void nobody_is_left_for_a_wrong_region(void **state) {
  (void)state;
  static const int64_t dims[] = {3};
  float x[] = {1, 2, 3};
  const ob_tensor_t input = toy_tensor(x, 1, dims);
  ob_model_t *model;
  first.wrong = second.wrong = true;
  assert_int_equal(toy_load_model(&toy, "first,second", &log_lines, &model), OB_OK);
  assert_int_equal(ob_model_repair(model, &input, NULL, NULL), OB_ENGINE_ERROR);
  assert_non_null(strstr(ob_error_message(), "no other engine takes it"));
  ob_model_close(model);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_wrong_engine_loses_its_region),
      TEST(nobody_is_left_for_a_wrong_region),
      TEST(the_first_engine_has_it),
      TEST(failing_to_compile_moves_the_region),
      TEST(failing_to_bind_moves_the_region),
      TEST(failing_to_run_moves_the_region),
      TEST(contexts_follow_when_an_engine_is_replaced),
      TEST(when_all_fail_the_first_reason_is_told),
      TEST(an_engine_asked_for_must_open),
      TEST(nodes_that_nobody_takes_are_named),
      TEST(light_nodes_stay_with_their_neighbours),
      TEST(an_artifact_whose_engine_is_missing_runs_elsewhere),
      TEST(an_artifact_is_kept_to_the_engines_asked_for),
      TEST(blobs_are_loaded_unless_stale_or_damaged),
      TEST(damaged_and_foreign_files_are_told_apart),
      TEST(the_report_says_why_a_region_moved),
      TEST(reports_of_artifacts_say_why_a_region_moved),
      TEST(engines_that_went_bad_since_are_replaced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
