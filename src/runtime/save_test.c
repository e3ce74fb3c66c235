/* Saving: constants in the form that their users want, the same bytes again, portable artifacts, and reports. */
#include "runtime/toy.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "runtime/layout.h"
#include "runtime/model.h"

TOY(first)
TOY(second)
TOY(ref)

static const char file[] = "build/save_test.ob", again[] = "build/save_test_again.ob";
static const int64_t weight_dims[] = {64, 32};
static float weight[64 * 32];
static toy_model_t toy;
static toy_log_t log_lines;

/* y = x * weight: the weight is of interest. `twice`: it is also added, in plain form. */
static void build(bool twice) {
  static const char *const dims[] = {"64", "32"};
  toy_begin(&toy);
  for (int i = 0; i < 64 * 32; i++) weight[i] = (float)(i % 97) - 40;
  ob_value_t *x = toy_input(&toy, "x", 2, dims), *w = toy_weight(&toy, "weight", 2, weight_dims, weight, sizeof weight);
  ob_value_t *y = toy_apply(&toy, "Mul", "product", x, w);
  toy_finish(&toy, twice ? toy_apply(&toy, "Add", "y <b>\"&", y, w) : y);
}

static int set_up(void **state) {
  (void)state;
  first_reset();
  second_reset();
  ref_reset();
  ref.flags = OB_ENGINE_LAST_RESORT;
  log_lines = (toy_log_t){0};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  assert_int_equal(first.live + second.live + ref.live, 0);
  remove(file);
  remove(again);
  return 0;
}

static size_t file_size(const char *path) {
  ob_mapping_t mapping;
  assert_int_equal(ob_mapping_open(path, &mapping), OB_OK);
  size_t size = mapping.size;
  ob_mapping_close(&mapping);
  return size;
}

static void assert_same_files(void) {
  ob_mapping_t a, b;
  assert_int_equal(ob_mapping_open(file, &a), OB_OK);
  assert_int_equal(ob_mapping_open(again, &b), OB_OK);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
  ob_mapping_close(&a);
  ob_mapping_close(&b);
}

static void check_result(ob_model_t *model, bool twice) {
  float x[64 * 32];
  ob_context_t *context;
  ob_tensor_t output = {0}, input = toy_tensor(x, 2, weight_dims);
  for (int i = 0; i < 64 * 32; i++) x[i] = (float)(i % 7);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_OK);
  for (int i = 0; i < 64 * 32; i++) assert_true(((float *)output.data)[i] == x[i] * weight[i] + (twice ? weight[i] : 0));
  ob_context_close(context);
}

static void save_onnx(const char *engines, bool portable, bool twice) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines, .portable = portable};
  ob_options_t options = {.struct_size = sizeof options, .threads = 1, .compile = &compile};
  ob_model_t *model;
  assert_int_equal(ob_model_open_memory(toy.bytes, toy.size, &options, &model), OB_OK);
  check_result(model, twice);
  assert_int_equal(ob_model_save(model, file), OB_OK);
  check_result(model, twice); /* saving changes nothing */
  ob_model_close(model);
}

/* Loads the file with engines, checks the result, saves it again. */
static void load_and_save(const char *engines, bool twice) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines};
  ob_options_t options = {.struct_size = sizeof options, .log = toy_log, .log_user = &log_lines, .threads = 1, .compile = &compile};
  ob_model_t *model;
  assert_int_equal(ob_model_open(file, &options, &model), OB_OK);
  check_result(model, twice);
  assert_int_equal(ob_model_save(model, again), OB_OK);
  ob_model_close(model);
}

static void a_packed_constant_replaces_the_plain_one(void **state) {
  (void)state;
  first.packs = true;
  build(false);
  save_onnx("first", false, false);
  assert_true(file_size(file) > sizeof weight);
  assert_true(file_size(file) < 2 * sizeof weight);
  load_and_save("first", false);
  assert_same_files();
  load_and_save("second", false); /* wants it plain: unpacked, and the file stays as it was */
  assert_int_equal(second.runs, 1);
  assert_same_files();
}

static void a_constant_that_is_also_read_plain_stays_plain(void **state) {
  (void)state;
  first.packs = true;
  build(true);
  save_onnx("first", false, true);
  assert_true(file_size(file) > 2 * sizeof weight);
  load_and_save("first", true);
  assert_same_files();
  load_and_save("second", true);
}

static void portable_artifacts_hold_plain_constants_only(void **state) {
  (void)state;
  first.packs = first.keeps_data = first.saves = true;
  build(false);
  save_onnx("first", true, false);
  assert_true(file_size(file) < 2 * sizeof weight);
  first.packs = false;
  load_and_save("second", false);
}

static void data_of_engines_is_kept(void **state) {
  (void)state;
  first.keeps_data = true;
  build(false);
  save_onnx("first", false, false);
  assert_int_equal(first.fills, 1);
  load_and_save("first", false);
  assert_int_equal(first.fills, 1); /* found in the artifact */
  assert_same_files();
  first.fingerprint = "toy 2";
  load_and_save("first", false);
  assert_int_equal(first.fills, 2); /* made by another version: not used */
}

static void a_file_that_shrinks_is_an_error(void **state) {
  (void)state;
  float x[64 * 32] = {0};
  ob_model_t *model;
  ob_context_t *context;
  ob_tensor_t output = {0}, input = toy_tensor(x, 2, weight_dims);
  ob_options_t options = {.struct_size = sizeof options, .threads = 1};
  build(false);
  save_onnx("first", false, false);
  assert_true(file_size(file) > 2 * 4096);
  assert_int_equal(ob_model_open(file, &options, &model), OB_OK);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_OK);
  assert_int_equal(truncate(file, 4096), 0);
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_IO_ERROR);
  assert_message("became shorter");
  ob_context_close(context);
  ob_model_close(model);
}

