/* Applies functions of numbers to tensors: see map.h. Rows are loaded in pieces of a fixed number of elements. */
#include "ref/support/map.h"

enum { PIECE = 256 };

ob_status_t ob_ref_prepare_in_place(ob_kernel_setup_t *setup) {
  setup->in_place = 0;
  return OB_OK;
}

static ob_status_t refuse(ob_dtype_t dtype) { return ob_fail(OB_UNSUPPORTED, "not for elements of type %s", ob_dtype_name(dtype)); }

ob_status_t ob_ref_map_unary(const ob_kernel_call_t *call, const ob_ref_unary_t *op, const void *arg) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  size_t count = ob_tensor_count(x);
  double reals[PIECE];
  int64_t integers[PIECE];
  bool real = ob_ref_is_real(x->dtype);
  if (real ? !op->real : !op->integer) return refuse(x->dtype);
  if (ob_tensor_count(y) != count) return ob_fail(OB_INVALID_ARGUMENT, "input and output differ in size");
  for (size_t at = 0; at < count; at += PIECE) {
    size_t n = count - at < PIECE ? count - at : PIECE;
    if (real) {
      ob_ref_load(x->dtype, x->data, at, 1, n, reals);
      for (size_t i = 0; i < n; i++) reals[i] = op->real(reals[i], arg);
      ob_ref_store(y->dtype, y->data, at, n, reals);
    } else {
      ob_ref_load_int(x->dtype, x->data, at, 1, n, integers);
      for (size_t i = 0; i < n; i++) integers[i] = op->integer(integers[i], arg);
      ob_ref_store_int(y->dtype, y->data, at, n, integers);
    }
  }
  return OB_OK;
}

/* One piece of a row of two operands. */
typedef struct piece {
  const ob_tensor_t *a, *b;
  size_t a_at, b_at, n;
  int64_t a_step, b_step;
} piece_t;

static piece_t next_piece(const ob_ref_walk_t *walk, const ob_tensor_t *const *operands, size_t done) {
  size_t left = walk->row - done;
  return (piece_t){.a = operands[0],
                   .b = operands[1],
                   .a_at = (size_t)(walk->offsets[0] + (int64_t)done * walk->steps[0]),
                   .b_at = (size_t)(walk->offsets[1] + (int64_t)done * walk->steps[1]),
                   .n = left < PIECE ? left : PIECE,
                   .a_step = walk->steps[0],
                   .b_step = walk->steps[1]};
}

static ob_status_t binary_integers(const piece_t *p, const ob_ref_binary_t *op, ob_tensor_t *y, size_t at) {
  int64_t a[PIECE], b[PIECE];
  bool natural = p->a->dtype == OB_UINT64 && op->natural;
  ob_ref_load_int(p->a->dtype, p->a->data, p->a_at, p->a_step, p->n, a);
  ob_ref_load_int(p->b->dtype, p->b->data, p->b_at, p->b_step, p->n, b);
  for (size_t i = 0; i < p->n; i++) {
    if (op->check) OB_TRY(op->check(p->a->dtype, a[i], b[i]));
    a[i] = natural ? (int64_t)op->natural((uint64_t)a[i], (uint64_t)b[i]) : op->integer(a[i], b[i]);
  }
  ob_ref_store_int(y->dtype, y->data, at, p->n, a);
  return OB_OK;
}

static void binary_reals(const piece_t *p, const ob_ref_binary_t *op, ob_tensor_t *y, size_t at) {
  double a[PIECE], b[PIECE];
  ob_ref_load(p->a->dtype, p->a->data, p->a_at, p->a_step, p->n, a);
  ob_ref_load(p->b->dtype, p->b->data, p->b_at, p->b_step, p->n, b);
  for (size_t i = 0; i < p->n; i++) a[i] = op->real(a[i], b[i]);
  ob_ref_store(y->dtype, y->data, at, p->n, a);
}

