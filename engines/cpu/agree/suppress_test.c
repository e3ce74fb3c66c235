/* NonMaxSuppression against `ref`: its output has as many rows as there are boxes left. */
#include "cpu/agree/agree.h"

static void suppress(ob_rig_t *rig, ob_random_t *random) {
  const int64_t batch = ob_pick(random, 1, 2), classes = ob_pick(random, 1, 4), count = ob_pick(random, 1, 60);
  const bool centered = ob_pick(random, 0, 1) != 0;
  const double most[1] = {(double)ob_pick(random, 0, 30)}, overlap[1] = {0.3}, threshold[1] = {0.25};
  const int boxes = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(batch, count, 4), 0, 10);
  const int scores = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(batch, classes, count), 0, 1);
  float *s = ob_rig_data(rig, scores);
  for (size_t i = 0; i < ob_rig_count(rig, scores); i++) s[i] = rintf(s[i] * 20) / 20; /* so that some are equal */
  const int m = ob_pick(random, 0, 9) ? ob_rig_constant(rig, OB_INT64, OB_DIMS(1), most) : OB_LEFT_OUT;
  const int o = ob_pick(random, 0, 3) ? ob_rig_constant(rig, OB_FLOAT32, OB_DIMS(1), overlap) : OB_LEFT_OUT;
  const int t = ob_pick(random, 0, 1) ? ob_rig_constant(rig, OB_FLOAT32, OB_SCALAR, threshold) : OB_LEFT_OUT;
  const int y = ob_agree_output(rig, OB_INT64, OB_UNKNOWN);
  ob_rig_node(rig, "NonMaxSuppression", OB_LIST(boxes, scores, m, o, t), OB_LIST(y));
  ob_rig_int(rig, "center_point_box", centered);
}

OB_AGREES(suppress, 80, 0)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(suppress_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