/* ---------------------------------------------------------------- verification and reports */

static double worst;
static char worst_engine[64];
static void take_result(void *user, const ob_verify_result_t *result) {
  (*(int *)user)++;
  if (result->max_abs < worst) return;
  worst = result->max_abs;
  snprintf(worst_engine, sizeof worst_engine, "%s", result->engine);
}

static int verify(void) {
  float x[64 * 32] = {1, 2, 3};
  ob_model_t *model;
  int regions = 0;
  ob_tensor_t input = toy_tensor(x, 2, weight_dims);
  assert_int_equal(toy_load_model(&toy, "first,second", NULL, &model), OB_OK);
  worst = 0;
  assert_int_equal(ob_model_verify(model, &input, take_result, &regions), OB_OK);
  ob_model_close(model);
  return regions;
}

static void verification_finds_the_wrong_engine(void **state) {
  (void)state;
  build(true);
  first.packs = true;
  assert_int_equal(verify(), 1);
  assert_true(worst == 0);
  first.wrong = true;
  assert_int_equal(verify(), 1);
  assert_true(worst > 0.5);
  assert_string_equal(worst_engine, "first");
  assert_int_equal(ref.runs, 2);
}

static void reports_name_everything_and_escape_it(void **state) {
  (void)state;
  ob_model_t *model;
  char *text;
  build(true);
  first.only = ",Mul,";
  assert_int_equal(toy_load_model(&toy, "first,second", NULL, &model), OB_OK);
  assert_int_equal(ob_model_report(model, OB_REPORT_TEXT, &text), OB_OK);
  assert_non_null(strstr(text, "float32[64, 32]"));
  assert_non_null(strstr(text, "not first: Add: not among the toys"));
  assert_non_null(strstr(text, "planned arena"));
  for (const char *line = text; *line; line += strcspn(line, "\n") + 1) assert_true(strcspn(line, "\n") <= 100);
  ob_release(text);
  assert_int_equal(ob_model_report(model, OB_REPORT_JSON, &text), OB_OK);
  json_t *json = json_loads(text, 0, NULL);
  assert_int_equal(json_integer_value(json_object_get(json, "node_count")), 2);
  assert_int_equal(json_array_size(json_object_get(json, "regions")), 1);
  assert_int_equal(json_integer_value(json_object_get(json_object_get(json_object_get(json, "engines"), "second"), "Mul")), 1);
  json_decref(json);
  ob_release(text);
  assert_int_equal(ob_model_report(model, OB_REPORT_DOT, &text), OB_OK);
  assert_null(strstr(text, "<b>\"&"));
  ob_release(text);
  assert_int_equal(ob_model_report(model, OB_REPORT_HTML, &text), OB_OK);
  assert_null(strstr(text, "<b>"));
  assert_non_null(strstr(text, "&#60;b&#62;"));
  assert_null(strstr(text, "http"));
  ob_release(text);
  assert_int_equal(ob_model_report(model, (ob_report_t)17, &text), OB_INVALID_ARGUMENT);
  ob_model_close(model);
}

/* ---------------------------------------------------------------- dims */

static void dims_are_fixed_and_bounded(void **state) {
  (void)state;
  static const char *const names[] = {"batch", "seq"};
  const char *const dims[] = {"batch=2", "seq=1:8,typical=4", NULL}, *const bad[] = {"nope=1", NULL}, *const worse[] = {"seq=8:1", NULL};
  float x[64] = {0};
  int64_t shape[] = {2, 9};
  ob_value_info_t info;
  ob_model_t *model;
  ob_context_t *context;
  toy_begin(&toy);
  toy_finish(&toy, toy_apply(&toy, "Neg", "y", toy_input(&toy, "x", 2, names), NULL));
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = "first", .dims = dims};
  ob_options_t options = {.struct_size = sizeof options, .threads = 1, .compile = &compile};
  assert_int_equal(ob_model_open_memory(toy.bytes, toy.size, &options, &model), OB_OK);
  assert_int_equal(ob_function_output(ob_model_function(model, NULL), 0, &info), OB_OK);
  assert_int_equal(info.dims[0], 2);
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  ob_tensor_t input = toy_tensor(x, 2, shape), output = {0};
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_INVALID_ARGUMENT);
  assert_message("'x' axis 1 ('seq') must be 1 to 8, found 9");
  shape[0] = 3, shape[1] = 8;
  input = toy_tensor(x, 2, shape);
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_INVALID_ARGUMENT);
  assert_message("'x' axis 0 must be 2, found 3");
  shape[0] = 2;
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_OK);
  ob_context_close(context);
  ob_model_close(model);
  compile.dims = bad;
  assert_int_equal(ob_model_open_memory(toy.bytes, toy.size, &options, &model), OB_INVALID_ARGUMENT);
  assert_message("no dim called 'nope'; it has batch, seq");
  compile.dims = worse;
  assert_int_equal(ob_model_open_memory(toy.bytes, toy.size, &options, &model), OB_INVALID_ARGUMENT);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_packed_constant_replaces_the_plain_one),
      TEST(a_constant_that_is_also_read_plain_stays_plain),
      TEST(portable_artifacts_hold_plain_constants_only),
      TEST(data_of_engines_is_kept),
      TEST(a_file_that_shrinks_is_an_error),
      TEST(verification_finds_the_wrong_engine),
      TEST(reports_name_everything_and_escape_it),
      TEST(dims_are_fixed_and_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