static ob_status_t binary(const ob_tensor_t *a, const ob_tensor_t *b, const ob_ref_binary_t *op, ob_tensor_t *y) {
  const ob_tensor_t *operands[2] = {a, b};
  ob_ref_walk_t walk;
  bool real = ob_ref_is_real(a->dtype);
  size_t at = 0;
  if (real ? !op->real : !op->integer) return refuse(a->dtype);
  OB_TRY(ob_ref_walk_begin(&walk, y->rank, y->dims, operands, 2));
  for (; !walk.done; ob_ref_walk_next(&walk)) {
    for (size_t done = 0; done < walk.row; done += PIECE) {
      piece_t piece = next_piece(&walk, operands, done);
      if (real)
        binary_reals(&piece, op, y, at);
      else
        OB_TRY(binary_integers(&piece, op, y, at));
      at += piece.n;
    }
  }
  return OB_OK;
}

/* One operand alone: broadcast to the output. */
static ob_status_t spread(const ob_tensor_t *x, ob_tensor_t *y) {
  ob_ref_walk_t walk;
  size_t at = 0;
  OB_TRY(ob_ref_walk_begin(&walk, y->rank, y->dims, &x, 1));
  for (; !walk.done; ob_ref_walk_next(&walk))
    for (size_t i = 0; i < walk.row; i++)
      ob_ref_copy(y->dtype, y->data, at++, x->data, (size_t)(walk.offsets[0] + (int64_t)i * walk.steps[0]), 1);
  return OB_OK;
}

ob_status_t ob_ref_map_binary(const ob_kernel_call_t *call, const ob_ref_binary_t *op) {
  ob_tensor_t *y = call->outputs[0];
  if (call->node->input_count == 1) return spread(call->inputs[0], y);
  OB_TRY(binary(call->inputs[0], call->inputs[1], op, y));
  for (size_t i = 2; i < call->node->input_count; i++) OB_TRY(binary(y, call->inputs[i], op, y));
  return OB_OK;
}

static ob_status_t relate(const piece_t *p, const ob_ref_relation_t *op, ob_tensor_t *y, size_t at) {
  double ra[PIECE], rb[PIECE];
  int64_t a[PIECE], b[PIECE];
  uint8_t *out = (uint8_t *)y->data + at;
  if (p->a->dtype == OB_STRING) {
    const ob_string_t *s = p->a->data, *t = p->b->data;
    for (size_t i = 0; i < p->n; i++)
      out[i] = op->string(&s[(int64_t)p->a_at + (int64_t)i * p->a_step], &t[(int64_t)p->b_at + (int64_t)i * p->b_step]);
  } else if (ob_ref_is_real(p->a->dtype)) {
    ob_ref_load(p->a->dtype, p->a->data, p->a_at, p->a_step, p->n, ra);
    ob_ref_load(p->b->dtype, p->b->data, p->b_at, p->b_step, p->n, rb);
    for (size_t i = 0; i < p->n; i++) out[i] = op->real(ra[i], rb[i]);
  } else {
    ob_ref_load_int(p->a->dtype, p->a->data, p->a_at, p->a_step, p->n, a);
    ob_ref_load_int(p->b->dtype, p->b->data, p->b_at, p->b_step, p->n, b);
    bool natural = p->a->dtype == OB_UINT64 && op->natural;
    for (size_t i = 0; i < p->n; i++) out[i] = natural ? op->natural((uint64_t)a[i], (uint64_t)b[i]) : op->integer(a[i], b[i]);
  }
  return OB_OK;
}

ob_status_t ob_ref_map_relation(const ob_kernel_call_t *call, const ob_ref_relation_t *op) {
  const ob_tensor_t *operands[2] = {call->inputs[0], call->inputs[1]};
  ob_tensor_t *y = call->outputs[0];
  ob_dtype_t dtype = operands[0]->dtype;
  ob_ref_walk_t walk;
  size_t at = 0;
  if (dtype == OB_STRING ? !op->string : ob_ref_is_real(dtype) ? !op->real : !op->integer) return refuse(dtype);
  OB_TRY(ob_ref_walk_begin(&walk, y->rank, y->dims, operands, 2));
  for (; !walk.done; ob_ref_walk_next(&walk)) {
    for (size_t done = 0; done < walk.row; done += PIECE) {
      piece_t piece = next_piece(&walk, operands, done);
      OB_TRY(relate(&piece, op, y, at));
      at += piece.n;
    }
  }
  return OB_OK;
}
