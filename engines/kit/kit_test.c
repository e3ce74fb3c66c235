/* The kit, with toy kernels: memory plan, views, in-place results, contents, run-time sizes, cancel, failing allocations. */
#include <string.h>

#include "kit/kit.h"
#include "testing/test.h"

/* y = x + 1 (Inc), element by element, in place where it may. */
static ob_status_t inc_prepare(ob_kernel_setup_t *setup) {
  setup->in_place = 0;
  return OB_OK;
}
static ob_status_t inc(const ob_kernel_call_t *call) {
  const float *x = call->inputs[0]->data;
  float *y = call->outputs[0]->data;
  for (size_t i = 0; i < ob_tensor_count(call->inputs[0]); i++) y[i] = x[i] + 1;
  return OB_OK;
}
static const ob_kernel_t inc_kernel = {.op = "Inc", .domain = "", .prepare = inc_prepare, .run = inc};

/* z = x + y, never in place: the copy of x goes through scratch. */
static ob_status_t plus_prepare(ob_kernel_setup_t *setup) {
  setup->scratch_bytes = setup->inputs[0]->bytes;
  return OB_OK;
}
static ob_status_t plus(const ob_kernel_call_t *call) {
  const float *y = call->inputs[1]->data;
  float *z = call->outputs[0]->data, *copy = call->scratch;
  size_t count = ob_tensor_count(call->inputs[0]);
  memcpy(copy, call->inputs[0]->data, count * sizeof *copy);
  for (size_t i = 0; i < count; i++) z[i] = copy[i] + y[i];
  return OB_OK;
}
static const ob_kernel_t plus_kernel = {.op = "Plus", .domain = "", .prepare = plus_prepare, .run = plus};

static int copies; /* how often a view had to be copied */
static ob_status_t view(const ob_kernel_call_t *call) {
  copies++;
  memcpy(call->outputs[0]->data, call->inputs[0]->data, call->inputs[0]->bytes);
  return OB_OK;
}
static const ob_kernel_t view_kernel = {.op = "View", .domain = "", .view = true, .run = view};

/* Keeps the elements that are not 0: its size is known when it ran. */
static ob_status_t keep(const ob_kernel_call_t *call) {
  const float *x = call->inputs[0]->data;
  int64_t count = 0;
  for (size_t i = 0; i < ob_tensor_count(call->inputs[0]); i++) count += x[i] != 0;
  OB_TRY(ob_kernel_allocate(call, 0, 1, &count));
  float *y = call->outputs[0]->data;
  for (size_t i = 0; i < ob_tensor_count(call->inputs[0]); i++)
    if (x[i] != 0) *y++ = x[i];
  return call->outputs[0]->dims[0] == count ? OB_OK : OB_INTERNAL;
}
static const ob_kernel_t keep_kernel = {.op = "Keep", .domain = "", .run = keep};

/* y = x * (content of input 1), which it must know at bind. */
static ob_status_t times_prepare(ob_kernel_setup_t *setup) {
  int64_t *factor;
  if (!setup->inputs[1]->data) return ob_fail(OB_INVALID_ARGUMENT, "factor unknown");
  OB_TRY(OB_ARENA_NEW(setup->arena, &factor));
  *factor = *(const int64_t *)setup->inputs[1]->data + ob_setup_int(setup, "extra", 0);
  setup->state = factor;
  return OB_OK;
}
static ob_status_t times(const ob_kernel_call_t *call) {
  const float *x = call->inputs[0]->data;
  float *y = call->outputs[0]->data;
  for (size_t i = 0; i < ob_tensor_count(call->inputs[0]); i++) y[i] = x[i] * (float)*(const int64_t *)call->state;
  return OB_OK;
}
static const ob_kernel_t times_kernel = {.op = "Times", .domain = "test", .prepare = times_prepare, .run = times};

static ob_status_t broken(const ob_kernel_call_t *call) {
  return ob_fail(OB_OUT_OF_RANGE, "index %d", (int)ob_kernel_int(call, "index", 0));
}
static const ob_kernel_t broken_kernel = {.op = "Broken", .domain = "", .run = broken};

