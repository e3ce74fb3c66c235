/* Recurrent layers: LSTM, GRU and RNN differ in the number of gates and in the cell state. */
#include "op/recurrent.h"

#include <string.h>

typedef struct sizes {
  ob_dim_t sequence, batch, input, hidden, directions;
  bool batch_first;
} sizes_t;

/* An input whose sizes are all determined by others. */
static void check(ob_infer_t *infer, size_t index, int32_t rank, ob_dim_t d0, ob_dim_t d1, ob_dim_t d2, const char *what) {
  const ob_dim_t expected[] = {d0, d1, d2};
  if (!ob_infer_has(infer, index)) return;
  ob_shape_t shape = ob_infer_shape_of_rank(infer, index, rank);
  for (int32_t i = 0; i < rank && infer->status == OB_OK; i++) ob_dim_require_equal(infer, shape.dims[i], expected[i], what);
}

static sizes_t read_sizes(ob_infer_t *infer) {
  static const char *const words[] = {"forward", "reverse", "bidirectional", NULL};
  ob_shape_t x = ob_infer_shape_of_rank(infer, 0, 3), r = ob_infer_shape_of_rank(infer, 2, 3);
  sizes_t sizes = {.batch_first = ob_infer_int_within(infer, "layout", 0, 0, 1) != 0};
  bool both = strcmp(ob_infer_word(infer, "direction", "forward", words), "bidirectional") == 0;
  sizes.directions = ob_dim(infer, both ? 2 : 1);
  sizes.sequence = x.dims[sizes.batch_first ? 1 : 0];
  sizes.batch = x.dims[sizes.batch_first ? 0 : 1];
  sizes.input = x.dims[2];
  sizes.hidden = r.dims[2];
  if (ob_infer_stated(infer, "hidden_size"))
    sizes.hidden = ob_dim_require_equal(infer, sizes.hidden, ob_dim(infer, ob_infer_int(infer, "hidden_size", 0)),
                                        "hidden_size and the size of R");
  return sizes;
}

static void check_inputs(ob_infer_t *infer, const sizes_t *s, int64_t gates, bool cell) {
  ob_dim_t rows = ob_dim_times(infer, s->hidden, gates);
  check(infer, 1, 3, s->directions, rows, s->input, "sizes of W");
  check(infer, 2, 3, s->directions, rows, s->hidden, "sizes of R");
  check(infer, 3, 2, s->directions, ob_dim_times(infer, rows, 2), NULL, "sizes of B");
  check(infer, 4, 1, s->batch, NULL, NULL, "sizes of sequence_lens");
  ob_dim_t d0 = s->batch_first ? s->batch : s->directions, d1 = s->batch_first ? s->directions : s->batch;
  check(infer, 5, 3, d0, d1, s->hidden, "sizes of initial_h");
  if (!cell) return;
  check(infer, 6, 3, d0, d1, s->hidden, "sizes of initial_c");
  check(infer, 7, 2, s->directions, ob_dim_times(infer, s->hidden, 3), NULL, "sizes of P");
}

ob_status_t ob_infer_recurrent(ob_infer_t *infer, int64_t gates, bool cell) {
  sizes_t s = read_sizes(infer);
  check_inputs(infer, &s, gates, cell);
  ob_shape_t all = ob_shape_of(4, (ob_dim_t[]){s.sequence, s.directions, s.batch, s.hidden});
  ob_shape_t last = ob_shape_of(3, (ob_dim_t[]){s.directions, s.batch, s.hidden});
  if (s.batch_first) {
    all = ob_shape_of(4, (ob_dim_t[]){s.batch, s.sequence, s.directions, s.hidden});
    last = ob_shape_of(3, (ob_dim_t[]){s.batch, s.directions, s.hidden});
  }
  OB_TRY(ob_infer_set(infer, 0, OB_UNDEFINED, &all));
  OB_TRY(ob_infer_set(infer, 1, OB_UNDEFINED, &last));
  return cell ? ob_infer_set(infer, 2, OB_UNDEFINED, &last) : infer->status;
}
