/* Operators that ONNX has by now under its own name. */
#include <string.h>

#include "import/onnx/contrib/contrib.h"

static void with_input(ob_contrib_t *c, const char *op, const char *attributes) {
  ob_value_t *inputs[4] = {ob_contrib_need(c, 0), ob_contrib_input(c, 1), ob_contrib_input(c, 2), ob_contrib_input(c, 3)};
  ob_contrib_with_own(c, attributes);
  ob_contrib_give(c, 0, ob_contrib_make(c, op, inputs, 4));
}

void ob_contrib_trilu(ob_contrib_t *c) { with_input(c, "Trilu", "upper"); }
void ob_contrib_pad(ob_contrib_t *c) { with_input(c, "Pad", "mode"); }
void ob_contrib_sample_op(ob_contrib_t *c) { with_input(c, "Identity", ""); }

void ob_contrib_gather_nd(ob_contrib_t *c) {
  ob_value_t *data = ob_contrib_need(c, 0), *indices = ob_contrib_cast(c, ob_contrib_need(c, 1), OB_INT64);
  ob_contrib_give(c, 0, OB_MAKE(c, "GatherND", data, indices));
}

void ob_contrib_torch_embedding(ob_contrib_t *c) {
  ob_value_t *table = ob_contrib_need(c, 0), *indices = ob_contrib_need(c, 1);
  ob_contrib_with_int(c, "axis", 0);
  ob_contrib_give(c, 0, OB_MAKE(c, "Gather", table, indices));
}

void ob_contrib_range(ob_contrib_t *c) {
  ob_value_t *start = ob_contrib_need(c, 0), *limit = ob_contrib_need(c, 1), *delta = ob_contrib_input(c, 2);
  ob_value_t *scalar = ob_contrib_list(c, NULL, 0); /* writers give lists of one element too */
  if (!delta && start) delta = ob_contrib_cast(c, ob_contrib_scalar(c, 1), start->type.dtype);
  start = OB_MAKE(c, "Reshape", start, scalar);
  limit = OB_MAKE(c, "Reshape", limit, scalar);
  delta = OB_MAKE(c, "Reshape", delta, scalar);
  ob_contrib_give(c, 0, OB_MAKE(c, "Range", start, limit, delta));
}

void ob_contrib_expand_dims(ob_contrib_t *c) {
  ob_value_t *axis = OB_RESHAPE(c, ob_contrib_cast(c, ob_contrib_need(c, 1), OB_INT64), 1);
  ob_contrib_give(c, 0, OB_MAKE(c, "Unsqueeze", ob_contrib_need(c, 0), axis));
}

/* Values in the order in which they come. */
void ob_contrib_unique(ob_contrib_t *c) {
  static const size_t order[] = {0, 2, 3}; /* of ONNX's outputs, the second of which is not given */
  ob_value_t *x = ob_contrib_need(c, 0), *out[4];
  ob_contrib_with_int(c, "sorted", 0);
  ob_contrib_make_many(c, "Unique", &x, 1, out, 4);
  for (size_t i = 0; i < 3; i++) ob_contrib_give(c, i, out[order[i]]);
}

/* ONNX has other words for the modes since opset 20. */
void ob_contrib_grid_sample(ob_contrib_t *c) {
  const char *mode = ob_contrib_string(c, "mode", "bilinear");
  ob_value_t *x = ob_contrib_need(c, 0), *grid = ob_contrib_need(c, 1);
  ob_contrib_with_own(c, "align_corners padding_mode");
  ob_contrib_with_string(c, "mode", strcmp(mode, "bilinear") == 0 ? "linear" : strcmp(mode, "bicubic") == 0 ? "cubic" : mode);
  ob_contrib_give(c, 0, OB_MAKE(c, "GridSample", x, grid));
}