/* Doubles each string, in memory of the call. */
static ob_status_t twice(const ob_kernel_call_t *call) {
  const ob_string_t *in = call->inputs[0]->data;
  OB_TRY(ob_kernel_allocate(call, 0, call->inputs[0]->rank, call->inputs[0]->dims));
  ob_string_t *out = call->outputs[0]->data;
  for (size_t i = 0; i < ob_tensor_count(call->inputs[0]); i++) {
    char *text;
    OB_TRY(ob_kernel_memory(call, 2 * in[i].size + 1, (void **)&text));
    memcpy(text, in[i].data, in[i].size);
    memcpy(text + in[i].size, in[i].data, in[i].size);
    out[i] = (ob_string_t){text, 2 * in[i].size};
  }
  return OB_OK;
}
static const ob_kernel_t twice_kernel = {.op = "Twice", .domain = "", .run = twice};

/* A sequence of its inputs. */
static ob_status_t pack(const ob_kernel_call_t *call) {
  ob_tensor_t *items;
  OB_TRY(ob_kernel_memory(call, call->node->input_count * sizeof *items, (void **)&items));
  for (size_t i = 0; i < call->node->input_count; i++) items[i] = *call->inputs[i];
  call->outputs[0]->items = items;
  call->outputs[0]->item_count = call->node->input_count;
  return OB_OK;
}
static const ob_kernel_t pack_kernel = {.op = "Pack", .domain = "", .run = pack};

static const ob_kernel_t *const kernels[] = {&inc_kernel, &plus_kernel, NULL, &view_kernel, &keep_kernel, &times_kernel, &broken_kernel,
                                             &twice_kernel, &pack_kernel};
static const ob_kit_engine_t toy = {
    .name = "toy", .version = "1", .library = "", .about = "", .kernels = kernels, .kernel_count = sizeof kernels / sizeof *kernels};
static const ob_engine_api_t *entry(uint32_t abi) { return ob_kit_entry(&toy, abi); }
static const ob_kit_engine_t any = {.name = "any", .version = "1", .library = "", .about = "", .flags = OB_ENGINE_ANY_KIND,
                                    .kernels = kernels, .kernel_count = sizeof kernels / sizeof *kernels};
static const ob_engine_api_t *any_entry(uint32_t abi) { return ob_kit_entry(&any, abi); }

#define F4 OB_FLOAT32, OB_DIMS(4)

static void runs_a_chain_in_one_buffer(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), last = x;
  for (int i = 0; i < 50; i++) {
    int next = i == 49 ? ob_rig_output(rig, F4) : ob_rig_value(rig, F4);
    ob_rig_node(rig, "Inc", OB_LIST(last), OB_LIST(next));
    last = next;
  }
  assert_null(ob_rig_refusal(rig));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, last, OB_VALUES(51, 52, 53, 54), 0));
  assert_int_equal(ob_rig_info(rig)->in_place[0], 0);
  size_t frame = 51 * sizeof(ob_tensor_t) + 100 * sizeof(void *);
  assert_in_range(ob_rig_info(rig)->workspace_bytes, frame, frame + 63); /* every value lives in the output */
  size_t before = ob_rig_allocations(rig);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_int_equal(ob_rig_allocations(rig), before);
  ob_rig_close(rig);
}

static void follows_in_place_offers(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), a = ob_rig_value(rig, F4), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "Inc", OB_LIST(a), OB_LIST(y));
  ob_rig_in_place(rig, true);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(3, 4, 5, 6), 0));
  ob_rig_close(rig);
}

/* x is read after y's memory was written: no offer. Values alive at once do not overlap. */
static void keeps_what_is_read_later(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), a = ob_rig_value(rig, F4), b = ob_rig_value(rig, F4);
  int c = ob_rig_value(rig, F4), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "Inc", OB_LIST(a), OB_LIST(b));
  ob_rig_node(rig, "Plus", OB_LIST(a, b), OB_LIST(c)); /* a is alive until here: b must not overwrite it */
  ob_rig_node(rig, "Plus", OB_LIST(c, x), OB_LIST(y));
  ob_rig_in_place(rig, true);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(6, 9, 12, 15), 0));
  assert_int_equal(ob_rig_info(rig)->in_place[0], -1);
  ob_rig_close(rig);
}

static void does_not_work_in_place_on_a_value_read_twice(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), y = ob_rig_output(rig, F4), a = ob_rig_value(rig, F4);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "Inc", OB_LIST(a), OB_LIST(y));
  ob_rig_also_output(rig, a); /* an output is alive to the end */
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(3, 4, 5, 6), 0));
  assert_true(ob_rig_expect(rig, a, OB_VALUES(2, 3, 4, 5), 0));
  ob_rig_close(rig);
}

