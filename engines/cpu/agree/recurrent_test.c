/* LSTM, GRU and RNN against `ref`. */
#include "cpu/agree/agree.h"

static void recurrent(ob_rig_t *rig, ob_random_t *random, int64_t gates) {
  static const char *const directions[] = {"forward", "reverse", "bidirectional"};
  const bool lstm = gates == 4;
  const int64_t steps = ob_pick(random, 1, 7), batch = ob_pick(random, 1, 4), input = ob_pick(random, 1, 40);
  const int64_t hidden = ob_pick(random, 1, 40), direction = ob_pick(random, 0, 2), d = direction == 2 ? 2 : 1;
  const bool layout = ob_pick(random, 0, 1) != 0;
  const int x = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(layout ? batch : steps, layout ? steps : batch, input), -1, 1);
  const int w = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(d, gates * hidden, input), -1, 1);
  const int r = ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(d, gates * hidden, hidden), -1, 1);
  const int b = ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(d, 2 * gates * hidden), -1, 1) : OB_LEFT_OUT;
  const int64_t s0 = layout ? batch : d, s1 = layout ? d : batch;
  const int h = ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(s0, s1, hidden), -1, 1) : OB_LEFT_OUT;
  const int c = lstm && ob_pick(random, 0, 1) ? ob_agree_data(rig, random, OB_FLOAT32, OB_DIMS(s0, s1, hidden), -1, 1) : OB_LEFT_OUT;
  const int y = layout ? ob_agree_output(rig, OB_FLOAT32, OB_DIMS(batch, steps, d, hidden))
                       : ob_agree_output(rig, OB_FLOAT32, OB_DIMS(steps, d, batch, hidden));
  const int yh = ob_pick(random, 0, 2) ? ob_agree_output(rig, OB_FLOAT32, OB_DIMS(s0, s1, hidden)) : OB_LEFT_OUT;
  if (lstm) {
    const int yc = ob_pick(random, 0, 2) ? ob_agree_output(rig, OB_FLOAT32, OB_DIMS(s0, s1, hidden)) : OB_LEFT_OUT;
    ob_rig_node(rig, "LSTM", OB_LIST(x, w, r, b, OB_LEFT_OUT, h, c), OB_LIST(y, yh, yc));
  } else {
    ob_rig_node(rig, gates == 3 ? "GRU" : "RNN", OB_LIST(x, w, r, b, OB_LEFT_OUT, h), OB_LIST(y, yh));
    if (gates == 3) ob_rig_int(rig, "linear_before_reset", ob_pick(random, 0, 1));
  }
  ob_rig_int(rig, "hidden_size", hidden);
  ob_rig_int(rig, "layout", layout);
  ob_rig_string(rig, "direction", directions[direction]);
}

static void lstm(ob_rig_t *rig, ob_random_t *random) { recurrent(rig, random, 4); }
static void gru(ob_rig_t *rig, ob_random_t *random) { recurrent(rig, random, 3); }
static void rnn(ob_rig_t *rig, ob_random_t *random) { recurrent(rig, random, 1); }

OB_AGREES(lstm, 60, 1e-5)
OB_AGREES(gru, 60, 1e-5)
OB_AGREES(rnn, 60, 1e-5)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lstm_agrees), cmocka_unit_test(gru_agrees), cmocka_unit_test(rnn_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
