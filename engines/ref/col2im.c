/* Col2Im: adds the columns of sliding blocks back together to an image: the inverse of taking a convolution's windows. */
#include "ref/support/element.h"
#include "ref/support/sample.h"
#include "ref/support/shape.h"

typedef struct geometry {
  int32_t rank;
  int64_t image[OB_MAX_RANK], block[OB_MAX_RANK], stride[OB_MAX_RANK], dilation[OB_MAX_RANK], begin[OB_MAX_RANK], steps[OB_MAX_RANK];
} geometry_t;

static ob_status_t read_sizes(const ob_tensor_t *tensor, int32_t rank, int64_t *sizes) {
  if (ob_tensor_count(tensor) != (size_t)rank) return ob_fail(OB_OUT_OF_RANGE, "%zu sizes for %d axes", ob_tensor_count(tensor), (int)rank);
  for (int32_t i = 0; i < rank; i++) {
    sizes[i] = ob_ref_get_int(tensor->dtype, tensor->data, (size_t)i);
    if (sizes[i] < 1 || sizes[i] > INT32_MAX) return ob_fail(OB_OUT_OF_RANGE, "size %lld", (long long)sizes[i]);
  }
  return OB_OK;
}

static ob_status_t find_geometry(const ob_kernel_call_t *call, geometry_t *g) {
  size_t strides, dilations, pads, rank = ob_tensor_count(call->inputs[1]);
  const int64_t *stride = ob_kernel_ints(call, "strides", &strides), *dilation = ob_kernel_ints(call, "dilations", &dilations);
  const int64_t *pad = ob_kernel_ints(call, "pads", &pads);
  if (rank < 1 || rank > OB_MAX_RANK - 2) return ob_fail(OB_OUT_OF_RANGE, "image_shape has %zu entries", rank);
  g->rank = (int32_t)rank;
  OB_TRY(read_sizes(call->inputs[1], g->rank, g->image));
  OB_TRY(read_sizes(call->inputs[2], g->rank, g->block));
  if ((stride && strides != rank) || (dilation && dilations != rank) || (pad && pads != 2 * rank))
    return ob_fail(OB_INVALID_ARGUMENT, "strides, dilations or pads do not fit %zu axes", rank);
  for (size_t i = 0; i < rank; i++) {
    g->stride[i] = stride ? stride[i] : 1;
    g->dilation[i] = dilation ? dilation[i] : 1;
    g->begin[i] = pad ? pad[i] : 0;
    int64_t span = g->image[i] + g->begin[i] + (pad ? pad[rank + i] : 0) - g->dilation[i] * (g->block[i] - 1) - 1;
    if (g->stride[i] < 1 || g->dilation[i] < 1 || span < 0) return ob_fail(OB_OUT_OF_RANGE, "axis %zu has no place for a block", i);
    g->steps[i] = span / g->stride[i] + 1;
  }
  return OB_OK;
}

/* Adds one column entry (block element `k`) of all steps to one channel's image. */
static void add_row(const geometry_t *g, const int64_t *k, const ob_tensor_t *x, size_t from, ob_tensor_t *y, size_t base) {
  int64_t step[OB_MAX_RANK] = {0};
  do {
    int64_t at = 0;
    bool inside = true;
    for (int32_t i = 0; i < g->rank; i++) {
      int64_t p = step[i] * g->stride[i] - g->begin[i] + k[i] * g->dilation[i];
      inside = inside && p >= 0 && p < g->image[i];
      at = at * g->image[i] + p;
    }
    size_t to = base + (size_t)at;
    if (inside) ob_ref_set(y->dtype, y->data, to, ob_ref_get(y->dtype, y->data, to) + ob_ref_get(x->dtype, x->data, from));
    from++;
  } while (ob_ref_next(g->rank, g->steps, step));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  geometry_t g;
  OB_TRY(find_geometry(call, &g));
  size_t block = ob_ref_product(g.block, 0, g.rank), steps = ob_ref_product(g.steps, 0, g.rank), image = ob_ref_product(g.image, 0, g.rank);
  if (x->rank != 3 || (size_t)x->dims[1] % block != 0 || (size_t)x->dims[2] != steps)
    return ob_fail(OB_INVALID_ARGUMENT, "the input does not hold %zu steps of blocks of %zu elements", steps, block);
  int64_t dims[OB_MAX_RANK] = {x->dims[0], x->dims[1] / (int64_t)block};
  for (int32_t i = 0; i < g.rank; i++) dims[2 + i] = g.image[i];
  OB_TRY(ob_kernel_allocate(call, 0, 2 + g.rank, dims));
  ob_tensor_t *y = call->outputs[0];
  ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  for (size_t c = 0; c < (size_t)dims[0] * (size_t)dims[1]; c++) {
    int64_t k[OB_MAX_RANK] = {0};
    size_t row = 0;
    do add_row(&g, k, x, (c * block + row++) * steps, y, c * image);
    while (ob_ref_next(g.rank, g.block, k));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Col2Im = {.op = "Col2Im", .domain = "", .supports = ob_ref_takes_numbers, .run = run};
