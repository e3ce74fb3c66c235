/* Conv, ConvTranspose, MatMul and Gemm against ref, with what may be fused behind them. */
#include "onednn/testing/agree.h"

/* One of several element-wise nodes behind `from`; `count` of them ends a chain. */
static int behind(ob_rig_t *rig, ob_random_t *random, int from, int32_t rank, const int64_t *dims, int nodes) {
  static const char *const ops[] = {"Relu", "Sigmoid", "Tanh", "HardSwish", "Elu", "LeakyRelu", "HardSigmoid", "Gelu", "Clip"};
  for (int n = 0; n < nodes; n++) {
    int next = n + 1 == nodes ? dn_output(rig, rank, dims) : dn_between(rig, rank, dims);
    int64_t kind = dn_pick(random, 0, 3);
    if (kind == 0) { /* an operand of the same shape, per channel, or one number */
      int64_t small[5];
      int64_t form = dn_pick(random, 0, 3);
      for (int32_t d = 0; d < rank; d++) small[d] = form == 0 || (form == 1 && d == 1) || (form == 3 && d == rank - 1) ? dims[d] : 1;
      int operand = dn_pick(random, 0, 1) ? dn_input(rig, random, rank, small) : dn_constant(rig, random, rank, small);
      const char *const binary[] = {"Add", "Mul", "Sub", "Max"};
      const char *op = binary[dn_pick(random, 0, 3)];
      if (strcmp(op, "Sub") != 0 && dn_pick(random, 0, 1))
        ob_rig_node(rig, op, OB_LIST(operand, from), OB_LIST(next));
      else
        ob_rig_node(rig, op, OB_LIST(from, operand), OB_LIST(next));
    } else {
      const char *op = ops[dn_pick(random, 0, 8)];
      if (strcmp(op, "Clip") == 0) {
        int low = ob_rig_constant(rig, OB_FLOAT32, OB_SCALAR, OB_VALUES(0)), high = ob_rig_constant(rig, OB_FLOAT32, OB_SCALAR, OB_VALUES(6));
        ob_rig_node(rig, op, OB_LIST(from, low, high), OB_LIST(next));
      } else {
        ob_rig_node(rig, op, OB_LIST(from), OB_LIST(next));
        if (strcmp(op, "Elu") == 0) ob_rig_float(rig, "alpha", 0.7f);
        if (strcmp(op, "LeakyRelu") == 0) ob_rig_float(rig, "alpha", 0.1f);
        if (strcmp(op, "HardSigmoid") == 0) ob_rig_float(rig, "alpha", 0.2f), ob_rig_float(rig, "beta", 0.5f);
        if (strcmp(op, "Gelu") == 0) ob_rig_string(rig, "approximate", "none");
      }
    }
    from = next;
  }
  return from;
}

static void conv(ob_rig_t *rig, ob_random_t *random) {
  static const int64_t widths[] = {1, 2, 3, 8, 16, 24, 32};
  dn_case_window_t w;
  dn_case_window(random, &w, 6, true);
  int64_t groups = dn_pick(random, 0, 2) == 0 ? dn_pick(random, 2, 16) : 1;
  int64_t inputs = groups > 4 ? 1 : widths[dn_pick(random, 0, 6)], outputs = groups > 4 ? dn_pick(random, 1, 2) : widths[dn_pick(random, 0, 6)];
  int64_t weights[5] = {outputs * groups, inputs};
  for (int32_t d = 0; d < w.spatial; d++) weights[d + 2] = w.kernel[d];
  w.x[0] = w.y[0] = dn_pick(random, 1, 2);
  w.x[1] = inputs * groups;
  w.y[1] = outputs * groups;
  int nodes = (int)dn_pick(random, 0, 3);
  int x = dn_input(rig, random, w.spatial + 2, w.x);
  int k = dn_pick(random, 0, 4) ? dn_constant(rig, random, w.spatial + 2, weights) : dn_input(rig, random, w.spatial + 2, weights);
  int b = dn_pick(random, 0, 1) ? dn_constant(rig, random, 1, w.y + 1) : OB_LEFT_OUT;
  int y = nodes == 0 ? dn_output(rig, w.spatial + 2, w.y) : dn_between(rig, w.spatial + 2, w.y);
  ob_rig_node(rig, "Conv", OB_LIST(x, k, b), OB_LIST(y));
  dn_state_window(rig, &w);
  ob_rig_int(rig, "group", groups);
  behind(rig, random, y, w.spatial + 2, w.y, nodes);
}
DN_AGREES(conv, 150, 1e-5)