/* Views inside cost nothing; from input to output they are copies. */
static void copies_views_at_boundaries_only(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), c = ob_rig_constant(rig, F4, OB_VALUES(5, 6, 7, 8));
  int a = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(2, 2)), b = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(2, 2));
  int y = ob_rig_output(rig, F4), z = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(1, 4)), w = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(4, 1));
  ob_rig_node(rig, "View", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "Inc", OB_LIST(a), OB_LIST(b));
  ob_rig_node(rig, "View", OB_LIST(b), OB_LIST(y));
  ob_rig_node(rig, "View", OB_LIST(a), OB_LIST(z));
  ob_rig_node(rig, "View", OB_LIST(c), OB_LIST(w));
  copies = 0;
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(2, 3, 4, 5), 0));
  assert_true(ob_rig_expect(rig, z, OB_VALUES(1, 2, 3, 4), 0));
  assert_true(ob_rig_expect(rig, w, OB_VALUES(5, 6, 7, 8), 0));
  assert_int_equal(copies, 2); /* z and w */
  ob_rig_close(rig);
}

/* A view of a value that is overwritten in place must not change under its readers. */
static void views_keep_their_root_alive(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), a = ob_rig_value(rig, F4), v = ob_rig_value(rig, F4), b = ob_rig_value(rig, F4);
  int y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "View", OB_LIST(a), OB_LIST(v));
  ob_rig_node(rig, "Inc", OB_LIST(a), OB_LIST(b)); /* last use of a, but v is read below */
  ob_rig_node(rig, "Plus", OB_LIST(v, b), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(5, 7, 9, 11), 0));
  ob_rig_close(rig);
}

static void passes_inputs_and_constants_through(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), c = ob_rig_constant(rig, OB_FLOAT32, OB_SCALAR, OB_VALUES(7)), y = ob_rig_output(rig, F4);
  ob_rig_also_output(rig, x);
  ob_rig_also_output(rig, c);
  ob_rig_also_output(rig, y); /* twice the same */
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(y));
  ob_rig_in_place(rig, true);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, x, OB_VALUES(1, 2, 3, 4), 0));
  assert_true(ob_rig_expect(rig, c, OB_VALUES(7), 0));
  assert_true(ob_rig_expect(rig, y, OB_VALUES(2, 3, 4, 5), 0));
  ob_rig_close(rig);
}

static void tells_contents_and_attributes(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), n = ob_rig_input(rig, OB_INT64, OB_SCALAR, OB_VALUES(3)), y = ob_rig_output(rig, F4);
  ob_rig_content(rig, n);
  ob_rig_node(rig, "Times", OB_LIST(x, n), OB_LIST(y));
  ob_rig_domain(rig, "test");
  ob_rig_int(rig, "extra", 2);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(5, 10, 15, 20), 0));
  ob_rig_close(rig);
}

static void asks_the_host_for_packed_constants(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), c = ob_rig_constant(rig, F4, OB_VALUES(1, 1, 1, 2)), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Plus", OB_LIST(x, c), OB_LIST(y));
  ob_rig_packed_only(rig, true);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(2, 3, 4, 6), 0));
  ob_rig_close(rig);
}

static void sizes_outputs_at_run_time(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 0, 3, 0)), y = ob_rig_output(rig, OB_FLOAT32, OB_UNKNOWN);
  ob_rig_node(rig, "Keep", OB_LIST(x), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_int_equal(ob_rig_rank(rig, y), 1);
  assert_int_equal(ob_rig_dims(rig, y)[0], 2);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(1, 3), 0));
  ob_rig_close(rig);
}

static void refuses_unknown_shapes_inside(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, NULL), a = ob_rig_value(rig, OB_FLOAT32, OB_UNKNOWN), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Keep", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "View", OB_LIST(a), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_UNSUPPORTED);
  ob_rig_close(rig);
}

static void binds_anew_for_other_shapes(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(y));
  ob_rig_symbolic(rig, true);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  for (int64_t n = 0; n < 3; n++) {
    ob_rig_reshape(rig, x, 1, &n);
    ob_rig_reshape(rig, y, 1, &n);
    assert_int_equal(ob_rig_run(rig), OB_OK);
    assert_true(ob_rig_expect(rig, y, OB_VALUES(1, 1, 1), 0));
  }
  ob_rig_close(rig);
}

