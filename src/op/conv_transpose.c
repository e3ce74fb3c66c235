/* ConvTranspose: the gradient of a convolution: spreads each element over a window. */
#include "op/window.h"

/* Size of an axis, from output_shape or from the input's. */
static ob_dim_t output_size(ob_infer_t *infer, const ob_window_t *window, size_t axis, ob_dim_t input, ob_dim_t padding) {
  ob_dim_t size = ob_dim_mul(infer, window->strides[axis], input);
  if (window->auto_pad >= OB_PAD_SAME_UPPER) return size;
  size = ob_dim_sub(infer, ob_dim_add(infer, size, padding), window->strides[axis]);
  size = ob_dim_add(infer, size, ob_window_extent(infer, window, axis));
  if (window->auto_pad == OB_PAD_VALID) return size;
  return ob_dim_sub(infer, size, ob_dim_add(infer, window->pads[axis], window->pads[axis + window->axes]));
}

/* The output's channels: those of the weight in each group. */
static ob_dim_t channels(ob_infer_t *infer, const ob_shape_t *x, const ob_shape_t *w) {
  int64_t group = ob_infer_int_within(infer, "group", 1, 1, INT64_MAX), in;
  if (w->rank < 0) return NULL;
  ob_dim_t found = ob_dim_require_equal(infer, x->dims[1], w->dims[0], "the channels of input and weight");
  if (ob_dim_is_const(found, &in) && in % group != 0)
    ob_infer_fail(infer, "the input has %lld channels, which %lld groups do not divide", (long long)in, (long long)group);
  ob_dim_t out = ob_dim_times(infer, w->dims[1], group);
  if (ob_infer_has(infer, 2)) {
    ob_shape_t bias = ob_infer_shape_of_rank(infer, 2, 1);
    ob_dim_require_equal(infer, out, bias.rank < 0 ? NULL : bias.dims[0], "the output channels of weight and bias");
  }
  return out;
}

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3), w = ob_infer_shape_at_least(infer, 1, 3);
  if (x.rank < 0 && w.rank >= 0) x = ob_shape_of_rank(w.rank);
  if (x.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
  if (w.rank >= 0 && w.rank != x.rank)
    return ob_infer_fail(infer, "the weight has rank %d, expected %d like the input", w.rank, x.rank);
  ob_window_t window;
  ob_dim_t padding[OB_MAX_RANK], asked[OB_MAX_RANK];
  ob_window_read(infer, (size_t)x.rank - 2, &w, &window);
  ob_infer_ints_of(infer, "output_padding", window.axes, ob_dim(infer, 0), padding);
  ob_infer_ints_of(infer, "output_shape", window.axes, NULL, asked);
  ob_shape_t y = ob_shape_of_rank(x.rank);
  y.dims[0] = x.dims[0];
  y.dims[1] = channels(infer, &x, &w);
  for (size_t i = 0; i < window.axes; i++)
    y.dims[i + 2] = asked[i] ? asked[i] : output_size(infer, &window, i, x.dims[i + 2], padding[i]);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &y);
}

const ob_op_t ob_op_ConvTranspose = {
    .name = "ConvTranspose",
    .domain = "",
    .since = 22,
    .flags = OB_OP_CONTRACTION,
    OB_INPUTS(2, OB_PARAM("X", 'T', OB_TYPES_FLOATS), OB_PARAM("W", 'T', OB_TYPES_FLOATS),
              OB_OPTIONAL_PARAM("B", 'T', OB_TYPES_FLOATS)),
    OB_OUTPUTS(1, OB_PARAM("Y", 'T', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_TEXT("auto_pad", "NOTSET"), OB_MAYBE("dilations", INTS), OB_INT("group", 1), OB_MAYBE("kernel_shape", INTS),
                  OB_MAYBE("output_padding", INTS), OB_MAYBE("output_shape", INTS), OB_MAYBE("pads", INTS),
                  OB_MAYBE("strides", INTS)),
    .infer = infer,
    .doc = "the gradient of a convolution: spreads each element over a window",
};
