/* The runtime with the engines that were built: the same bytes again, regions called one by one, blobs that are not to be trusted. */
#include "runtime/toy.h"

#include <stdio.h>

#include "artifact/artifact.h"
#include "base/file.h"
#include "runtime/model.h"

static const char file[] = "build/real_test.ob", again[] = "build/real_test_again.ob";
static const char *const lists[] = {"ref", "cpu,ref", "onednn,cpu,ref"};
static toy_model_t toy;
static toy_log_t log_lines;

static int set_up(void **state) {
  (void)state;
  log_lines = (toy_log_t){0};
  toy_layers(&toy);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  remove(file);
  remove(again);
  return 0;
}

/* Compiles and saves; false when an engine is not there. */
static bool save(const char *engines) {
  ob_model_t *model;
  if (toy_load_model(&toy, engines, NULL, &model) != OB_OK) {
    print_message("without %s: %s\n", engines, ob_error_message());
    return false;
  }
  assert_int_equal(ob_model_save(model, file), OB_OK);
  ob_model_close(model);
  return true;
}

static void open_file(ob_model_t **model) {
  ob_options_t options = {.struct_size = sizeof options, .log = toy_log, .log_user = &log_lines, .threads = 1};
  if (ob_model_open(file, &options, model) != OB_OK) fail_msg("%s", ob_error_message());
}

static float numbers[2 * 192];

static void run(ob_model_t *model, float *y) {
  int64_t dims[] = {2, 3, 8, 8};
  ob_context_t *context;
  ob_tensor_t input = toy_tensor(numbers, 4, dims), outputs[2] = {0};
  for (size_t i = 0; i < 2 * 192; i++) numbers[i] = (float)(i % 13) / 13;
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  if (ob_context_run(context, &input, outputs, NULL) != OB_OK) fail_msg("%s", ob_error_message());
  assert_int_equal(outputs[0].bytes, 2 * 16 * sizeof *y);
  memcpy(y, outputs[0].data, outputs[0].bytes);
  ob_context_close(context);
}

static void saving_after_loading_gives_the_same_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    ob_model_t *model;
    ob_mapping_t a, b;
    float y[32];
    if (!save(lists[i])) continue;
    open_file(&model);
    run(model, y); /* which binds, and leaves no trace */
    assert_int_equal(ob_model_save(model, again), OB_OK);
    ob_model_close(model);
    assert_int_equal(ob_mapping_open(file, &a), OB_OK);
    assert_int_equal(ob_mapping_open(again, &b), OB_OK);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    ob_mapping_close(&a);
    ob_mapping_close(&b);
    assert_int_equal(log_lines.warnings, 0);
  }
}

/* ---------------------------------------------------------------- regions */

/* What the regions are to give, by the names of values: seen while the whole model runs. */
static void call_region(const ob_model_t *model, const char *symbol) {
  const ob_function_t *function = ob_model_function(model, symbol);
  ob_context_t *context;
  ob_value_info_t info;
  int64_t dims[4];
  ob_tensor_t output[2] = {0};
  assert_non_null(function);
  assert_int_equal(ob_function_input_count(function), 1);
  assert_int_equal(ob_function_input(function, 0, &info), OB_OK);
  assert_in_range(info.rank, 1, 4);
  for (int32_t i = 0; i < info.rank; i++) dims[i] = info.dims[i] == OB_DYNAMIC ? 2 : info.dims[i];
  ob_tensor_t input = toy_tensor(numbers, info.rank, dims);
  assert_int_equal(ob_context_create(function, NULL, &context), OB_OK);
  if (ob_context_run(context, &input, output, NULL) != OB_OK) fail_msg("%s: %s", symbol, ob_error_message());
  assert_int_equal(ob_function_output(function, 0, &info), OB_OK);
  assert_int_equal(output[0].rank, info.rank);
  assert_int_equal(output[0].dtype, info.dtype);
  assert_true(output[0].bytes > 0);
  ob_context_close(context);
}

static void each_region_is_a_function(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    ob_model_t *model;
    size_t count = 0;
    if (!save(lists[i])) continue;
    open_file(&model);
    for (const char *symbol; (symbol = ob_model_symbol(model, count)) != NULL; count++) call_region(model, symbol);
    assert_true(count >= 2);
    ob_model_close(model);
  }
}

/* ---------------------------------------------------------------- blobs */

/* Changes what the artifact holds for each region, and saves it under the same name. */
static void tamper(void (*change)(ob_region_t *region)) {
  ob_model_t *model;
  open_file(&model);
  for (size_t i = 0; i < model->module->regions.count; i++) change(model->module->regions.items[i]);
  assert_int_equal(ob_artifact_write(model->module, again, model->allocator), OB_OK);
  ob_model_close(model);
  assert_int_equal(rename(again, file), 0);
}

static char scratch[1 << 20];

static void flip_blob(ob_region_t *region) {
  if (!region->blob || region->blob_bytes > sizeof scratch) return;
  memcpy(scratch, region->blob, region->blob_bytes);
  for (size_t i = 0; i < region->blob_bytes; i += 3) scratch[i] = (char)~scratch[i];
  region->blob = scratch;
}

static void cut_blob(ob_region_t *region) {
  if (region->blob) region->blob_bytes /= 2;
}

static void age_blob(ob_region_t *region) {
  if (region->fingerprint) region->fingerprint = "another version";
}

static void blobs_of_engines_are_not_trusted(void **state) {
  static void (*const changes[])(ob_region_t *) = {flip_blob, cut_blob, age_blob};
  float want[32], y[32];
  (void)state;
  for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
    ob_model_t *model;
    if (!save("onednn,cpu,ref")) return;
    open_file(&model);
    run(model, want);
    bool saves = model->module->regions.items[0]->blob != NULL;
    ob_model_close(model);
    assert_int_equal(log_lines.warnings, 0);
    tamper(changes[c]);
    log_lines.warnings = 0;
    open_file(&model);
    run(model, y);
    ob_model_close(model);
    assert_memory_equal(y, want, sizeof y);
    if (saves && !strstr(log_lines.lines[0], "built again")) fail_msg("change %zu: '%s'", c, log_lines.lines[0]);
    log_lines = (toy_log_t){0};
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(saving_after_loading_gives_the_same_bytes),
      TEST(each_region_is_a_function),
      TEST(blobs_of_engines_are_not_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
