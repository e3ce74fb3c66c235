/* Losses of classes: what NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss have in common. */
#include "op/loss.h"

ob_status_t ob_infer_loss(ob_infer_t *infer) {
  static const char *const words[] = {"mean", "sum", "none", NULL};
  ob_shape_t scores = ob_infer_shape_at_least(infer, 0, 2), target = ob_infer_shape(infer, 1);
  ob_shape_t weight = ob_infer_shape_of_rank(infer, 2, 1), scalar = ob_shape_of_rank(0);
  bool reduced = ob_infer_word(infer, "reduction", "mean", words) != words[2];
  if (scores.rank >= 0 && target.rank >= 0) {
    if (target.rank != scores.rank - 1)
      return ob_infer_fail(infer, "the targets have rank %d, expected %d", target.rank, scores.rank - 1);
    for (int32_t i = 0; i < target.rank; i++)
      ob_dim_require_equal(infer, target.dims[i], scores.dims[i == 0 ? 0 : i + 1], "sizes of targets and scores");
  }
  if (scores.rank >= 0 && weight.rank == 1) ob_dim_require_equal(infer, scores.dims[1], weight.dims[0], "classes and weights");
  return ob_infer_set(infer, 0, OB_UNDEFINED, reduced ? &scalar : &target);
}