/* Distances of all rows of A from all rows of B. */
void ob_contrib_c_dist(ob_contrib_t *c) {
  const char *metric = ob_contrib_string(c, "metric", "sqeuclidean");
  bool root = strcmp(metric, "euclidean") == 0;
  if (!root && strcmp(metric, "sqeuclidean") != 0)
    ob_contrib_fail(c, OB_INVALID_MODEL, "attribute 'metric' is '%s', expected 'euclidean' or 'sqeuclidean'", ob_quote(metric));
  ob_value_t *a = ob_contrib_unsqueeze(c, ob_contrib_need(c, 0), 1), *b = ob_contrib_unsqueeze(c, ob_contrib_need(c, 1), 0);
  ob_value_t *difference = OB_MAKE(c, "Sub", a, b), *axes = OB_LIST(c, -1);
  ob_contrib_with_int(c, "keepdims", 0);
  ob_contrib_give(c, 0, OB_MAKE(c, root ? "ReduceL2" : "ReduceSumSquare", difference, axes));
}

void ob_contrib_is_all_finite(ob_contrib_t *c) {
  bool only_inf = ob_contrib_int(c, "isinf_only", 0) != 0, only_nan = ob_contrib_int(c, "isnan_only", 0) != 0;
  ob_value_t *all = NULL;
  for (size_t i = 0; i < c->up.record->input_count; i++) {
    ob_value_t *x = ob_contrib_need(c, i), *bad = NULL, *flat = OB_LIST(c, -1);
    if (!only_nan) bad = OB_MAKE(c, "IsInf", x);
    if (!only_inf) bad = bad ? OB_MAKE(c, "Or", bad, OB_MAKE(c, "IsNaN", x)) : OB_MAKE(c, "IsNaN", x);
    ob_value_t *good = ob_contrib_cast(c, OB_MAKE(c, "Reshape", OB_MAKE(c, "Not", bad), flat), OB_INT32);
    ob_contrib_with_int(c, "keepdims", 0);
    good = ob_contrib_cast(c, OB_MAKE(c, "ReduceProd", good), OB_BOOL);
    all = all ? OB_MAKE(c, "And", all, good) : good;
  }
  ob_contrib_give(c, 0, all);
}

/* ------------------------------------------------------------ complex numbers as pairs */

static void multiply_complex(ob_contrib_t *c, bool conjugate) {
  ob_value_t *a[2], *b[2], *in[2] = {ob_contrib_need(c, 0), ob_contrib_need(c, 1)};
  static const int64_t ones[] = {1, 1};
  ob_contrib_split_last(c, in[0], ones, 2, a);
  ob_contrib_split_last(c, in[1], ones, 2, b);
  ob_value_t *rr = OB_MAKE(c, "Mul", a[0], b[0]), *ii = OB_MAKE(c, "Mul", a[1], b[1]);
  ob_value_t *ri = OB_MAKE(c, "Mul", a[0], b[1]), *ir = OB_MAKE(c, "Mul", a[1], b[0]);
  ob_value_t *re = OB_MAKE(c, conjugate ? "Add" : "Sub", rr, ii);
  ob_value_t *im = conjugate ? OB_MAKE(c, "Sub", ir, ri) : OB_MAKE(c, "Add", ir, ri);
  ob_contrib_give(c, 0, OB_JOIN(c, -1, re, im));
}
void ob_contrib_complex_mul(ob_contrib_t *c) { multiply_complex(c, false); }
void ob_contrib_complex_mul_conj(ob_contrib_t *c) { multiply_complex(c, true); }

/* Of real numbers along the last axis. */
void ob_contrib_rfft(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_unsqueeze(c, ob_contrib_need(c, 0), -1), *axis = ob_contrib_scalar(c, -2);
  ob_contrib_only(c, "signal_ndim", 1);
  ob_contrib_only(c, "normalized", 0);
  ob_contrib_with_int(c, "onesided", ob_contrib_int(c, "onesided", 1));
  ob_contrib_give(c, 0, OB_MAKE(c, "DFT", x, NULL, axis));
}
