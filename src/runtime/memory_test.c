/* Memory with the real engines: every allocation may fail, at compile time, at load and in a call; calls in the steady state make none; no
 * weight is copied. Engines that were not built are left out. */
#include "runtime/toy.h"

#include <stdio.h>
#include <unistd.h>

#include "runtime/model.h"

static const char artifact[] = "build/memory_test.ob";
static toy_model_t toy;

static int set_up(void **state) {
  (void)state;
  toy_layers(&toy);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  toy_end(&toy);
  remove(artifact);
  return 0;
}

static ob_tensor_t input_of(int64_t *dims) {
  static float numbers[4 * 3 * 64];
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) numbers[i] = (float)(i % 11) / 10;
  return toy_tensor(numbers, 4, dims);
}

/* ---------------------------------------------------------------- allocators that fail */

static long left; /* allocations until one fails */
static size_t largest; /* bytes asked for at once */

static void *failing_allocate(void *self, size_t size, size_t alignment) {
  if (left-- == 0) return NULL;
  if (size > largest) largest = size;
  ++*(long *)self;
  return ob_allocator_default()->allocate(NULL, size, alignment);
}

static void failing_release(void *self, void *block) {
  if (block) --*(long *)self;
  ob_allocator_default()->release(NULL, block);
}

/* Blocks of the model, and of engines, which keep some as long as they are open: leaks of theirs are for ASan to find. */
static long models_live, engines_live;
static const ob_allocator_t models = {failing_allocate, failing_release, &models_live};
static const ob_allocator_t engines_own = {failing_allocate, failing_release, &engines_live};

/* The engines of `list`, held open meanwhile; they allocate with the failing allocator, too. False when one is not there. */
typedef struct held {
  ob_opened_t *engines[3];
  size_t count;
} held_t;

static bool hold(const char *list, held_t *held) {
  char names[64], *rest = NULL;
  held->count = 0;
  snprintf(names, sizeof names, "%s", list);
  for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
    if (ob_engine_acquire(name, NULL, 1, &held->engines[held->count]) != OB_OK) return false;
    held->count++;
  }
  return true;
}

static void let_go(held_t *held) {
  for (size_t i = 0; i < held->count; i++) ob_engine_release(held->engines[i]);
}

static void set_allocator(held_t *held, const ob_allocator_t *value) {
  for (size_t i = 0; i < held->count; i++) held->engines[i]->host.allocator = value;
}

/* Opens (from ONNX or the artifact) and runs two shapes. */
static ob_status_t life(const char *engines, bool loaded) {
  ob_compile_options_t compile = {.struct_size = sizeof compile, .engines = engines};
  ob_options_t options = {.struct_size = sizeof options, .allocator = &models, .threads = 1, .compile = &compile};
  ob_model_t *model = NULL;
  ob_context_t *context = NULL;
  ob_status_t status = loaded ? ob_model_open(artifact, &options, &model) : ob_model_open_memory(toy.bytes, toy.size, &options, &model);
  if (status == OB_OK) status = ob_context_create(ob_model_function(model, NULL), NULL, &context);
  for (int64_t n = 1; n <= 2 && status == OB_OK; n++) {
    int64_t dims[] = {n, 3, 8, 8};
    ob_tensor_t input = input_of(dims), outputs[2] = {0};
    status = ob_context_run(context, &input, outputs, NULL);
    if (status == OB_OK) assert_int_equal(outputs[0].dims[0], n);
  }
  ob_context_close(context);
  ob_model_close(model);
  return status;
}

/* The allocation number `n`, for all n, fails once. Right answers are right all the same: an engine may do without. */
static void sweep(const char *engines, bool loaded) {
  held_t held;
  bool done = false;
  long n = 0, survived = 0;
  if (!hold(engines, &held)) {
    let_go(&held);
    print_message("without %s\n", engines);
    return;
  }
  set_allocator(&held, &engines_own);
  for (; n < 20000 && !done; n++) {
    left = n;
    ob_status_t status = life(engines, loaded);
    done = left >= 0;
    if (status == OB_OK) survived++;
    else assert_int_equal(status, OB_OUT_OF_MEMORY);
    assert_int_equal(models_live, 0);
  }
  set_allocator(&held, ob_allocator_default());
  let_go(&held);
  print_message("%s%s: %ld allocations, %ld could fail without harm\n", engines, loaded ? ", loaded" : "", n, survived - 1);
  assert_true(done);
  assert_true(n > 50);
}

static void save(const char *engines) {
  ob_model_t *model;
  if (toy_load_model(&toy, engines, NULL, &model) != OB_OK) return;
  assert_int_equal(ob_model_save(model, artifact), OB_OK);
  ob_model_close(model);
}

static void sweep_both(const char *engines) {
  sweep(engines, false);
  save(engines);
  sweep(engines, true);
}

static void every_allocation_of_ref_may_fail(void **state) {
  (void)state;
  sweep_both("ref");
}

