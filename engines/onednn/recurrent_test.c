/* LSTM and GRU against ref: directions, biases, states, outputs that are left out. */
#include "onednn/testing/agree.h"

static void recurrent(ob_rig_t *rig, ob_random_t *random, bool lstm) {
  static const char *const directions[] = {"forward", "reverse", "bidirectional"};
  const int64_t which = dn_pick(random, 0, 2), d = which == 2 ? 2 : 1, gates = lstm ? 4 : 3;
  const int64_t t = dn_pick(random, 2, 9), n = dn_pick(random, 1, 5), in = dn_pick(random, 1, 40), h = dn_pick(random, 1, 48);
  const int x = dn_input(rig, random, OB_DIMS(t, n, in)), w = dn_constant(rig, random, OB_DIMS(d, gates * h, in));
  const int r = dn_constant(rig, random, OB_DIMS(d, gates * h, h));
  const int b = dn_pick(random, 0, 3) ? dn_constant(rig, random, OB_DIMS(d, 2 * gates * h)) : OB_LEFT_OUT;
  const bool initial = dn_pick(random, 0, 1) != 0;
  const int h0 = initial ? dn_input(rig, random, OB_DIMS(d, n, h)) : OB_LEFT_OUT, c0 = initial && lstm ? dn_input(rig, random, OB_DIMS(d, n, h)) : OB_LEFT_OUT;
  const int64_t wanted = dn_pick(random, 0, 3);
  const int y = wanted != 1 ? dn_output(rig, OB_DIMS(t, d, n, h)) : OB_LEFT_OUT, last = wanted != 2 ? dn_output(rig, OB_DIMS(d, n, h)) : OB_LEFT_OUT;
  if (lstm) {
    const int cell = wanted == 3 ? dn_output(rig, OB_DIMS(d, n, h)) : OB_LEFT_OUT;
    ob_rig_node(rig, "LSTM", OB_LIST(x, w, r, b, OB_LEFT_OUT, h0, c0), OB_LIST(y, last, cell));
  } else {
    ob_rig_node(rig, "GRU", OB_LIST(x, w, r, b, OB_LEFT_OUT, h0), OB_LIST(y, last));
    ob_rig_int(rig, "linear_before_reset", dn_pick(random, 0, 1));
  }
  ob_rig_int(rig, "hidden_size", h);
  ob_rig_string(rig, "direction", directions[which]);
}

static void lstm(ob_rig_t *rig, ob_random_t *random) { recurrent(rig, random, true); }
static void gru(ob_rig_t *rig, ob_random_t *random) { recurrent(rig, random, false); }
DN_AGREES(lstm, 60, 1e-5)
DN_AGREES(gru, 60, 1e-5)

/* The layer's product feeds others in the region, and is fed by one. */
static void between(ob_rig_t *rig, ob_random_t *random) {
  const int64_t t = dn_pick(random, 2, 6), n = dn_pick(random, 1, 3), in = 8, h = 16;
  const int raw = dn_input(rig, random, OB_DIMS(t, n, in)), k = dn_constant(rig, random, OB_DIMS(in, in)), x = dn_between(rig, OB_DIMS(t, n, in));
  ob_rig_node(rig, "MatMul", OB_LIST(raw, k), OB_LIST(x));
  const int w = dn_constant(rig, random, OB_DIMS(2, 4 * h, in)), r = dn_constant(rig, random, OB_DIMS(2, 4 * h, h));
  const int y = dn_between(rig, OB_DIMS(t, 2, n, h)), last = dn_between(rig, OB_DIMS(2, n, h));
  ob_rig_node(rig, "LSTM", OB_LIST(x, w, r), OB_LIST(y, last));
  ob_rig_int(rig, "hidden_size", h);
  ob_rig_string(rig, "direction", "bidirectional");
  const int p = dn_constant(rig, random, OB_DIMS(h, 5)), out = dn_output(rig, OB_DIMS(t, 2, n, 5)), end = dn_output(rig, OB_DIMS(2, n, 5));
  ob_rig_node(rig, "MatMul", OB_LIST(y, p), OB_LIST(out));
  ob_rig_node(rig, "MatMul", OB_LIST(last, p), OB_LIST(end));
}
DN_AGREES(between, 20, 1e-5)

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lstm_agrees), cmocka_unit_test(gru_agrees), cmocka_unit_test(between_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
