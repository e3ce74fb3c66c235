/* Attention against `ref`: grouped heads, split and joined ones, caches, masks, windows, lengths. */
#include "cpu/agree/agree.h"

static void attention_of(ob_rig_t *rig, ob_random_t *random, ob_dtype_t t) {
  const int64_t b = ob_pick(random, 1, 2), kv = ob_pick(random, 1, 3), heads = kv * ob_pick(random, 1, 3), d = ob_pick(random, 1, 20), dv = ob_pick(random, 1, 40);
  const int64_t m = ob_pick(random, 0, 5) ? ob_pick(random, 1, 9) : ob_pick(random, 60, 140), n = ob_pick(random, 0, 5) ? ob_pick(random, 1, 20) : 300;
  const bool split = ob_pick(random, 0, 1) != 0, cached = split && ob_pick(random, 0, 1), lengths = !cached && ob_pick(random, 0, 3) == 0;
  const int64_t past = cached ? ob_pick(random, 1, 9) : 0, total = past + n;
  int q, k, v, y;
  if (split) {
    q = ob_agree_data(rig, random, t, OB_DIMS(b, heads, m, d), -1, 1);
    k = ob_agree_data(rig, random, t, OB_DIMS(b, kv, n, d), -1, 1);
    v = ob_agree_data(rig, random, t, OB_DIMS(b, kv, n, dv), -1, 1);
    y = ob_agree_output(rig, t, OB_DIMS(b, heads, m, dv));
  } else {
    q = ob_agree_data(rig, random, t, OB_DIMS(b, m, heads * d), -1, 1);
    k = ob_agree_data(rig, random, t, OB_DIMS(b, n, kv * d), -1, 1);
    v = ob_agree_data(rig, random, t, OB_DIMS(b, n, kv * dv), -1, 1);
    y = ob_agree_output(rig, t, OB_DIMS(b, m, heads * dv));
  }
  const int64_t kind = ob_pick(random, 0, 4);
  int mask = OB_LEFT_OUT, pk = OB_LEFT_OUT, pv = OB_LEFT_OUT, sizes = OB_LEFT_OUT, nk = OB_LEFT_OUT, nv = OB_LEFT_OUT;
  if (kind == 0) mask = ob_agree_data(rig, random, OB_BOOL, OB_DIMS(m, total), 0, 1);
  if (kind == 1) mask = ob_agree_data(rig, random, t, OB_DIMS(1, heads, m, total), -2, 2);
  if (kind == 2) mask = ob_agree_data(rig, random, t, OB_DIMS(b, 1, 1, total - total / 3), -2, 2);
  if (cached) {
    pk = ob_agree_data(rig, random, t, OB_DIMS(b, kv, past, d), -1, 1);
    pv = ob_agree_data(rig, random, t, OB_DIMS(b, kv, past, dv), -1, 1);
  }
  if (split && ob_pick(random, 0, 1)) {
    nk = ob_agree_output(rig, t, OB_DIMS(b, kv, total, d));
    nv = ob_agree_output(rig, t, OB_DIMS(b, kv, total, dv));
  }
  if (lengths) {
    double count[2] = {(double)ob_pick(random, 0, n), (double)n};
    sizes = ob_rig_constant(rig, OB_INT64, OB_DIMS(b), count);
  }
  ob_rig_node(rig, "Attention", OB_LIST(q, k, v, mask, pk, pv, sizes), OB_LIST(y, nk, nv));
  ob_rig_int(rig, "is_causal", ob_pick(random, 0, 1));
  if (!split) ob_rig_int(rig, "q_num_heads", heads);
  if (!split) ob_rig_int(rig, "kv_num_heads", kv);
  if (ob_pick(random, 0, 1)) ob_rig_float(rig, "scale", 0.5f);
  ob_rig_float(rig, "softcap", ob_pick(random, 0, 2) ? 0.0f : 1.5f);
  ob_rig_int(rig, "left_window_size", ob_pick(random, 0, 2) ? -1 : ob_pick(random, 0, 5));
  ob_rig_int(rig, "right_window_size", ob_pick(random, 0, 2) ? -1 : ob_pick(random, 0, 5));
  ob_rig_int(rig, "qk_matmul_output_mode", 0);
}

static void attention(ob_rig_t *rig, ob_random_t *random) { attention_of(rig, random, OB_FLOAT32); }
static void narrow_attention(ob_rig_t *rig, ob_random_t *random) { attention_of(rig, random, OB_FLOAT16); }

OB_AGREES(attention, 100, 1e-5)
OB_AGREES(narrow_attention, 20, 1e-3) /* a step of float16 */

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(attention_agrees), cmocka_unit_test(narrow_attention_agrees)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
