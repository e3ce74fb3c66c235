/* Fused chains: random graphs of element-wise nodes give what `ref` gives, and what need not be stored is not. */
#include "cpu/agree/agree.h"

enum { NODES = 24 };

/* Nodes whose inputs are any earlier values: chains, diamonds, several outputs, broadcasts from outside. */
static void graph(ob_rig_t *rig, ob_random_t *random) {
  static const char *const unary[] = {"Relu", "Sigmoid", "Tanh", "Neg", "Abs", "HardSwish"};
  static const char *const binary[] = {"Add", "Mul", "Sub", "Max"};
  int64_t dims[OB_MAX_RANK], own[OB_MAX_RANK];
  const int32_t rank = ob_random_dims(random, 1, 4, 11, true, dims);
  int values[NODES + 3];
  int count = 0;
  values[count++] = ob_agree_data(rig, random, OB_FLOAT32, rank, dims, -2, 2);
  for (int i = 0; i < 2; i++) {
    memcpy(own, dims, sizeof own);
    const int32_t own_rank = ob_random_broadcast(random, rank, dims, own);
    values[count++] = ob_agree_data(rig, random, OB_FLOAT32, own_rank, own, -2, 2);
  }
  const int total = (int)ob_pick(random, 1, NODES);
  int outputs = 0;
  for (int n = 0; n < total; n++) {
    const bool last = n == total - 1 || ob_pick(random, 0, 7) == 0;
    int64_t a = ob_pick(random, 0, 2) == 0 ? 0 : ob_pick(random, n > 4 ? count - 4 : 0, count - 1);
    if (a == 1 || a == 2) a = 0; /* one operand has the whole shape */
    const int64_t b = ob_pick(random, 0, count - 1);
    const int y = last && outputs++ < 7 ? ob_agree_output(rig, OB_FLOAT32, rank, dims) : ob_rig_value(rig, OB_FLOAT32, rank, dims);
    if (ob_pick(random, 0, 1)) {
      ob_rig_node(rig, unary[ob_pick(random, 0, 5)], OB_LIST(values[a]), OB_LIST(y));
    } else {
      ob_rig_node(rig, binary[ob_pick(random, 0, 3)], OB_LIST(values[a], values[b]), OB_LIST(y));
    }
    values[count++] = y;
  }
}

OB_AGREES(graph, 150, 2e-5)

static const ob_engine_api_t *entry(uint32_t abi) { return ob_kit_entry(&ob_cpu_engine, abi); }

/* A chain keeps no intermediate: the workspace stays far below one tensor. */
static void intermediates_take_no_memory(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int64_t n = 1 << 20;
  const int x = ob_rig_input(rig, OB_FLOAT32, OB_DIMS(n), NULL), c = ob_rig_constant(rig, OB_FLOAT32, OB_DIMS(1), OB_VALUES(3));
  const int s = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(n)), p = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(n));
  const int y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(n));
  ((float *)ob_rig_data(rig, x))[5] = 2;
  ob_rig_node(rig, "Relu", OB_LIST(x), OB_LIST(s));
  ob_rig_node(rig, "Mul", OB_LIST(s, s), OB_LIST(p));
  ob_rig_node(rig, "Add", OB_LIST(p, c), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(((const float *)ob_rig_data(rig, y))[5] == 7.0f && ((const float *)ob_rig_data(rig, y))[6] == 3.0f);
  assert_true(ob_rig_info(rig)->workspace_bytes < (size_t)n);
  ob_rig_close(rig);
}

/* A node outside sits between two that could be one step: what it uses must be there before. */
static void order_is_kept(void **state) {
  (void)state;
  ob_rig_t *rig = ob_rig_open_entry(entry);
  const int x = ob_rig_input(rig, OB_FLOAT32, OB_DIMS(2, 2), OB_VALUES(1, -2, 3, -4)), a = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(2, 2));
  const int t = ob_rig_value(rig, OB_FLOAT32, OB_DIMS(2, 2)), y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(2, 2));
  ob_rig_node(rig, "Relu", OB_LIST(x), OB_LIST(a));
  ob_rig_node(rig, "Transpose", OB_LIST(a), OB_LIST(t));
  ob_rig_ints(rig, "perm", OB_INTS(1, 0));
  ob_rig_node(rig, "Add", OB_LIST(a, t), OB_LIST(y));
  assert_int_equal(ob_rig_run(rig), OB_OK);
  assert_true(ob_rig_expect(rig, y, OB_VALUES(2, 3, 3, 0), 0));
  ob_rig_close(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(graph_agrees), cmocka_unit_test(intermediates_take_no_memory), cmocka_unit_test(order_is_kept)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