static void conv_same(ob_rig_t *rig, ob_random_t *random) {
  int64_t stride = dn_pick(random, 1, 2), kernel = dn_pick(random, 1, 4), size = dn_pick(random, 4, 9), out = (size + stride - 1) / stride;
  int x = dn_input(rig, random, OB_DIMS(1, 3, size, size)), k = dn_constant(rig, random, OB_DIMS(16, 3, kernel, kernel));
  int y = dn_output(rig, OB_DIMS(1, 16, out, out));
  ob_rig_node(rig, "Conv", OB_LIST(x, k), OB_LIST(y));
  ob_rig_int(rig, "group", 1);
  ob_rig_ints(rig, "strides", OB_INTS(stride, stride));
  ob_rig_string(rig, "auto_pad", dn_pick(random, 0, 1) ? "SAME_UPPER" : "SAME_LOWER");
}
DN_AGREES(conv_same, 16, 1e-5)

static void conv_transpose(ob_rig_t *rig, ob_random_t *random) {
  dn_case_window_t w;
  dn_case_window(random, &w, 4, true);
  int64_t groups = dn_pick(random, 0, 2) == 0 ? dn_pick(random, 2, 4) : 1;
  int64_t inputs = dn_pick(random, 1, 20), outputs = dn_pick(random, 1, 20), weights[5] = {inputs * groups, outputs};
  int64_t x_dims[5] = {dn_pick(random, 1, 2), inputs * groups}, y_dims[5] = {x_dims[0], outputs * groups}, extra[3];
  for (int32_t d = 0; d < w.spatial; d++) {
    weights[d + 2] = w.kernel[d];
    extra[d] = dn_pick(random, 0, w.strides[d] - 1);
    int64_t size = dn_pick(random, 1, 4), reach = (w.kernel[d] - 1) * w.dilations[d] + 1;
    while ((size - 1) * w.strides[d] + reach + extra[d] - w.pads[d] - w.pads[d + w.spatial] < 1) size++;
    x_dims[d + 2] = size;
    y_dims[d + 2] = (size - 1) * w.strides[d] + reach + extra[d] - w.pads[d] - w.pads[d + w.spatial];
  }
  int nodes = (int)dn_pick(random, 0, 2);
  int x = dn_input(rig, random, w.spatial + 2, x_dims), k = dn_constant(rig, random, w.spatial + 2, weights);
  int b = dn_pick(random, 0, 1) ? dn_constant(rig, random, 1, y_dims + 1) : OB_LEFT_OUT;
  int y = nodes == 0 ? dn_output(rig, w.spatial + 2, y_dims) : dn_between(rig, w.spatial + 2, y_dims);
  ob_rig_node(rig, "ConvTranspose", OB_LIST(x, k, b), OB_LIST(y));
  dn_state_window(rig, &w);
  ob_rig_ints(rig, "output_padding", extra, (size_t)w.spatial);
  ob_rig_int(rig, "group", groups);
  behind(rig, random, y, w.spatial + 2, y_dims, nodes);
}
DN_AGREES(conv_transpose, 80, 1e-5)

