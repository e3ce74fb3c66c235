/* STFT: Fourier transforms of frames of a signal. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  ob_shape_t signal = ob_infer_shape_at_least(infer, 0, 2), window = ob_infer_shape_of_rank(infer, 2, 1);
  bool onesided = ob_infer_int_within(infer, "onesided", 1, 0, 1) != 0;
  ob_dim_t step = ob_infer_scalar(infer, 1), length = ob_infer_scalar(infer, 3), samples = signal.rank < 0 ? NULL : signal.dims[1];
  int64_t number;
  if (ob_dim_is_const(step, &number) && number < 1)
    return ob_infer_fail(infer, "frame_step is %lld, expected 1 or more", (long long)number);
  if (!ob_infer_has(infer, 3))
    length = ob_infer_has(infer, 2) ? window.dims[0] : samples;
  else if (ob_infer_has(infer, 2))
    length = ob_dim_require_equal(infer, length, window.dims[0], "frame_length and the size of the window");
  ob_dim_t frames = ob_dim_plus(infer, ob_dim_make(infer, OB_EXPR_FLOORDIV, ob_dim_sub(infer, samples, length), step), 1);
  if (onesided) length = ob_dim_plus(infer, ob_dim_make(infer, OB_EXPR_FLOORDIV, length, ob_dim(infer, 2)), 1);
  ob_shape_t shape = ob_shape_of(4, (ob_dim_t[]){signal.rank < 0 ? NULL : signal.dims[0], frames, length, ob_dim(infer, 2)});
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_STFT = {
    .name = "STFT",
    .domain = "",
    .since = 17,
    OB_INPUTS(2, OB_PARAM("signal", '1', OB_TYPES_FLOATS), OB_PARAM("frame_step", '2', OB_TYPES_INDEX),
              OB_OPTIONAL_PARAM("window", '1', OB_TYPES_FLOATS), OB_OPTIONAL_PARAM("frame_length", '2', OB_TYPES_INDEX)),
    OB_OUTPUTS(1, OB_PARAM("output", '1', OB_TYPES_FLOATS)),
    OB_ATTRIBUTES(OB_INT("onesided", 1)),
    .infer = infer,
    .doc = "Fourier transforms of frames of a signal",
};