static void fails_with_the_node(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, NULL), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Broken", OB_LIST(x), OB_LIST(y));
  ob_rig_int(rig, "index", 9);
  assert_int_equal(ob_rig_run(rig), OB_OUT_OF_RANGE);
  assert_non_null(strstr(ob_rig_message(rig), "n0"));
  assert_non_null(strstr(ob_rig_message(rig), "(Broken): index 9"));
  ob_rig_close(rig);
}

static void stops_when_asked(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, NULL), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(y));
  ob_rig_cancel(rig, true);
  assert_int_equal(ob_rig_run(rig), OB_CANCELLED);
  ob_rig_cancel(rig, false);
  ob_rig_deadline(rig, 1);
  assert_int_equal(ob_rig_run(rig), OB_DEADLINE_EXCEEDED);
  ob_rig_deadline(rig, UINT64_MAX);
  assert_int_equal(ob_rig_run(rig), OB_OK);
  ob_rig_close(rig);
}

static void says_what_it_lacks(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input(rig, F4, NULL), y = ob_rig_output(rig, F4);
  ob_rig_node(rig, "Times", OB_LIST(x, x), OB_LIST(y)); /* not of this domain */
  assert_string_equal(ob_rig_refusal(rig), "Times: toy does not have this operator");
  assert_int_equal(ob_rig_run(rig), OB_UNSUPPORTED);
  ob_rig_close(rig);
  assert_null(entry(OB_ENGINE_ABI + 1));
}

static const ob_string_t words[2] = {{"ab", 2}, {"c", 1}};
static const ob_tensor_t texts = {.dtype = OB_STRING, .rank = 1, .dims = (const int64_t[]){2}, .data = (void *)(uintptr_t)words, .bytes = sizeof words};

/* Strings go through values inside, views and outputs of known and unknown shape; a failing allocation leaks nothing. */
static void passes_strings(void **state) {
  (void)state;
  ob_status_t status = OB_OUT_OF_MEMORY;
  for (size_t n = 1; status != OB_OK; n++) {
    ob_rig_t *rig = ob_rig_open_entry(any_entry);
    int x = ob_rig_input_any(rig, &texts), a = ob_rig_value(rig, OB_STRING, OB_DIMS(2)), b = ob_rig_value(rig, OB_STRING, OB_DIMS(2, 1));
    int y = ob_rig_output_any(rig, OB_TENSOR, OB_STRING, OB_DIMS(2, 1)), z = ob_rig_output_any(rig, OB_TENSOR, OB_STRING, OB_UNKNOWN);
    ob_rig_node(rig, "Twice", OB_LIST(x), OB_LIST(a));
    ob_rig_node(rig, "View", OB_LIST(a), OB_LIST(b));
    ob_rig_node(rig, "Twice", OB_LIST(b), OB_LIST(y));
    ob_rig_node(rig, "Twice", OB_LIST(a), OB_LIST(z));
    assert_null(ob_rig_refusal(rig));
    ob_rig_fail_allocation(rig, n);
    status = ob_rig_run(rig);
    if (status == OB_OK)
      for (int i = 0; i < 2; i++) {
        const ob_tensor_t *got = ob_rig_any(rig, i ? z : y);
        assert_int_equal(got->rank, i ? 1 : 2);
        assert_int_equal(((const ob_string_t *)got->data)[0].size, 8);
        assert_memory_equal(((const ob_string_t *)got->data)[0].data, "abababab", 8);
      }
    else
      assert_int_equal(status, OB_OUT_OF_MEMORY);
    ob_rig_close(rig);
  }
}

static void passes_collections(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(any_entry);
  int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), s = ob_rig_input_any(rig, &texts), a = ob_rig_value(rig, F4);
  int y = ob_rig_output_any(rig, OB_SEQUENCE, OB_FLOAT32, OB_UNKNOWN);
  ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "Pack", OB_LIST(a, x, s), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  const ob_tensor_t *got = ob_rig_any(rig, y);
  assert_int_equal(got->item_count, 3);
  assert_memory_equal(got->items[0].data, ((float[]){2, 3, 4, 5}), 16);
  assert_memory_equal(got->items[1].data, ((float[]){1, 2, 3, 4}), 16);
  assert_int_equal(got->items[2].dtype, OB_STRING);
  ob_rig_close(rig);
}

