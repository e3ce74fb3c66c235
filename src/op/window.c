/* Sliding windows: what convolutions and poolings have in common. */
#include "op/window.h"

#include <string.h>

/* Sizes below 1 divide by zero later, or read in front of a buffer. */
static void check_positive(ob_infer_t *infer, const char *name, size_t count, const ob_dim_t *values) {
  for (size_t i = 0; i < count; i++) {
    int64_t value;
    if (ob_dim_is_const(values[i], &value) && value < 1)
      ob_infer_fail(infer, "'%s' has the element %lld, expected 1 or more", name, (long long)value);
  }
}

static ob_auto_pad_t read_auto_pad(ob_infer_t *infer) {
  static const char *const words[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER", NULL};
  const char *word = ob_infer_word(infer, "auto_pad", "NOTSET", words);
  for (int i = 1; words[i]; i++)
    if (strcmp(word, words[i]) == 0) return (ob_auto_pad_t)i;
  return OB_PAD_NOTSET;
}

static void read_kernel(ob_infer_t *infer, const ob_shape_t *weight, ob_window_t *window) {
  ob_infer_ints_of(infer, "kernel_shape", window->axes, NULL, window->kernel);
  if (weight && weight->rank >= 0)
    for (size_t i = 0; i < window->axes; i++)
      window->kernel[i] =
          ob_dim_require_equal(infer, weight->dims[i + 2], window->kernel[i], "kernel_shape and the weight's sizes");
  check_positive(infer, "kernel_shape", window->axes, window->kernel);
}

void ob_window_read(ob_infer_t *infer, size_t axes, const ob_shape_t *weight, ob_window_t *window) {
  ob_dim_t one = ob_dim(infer, 1);
  *window = (ob_window_t){.axes = axes};
  read_kernel(infer, weight, window);
  ob_infer_ints_of(infer, "strides", axes, one, window->strides);
  check_positive(infer, "strides", axes, window->strides);
  ob_infer_ints_of(infer, "dilations", axes, one, window->dilations);
  check_positive(infer, "dilations", axes, window->dilations);
  ob_infer_ints_of(infer, "pads", 2 * axes, ob_dim(infer, 0), window->pads);
  window->auto_pad = read_auto_pad(infer);
  window->ceil_mode = ob_infer_int(infer, "ceil_mode", 0) != 0;
}

ob_dim_t ob_window_extent(ob_infer_t *infer, const ob_window_t *window, size_t axis) {
  return ob_dim_plus(infer, ob_dim_mul(infer, window->dilations[axis], ob_dim_plus(infer, window->kernel[axis], -1)), 1);
}

/* A last window that would begin behind the input and its front padding does not count (ceil_mode). */
static ob_dim_t drop_last(ob_infer_t *infer, ob_dim_t steps, ob_dim_t stride, ob_dim_t begin, ob_dim_t input) {
  ob_dim_t behind = ob_dim_make(infer, OB_EXPR_LE, ob_dim_add(infer, input, begin), ob_dim_mul(infer, steps, stride));
  return ob_dim_select(infer, behind, ob_dim_plus(infer, steps, -1), steps);
}

ob_dim_t ob_window_places(ob_infer_t *infer, const ob_window_t *window, size_t axis, ob_dim_t input) {
  ob_dim_t stride = window->strides[axis], begin = window->pads[axis], end = window->pads[axis + window->axes];
  if (window->auto_pad >= OB_PAD_SAME_UPPER) return ob_dim_make(infer, OB_EXPR_CEILDIV, input, stride);
  if (window->auto_pad == OB_PAD_VALID) begin = end = ob_dim(infer, 0);
  ob_dim_t padded = ob_dim_add(infer, input, ob_dim_add(infer, begin, end));
  ob_dim_t room = ob_dim_sub(infer, padded, ob_window_extent(infer, window, axis));
  bool ceil_mode = window->ceil_mode && !ob_dim_is(stride, 1);
  ob_dim_t steps = ob_dim_make(infer, ceil_mode ? OB_EXPR_CEILDIV : OB_EXPR_FLOORDIV, room, stride);
  if (ceil_mode) steps = drop_last(infer, steps, stride, begin, input);
  return ob_dim_plus(infer, steps, 1);
}

/* Channels, group and bias fit together; gives the number of output channels. */
static ob_dim_t check_channels(ob_infer_t *infer, const ob_shape_t *x, const ob_shape_t *w, size_t bias) {
  int64_t group = ob_infer_int_within(infer, "group", 1, 1, INT64_MAX), channels;
  if (w->rank < 0) return NULL;
  ob_dim_t wanted = ob_dim_times(infer, w->dims[1], group);
  if (x->rank >= 0) ob_dim_require_equal(infer, x->dims[1], wanted, "the input's channels and those of the weight times group");
  if (ob_dim_is_const(w->dims[0], &channels) && channels % group != 0)
    ob_infer_fail(infer, "the weight has %lld output channels, which %lld groups do not divide", (long long)channels,
                  (long long)group);
  if (ob_infer_has(infer, bias)) {
    ob_shape_t b = ob_infer_shape_of_rank(infer, bias, 1);
    ob_dim_require_equal(infer, w->dims[0], b.rank < 0 ? NULL : b.dims[0], "the output channels of weight and bias");
  }
  return w->dims[0];
}

ob_status_t ob_infer_conv(ob_infer_t *infer, size_t weight, size_t bias) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3), w = ob_infer_shape_at_least(infer, weight, 3);
  if (x.rank < 0 && w.rank < 0) return ob_infer_set(infer, 0, OB_UNDEFINED, &x);
  if (x.rank < 0) x = ob_shape_of_rank(w.rank);
  if (w.rank >= 0 && w.rank != x.rank)
    return ob_infer_fail(infer, "the weight has rank %d, expected %d like the input", w.rank, x.rank);
  ob_window_t window;
  ob_window_read(infer, (size_t)x.rank - 2, &w, &window);
  ob_shape_t y = ob_shape_of_rank(x.rank);
  y.dims[0] = x.dims[0];
  y.dims[1] = check_channels(infer, &x, &w, bias);
  for (size_t i = 0; i < window.axes; i++) y.dims[i + 2] = ob_window_places(infer, &window, i, x.dims[i + 2]);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &y);
}

ob_status_t ob_infer_pool(ob_infer_t *infer) {
  ob_shape_t x = ob_infer_shape_at_least(infer, 0, 3), y = x;
  ob_window_t window;
  if (x.rank >= 0) {
    ob_window_read(infer, (size_t)x.rank - 2, NULL, &window);
    for (size_t i = 0; i < window.axes; i++) y.dims[i + 2] = ob_window_places(infer, &window, i, x.dims[i + 2]);
  }
  for (size_t i = 0; i < infer->node->output_count; i++) OB_TRY(ob_infer_set(infer, i, OB_UNDEFINED, &y));
  return infer->status;
}

ob_status_t ob_infer_global_pool(ob_infer_t *infer) {
  ob_shape_t shape = ob_infer_shape_at_least(infer, 0, 2);
  for (int32_t i = 2; i < shape.rank; i++) shape.dims[i] = ob_dim(infer, 1);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}
