/* AffineGrid: the coordinates [-1, 1] of an image, moved by an affine matrix: a grid for GridSample. */
#include "ref/support/element.h"
#include "ref/support/shape.h"

static double coordinate(int64_t i, int64_t size, bool align_corners) {
  if (!align_corners) return (double)(2 * i + 1) / (double)size - 1;
  return size > 1 ? 2 * (double)i / (double)(size - 1) - 1 : -1;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *theta = call->inputs[0], *size = call->inputs[1];
  bool align_corners = ob_kernel_int(call, "align_corners", 0) != 0;
  int64_t dims[5], index[3] = {0}, rank = (int64_t)ob_tensor_count(size) - 2;
  if ((rank != 2 && rank != 3) || theta->rank != 3 || theta->dims[1] != rank || theta->dims[2] != rank + 1)
    return ob_fail(OB_INVALID_ARGUMENT, "theta does not fit %lld spatial axes", (long long)rank);
  dims[0] = theta->dims[0];
  for (int64_t i = 0; i < rank; i++) dims[1 + i] = ob_ref_get_int(size->dtype, size->data, (size_t)(2 + i));
  dims[1 + rank] = rank;
  for (int64_t i = 0; i < rank; i++)
    if (dims[1 + i] < 0) return ob_fail(OB_OUT_OF_RANGE, "size has an entry %lld", (long long)dims[1 + i]);
  OB_TRY(ob_kernel_allocate(call, 0, (int32_t)rank + 2, dims));
  ob_tensor_t *y = call->outputs[0];
  for (size_t at = 0; at < ob_tensor_count(y); at += (size_t)rank) {
    size_t n = at / ob_ref_product(dims, 1, (int32_t)rank + 2);
    for (int64_t r = 0; r < rank; r++) {
      size_t row = (n * (size_t)rank + (size_t)r) * (size_t)(rank + 1);
      double sum = ob_ref_get(theta->dtype, theta->data, row + (size_t)rank);
      for (int64_t i = 0; i < rank; i++) /* x first: the innermost axis */
        sum += ob_ref_get(theta->dtype, theta->data, row + (size_t)i) * coordinate(index[rank - 1 - i], dims[rank - i], align_corners);
      ob_ref_set(y->dtype, y->data, at + (size_t)r, sum);
    }
    ob_ref_next((int32_t)rank, dims + 1, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_AffineGrid = {.op = "AffineGrid", .domain = "", .run = run};