static void every_allocation_of_cpu_may_fail(void **state) {
  (void)state;
  sweep_both("cpu,ref");
}

static void every_allocation_of_onednn_may_fail(void **state) {
  (void)state;
  sweep_both("onednn,cpu,ref");
}

/* ---------------------------------------------------------------- the steady state */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
static atomic_long mallocs;
static atomic_size_t largest_malloc;

static void count(size_t size) {
  atomic_fetch_add(&mallocs, 1);
  if (size > largest_malloc) largest_malloc = size;
}

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  count(items * size);
  return __libc_calloc(items, size);
}

void *realloc(void *block, size_t size) {
  count(size);
  return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = aligned_alloc(alignment, size);
  return *block ? 0 : 12 /* ENOMEM */;
}

static long malloc_count(void) { return mallocs; }
static void forget_largest(void) { largest = largest_malloc = 0; }
static size_t largest_block(void) { return largest > largest_malloc ? largest : largest_malloc; }
#else
static long malloc_count(void) { return 0; } /* sanitizers have a malloc of their own */
static void forget_largest(void) { largest = 0; }
static size_t largest_block(void) { return largest; }
#endif

static void run_steadily(const char *engines) {
  ob_model_t *model;
  ob_context_t *context;
  int64_t dims[2][4] = {{1, 3, 8, 8}, {3, 3, 8, 8}};
  long before = 0, allocations = 0;
  if (toy_load_model(&toy, engines, NULL, &model) != OB_OK) return;
  left = -1;
  ob_options_t options = {.struct_size = sizeof options, .allocator = &models, .threads = 1};
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), &options, &context), OB_OK);
  ob_tensor_t outputs[2] = {0};
  for (int round = 0; round < 24; round++) {
    if (round == 8) before = malloc_count(), allocations = left;
    ob_tensor_t input = input_of(dims[round / 4 % 2]);
    assert_int_equal(ob_context_run(context, &input, outputs, NULL), OB_OK);
  }
  assert_int_equal(left, allocations);
  assert_int_equal(malloc_count() - before, 0);
  ob_context_close(context);
  ob_model_close(model);
}

static void calls_in_the_steady_state_allocate_nothing(void **state) {
  (void)state;
  run_steadily("ref");
  run_steadily("cpu,ref");
  run_steadily("onednn,cpu,ref");
}

/* ---------------------------------------------------------------- weights */

enum { SIDE = 1024, ROWS = 4 };
static float big[SIDE * SIDE];

/* y = x * big, of which an engine may want other layouts: the artifact has them ready. */
static void build_product(toy_model_t *product) {
  static const char *const dims[] = {"n", "1024"};
  static const int64_t big_dims[] = {SIDE, SIDE};
  for (size_t i = 0; i < SIDE * SIDE; i++) big[i] = (float)(i % 5) - 2;
  toy_begin(product);
  ob_value_t *x = toy_input(product, "x", 2, dims), *w = toy_weight(product, "big", 2, big_dims, big, sizeof big);
  toy_finish(product, toy_apply(product, "MatMul", "y", x, w));
}

static void load_and_run_product(void) {
  static float x[ROWS * SIDE];
  int64_t dims[] = {ROWS, SIDE};
  ob_options_t options = {.struct_size = sizeof options, .allocator = &models, .threads = 1};
  ob_model_t *model;
  ob_context_t *context;
  for (size_t i = 0; i < ROWS * SIDE; i++) x[i] = (float)(i % 3);
  ob_tensor_t input = toy_tensor(x, 2, dims), output = {0};
  left = -1;
  forget_largest();
  if (ob_model_open(artifact, &options, &model) != OB_OK) fail_msg("%s", ob_error_message());
  assert_int_equal(ob_context_create(ob_model_function(model, NULL), NULL, &context), OB_OK);
  assert_int_equal(ob_context_run(context, &input, &output, NULL), OB_OK);
  float want = 0;
  for (size_t i = 0; i < SIDE; i++) want += x[i] * big[i * SIDE];
  assert_true(*(float *)output.data == want);
  if (largest_block() >= sizeof big / 2) fail_msg("a block of %zu bytes for weights of %zu", largest_block(), sizeof big);
  ob_context_close(context);
  ob_model_close(model);
}

static void weights_are_used_where_the_file_lies(void **state) {
  static const char *const lists[] = {"ref", "cpu,ref", "onednn,cpu,ref"};
  (void)state;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    toy_model_t product;
    ob_model_t *model;
    build_product(&product);
    if (toy_load_model(&product, lists[i], NULL, &model) == OB_OK) {
      assert_int_equal(ob_model_save(model, artifact), OB_OK);
      ob_model_close(model);
      load_and_run_product();
    }
    toy_end(&product);
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(every_allocation_of_ref_may_fail),
      TEST(every_allocation_of_cpu_may_fail),
      TEST(every_allocation_of_onednn_may_fail),
      TEST(calls_in_the_steady_state_allocate_nothing),
      TEST(weights_are_used_where_the_file_lies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