static void refuses_other_kinds_unless_asked(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  int x = ob_rig_input_any(rig, &texts), y = ob_rig_output_any(rig, OB_TENSOR, OB_STRING, OB_DIMS(2));
  ob_rig_node(rig, "Twice", OB_LIST(x), OB_LIST(y));
  assert_non_null(strstr(ob_rig_refusal(rig), "is not a tensor of numbers"));
  ob_rig_close(rig);
}

/* Every allocation fails once: an error comes back, nothing leaks (ob_rig_close looks). */
static void survives_failing_allocations(void **state) {
  (void)state;
  for (size_t n = 1;; n++) {
    ob_rig_t *rig = ob_rig_open_entry(entry);
    int x = ob_rig_input(rig, F4, OB_VALUES(1, 2, 3, 4)), a = ob_rig_value(rig, F4), b = ob_rig_value(rig, F4), y = ob_rig_output(rig, F4);
    ob_rig_node(rig, "Inc", OB_LIST(x), OB_LIST(a));
    ob_rig_node(rig, "View", OB_LIST(a), OB_LIST(b));
    ob_rig_node(rig, "Plus", OB_LIST(a, b), OB_LIST(y));
    ob_rig_fail_allocation(rig, n);
    ob_status_t status = ob_rig_run(rig);
    ob_rig_close(rig);
    if (status == OB_OK) {
      assert_in_range(n, 4, 100);
      return;
    }
    assert_int_equal(status, OB_OUT_OF_MEMORY);
  }
}

/* Random graphs of the toy kernels against direct evaluation: whatever is shared, the answer is the same. */
static void random_graphs_give_right_answers(void **state) {
  (void)state;
  ob_random_t random = {1};
  for (int round = 0; round < 300; round++) {
    ob_rig_t *rig = ob_rig_open_entry(entry);
    int values[40], count = 0;
    double want[40];
    for (int i = 0; i < 2; i++, count++) {
      want[count] = (double)ob_random_int(&random, 0, 9);
      values[count] = ob_rig_input(rig, F4, (double[]){want[count], want[count], want[count], want[count]});
    }
    bool is_output[40] = {false};
    while (count < 20) {
      int a = (int)ob_random_int(&random, count > 5 ? count - 5 : 0, count - 1), b = (int)ob_random_int(&random, 0, count - 1);
      int64_t kind = ob_random_int(&random, 0, 2);
      is_output[count] = count >= 18 || ob_random_int(&random, 0, 5) == 0;
      values[count] = is_output[count] ? ob_rig_output(rig, F4) : ob_rig_value(rig, F4);
      if (kind == 2)
        ob_rig_node(rig, "Plus", OB_LIST(values[a], values[b]), OB_LIST(values[count]));
      else
        ob_rig_node(rig, kind ? "Inc" : "View", OB_LIST(values[a]), OB_LIST(values[count]));
      want[count] = kind == 2 ? want[a] + want[b] : want[a] + (double)kind;
      count++;
    }
    ob_rig_in_place(rig, true);
    assert_int_equal(ob_rig_run(rig), OB_OK);
    for (int i = 0; i < count; i++)
      if (is_output[i]) assert_true(ob_rig_expect(rig, values[i], (double[]){want[i], want[i], want[i], want[i]}, 0));
    ob_rig_close(rig);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_a_chain_in_one_buffer),
      cmocka_unit_test(follows_in_place_offers),
      cmocka_unit_test(keeps_what_is_read_later),
      cmocka_unit_test(does_not_work_in_place_on_a_value_read_twice),
      cmocka_unit_test(copies_views_at_boundaries_only),
      cmocka_unit_test(views_keep_their_root_alive),
      cmocka_unit_test(passes_inputs_and_constants_through),
      cmocka_unit_test(tells_contents_and_attributes),
      cmocka_unit_test(asks_the_host_for_packed_constants),
      cmocka_unit_test(sizes_outputs_at_run_time),
      cmocka_unit_test(refuses_unknown_shapes_inside),
      cmocka_unit_test(binds_anew_for_other_shapes),
      cmocka_unit_test(fails_with_the_node),
      cmocka_unit_test(stops_when_asked),
      cmocka_unit_test(says_what_it_lacks),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(passes_strings),
      cmocka_unit_test(passes_collections),
      cmocka_unit_test(refuses_other_kinds_unless_asked),
      cmocka_unit_test(random_graphs_give_right_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