static void matmul(ob_rig_t *rig, ob_random_t *random) {
  int64_t m = dn_pick(random, 1, 20), k = dn_pick(random, 1, 40), n = dn_pick(random, 1, 70), b0 = dn_pick(random, 1, 3), b1 = dn_pick(random, 1, 3);
  int64_t a_dims[4] = {b0, b1, m, k}, b_dims[4] = {b0, b1, k, n}, y_dims[4] = {b0, b1, m, n};
  int32_t a_rank = (int32_t)dn_pick(random, 2, 4), b_rank = (int32_t)dn_pick(random, 2, 4);
  int64_t one = dn_pick(random, 0, 3);
  if (one == 0) a_dims[1] = 1;
  if (one == 1) b_dims[1] = 1;
  int32_t rank = a_rank > b_rank ? a_rank : b_rank;
  for (int32_t d = 4 - rank; d < 2; d++) {
    int64_t a = d < 4 - a_rank ? 1 : a_dims[d], b = d < 4 - b_rank ? 1 : b_dims[d];
    y_dims[d] = a > b ? a : b;
  }
  int nodes = (int)dn_pick(random, 0, 3);
  int a = dn_input(rig, random, a_rank, a_dims + 4 - a_rank);
  int b = dn_pick(random, 0, 2) ? dn_constant(rig, random, b_rank, b_dims + 4 - b_rank) : dn_input(rig, random, b_rank, b_dims + 4 - b_rank);
  int y = nodes == 0 ? dn_output(rig, rank, y_dims + 4 - rank) : dn_between(rig, rank, y_dims + 4 - rank);
  ob_rig_node(rig, "MatMul", OB_LIST(a, b), OB_LIST(y));
  behind(rig, random, y, rank, y_dims + 4 - rank, nodes);
}
DN_AGREES(matmul, 150, 1e-5)

static void matmul_vector(ob_rig_t *rig, ob_random_t *random) {
  int64_t m = dn_pick(random, 1, 9), k = dn_pick(random, 1, 9), b = dn_pick(random, 1, 3);
  bool left = dn_pick(random, 0, 1);
  int v = dn_pick(random, 0, 1) ? dn_input(rig, random, 1, &k) : dn_constant(rig, random, 1, &k);
  int y = dn_output(rig, OB_DIMS(b, m));
  int matrix = left ? dn_input(rig, random, OB_DIMS(b, k, m)) : dn_input(rig, random, OB_DIMS(b, m, k));
  if (left)
    ob_rig_node(rig, "MatMul", OB_LIST(v, matrix), OB_LIST(y));
  else
    ob_rig_node(rig, "MatMul", OB_LIST(matrix, v), OB_LIST(y));
}
DN_AGREES(matmul_vector, 20, 1e-5)

static void gemm(ob_rig_t *rig, ob_random_t *random) {
  int64_t m = dn_pick(random, 1, 20), k = dn_pick(random, 1, 40), n = dn_pick(random, 1, 70), ta = dn_pick(random, 0, 1), tb = dn_pick(random, 0, 1);
  int64_t a_dims[2] = {ta ? k : m, ta ? m : k}, b_dims[2] = {tb ? n : k, tb ? k : n}, y_dims[2] = {m, n};
  int nodes = (int)dn_pick(random, 0, 3);
  int a = dn_input(rig, random, 2, a_dims);
  int b = dn_pick(random, 0, 3) ? dn_constant(rig, random, 2, b_dims) : dn_input(rig, random, 2, b_dims);
  int64_t form = dn_pick(random, 0, 4), c_dims[2] = {form == 2 || form == 3 ? m : 1, form == 2 ? 1 : n};
  int c = form == 0 ? OB_LEFT_OUT : form == 1 ? dn_constant(rig, random, 1, &n) : dn_constant(rig, random, 2, c_dims);
  int y = nodes == 0 ? dn_output(rig, 2, y_dims) : dn_between(rig, 2, y_dims);
  ob_rig_node(rig, "Gemm", OB_LIST(a, b, c), OB_LIST(y));
  ob_rig_int(rig, "transA", ta);
  ob_rig_int(rig, "transB", tb);
  ob_rig_float(rig, "alpha", dn_pick(random, 0, 2) ? 1 : 0.5f);
  ob_rig_float(rig, "beta", 1);
  behind(rig, random, y, 2, y_dims, nodes);
}
DN_AGREES(gemm, 100, 1e-5)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(conv_agrees),   cmocka_unit_test(conv_same_agrees),     cmocka_unit_test(conv_transpose_agrees),
      cmocka_unit_test(matmul_agrees), cmocka_unit_test(matmul_vector_agrees), cmocka_unit_test(gemm_agrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
