/* RotaryEmbedding: turns pairs of elements of each head by the angle that belongs to the token's position. */
#include "ref/support/index.h"

typedef struct rotary {
  const ob_tensor_t *x, *cosine, *sine, *positions;
  int64_t batch, heads, length, size, turned; /* turned: elements of a head that take part */
  bool interleaved;
} rotary_t;

static ob_status_t begin(const ob_kernel_call_t *call, rotary_t *r) {
  const ob_tensor_t *x = call->inputs[0];
  *r = (rotary_t){.x = x, .cosine = call->inputs[1], .sine = call->inputs[2], .positions = ob_ref_input(call, 3)};
  r->interleaved = ob_kernel_int(call, "interleaved", 0) != 0;
  r->heads = x->rank == 4 ? x->dims[1] : ob_kernel_int(call, "num_heads", 0);
  if ((x->rank != 3 && x->rank != 4) || r->heads < 1 || (x->rank == 3 && x->dims[2] % r->heads != 0))
    return ob_fail(OB_INVALID_ARGUMENT, "an input of rank %d with %lld heads", (int)x->rank, (long long)r->heads);
  r->batch = x->dims[0];
  r->length = x->rank == 4 ? x->dims[2] : x->dims[1];
  r->size = x->rank == 4 ? x->dims[3] : x->dims[2] / r->heads;
  r->turned = ob_kernel_int(call, "rotary_embedding_dim", 0);
  if (r->turned == 0) r->turned = r->size;
  int32_t rank = r->positions ? 2 : 3;
  bool fit = r->turned > 0 && r->turned <= r->size && r->turned % 2 == 0 && r->cosine->rank == rank && r->cosine->dims[rank - 1] == r->turned / 2;
  if (fit && !r->positions) fit = r->cosine->dims[0] == r->batch && r->cosine->dims[1] == r->length;
  if (fit && r->positions) fit = ob_tensor_count(r->positions) == (size_t)(r->batch * r->length);
  if (!fit) return ob_fail(OB_INVALID_ARGUMENT, "caches or position_ids do not fit %lld turned elements", (long long)r->turned);
  return ob_ref_same_shape(r->cosine, r->sine, "cos_cache and sin_cache");
}

static ob_status_t turn(const rotary_t *r, ob_tensor_t *y, int64_t b, int64_t head, int64_t t) {
  int64_t half = r->turned / 2, row = b * r->length + t;
  if (r->positions) OB_TRY(ob_ref_index(r->positions, (size_t)row, 0, r->cosine->dims[0], &row));
  int64_t base = r->x->rank == 4 ? ((b * r->heads + head) * r->length + t) * r->size : ((b * r->length + t) * r->heads + head) * r->size;
  for (int64_t i = 0; i < half; i++) {
    size_t first = (size_t)(base + (r->interleaved ? 2 * i : i)), second = (size_t)(base + (r->interleaved ? 2 * i + 1 : i + half));
    double a = ob_ref_get(r->x->dtype, r->x->data, first), c = ob_ref_get(r->x->dtype, r->x->data, second);
    double cosine = ob_ref_get(r->cosine->dtype, r->cosine->data, (size_t)(row * half + i));
    double sine = ob_ref_get(r->sine->dtype, r->sine->data, (size_t)(row * half + i));
    ob_ref_set(y->dtype, y->data, first, cosine * a - sine * c);
    ob_ref_set(y->dtype, y->data, second, sine * a + cosine * c);
  }
  ob_ref_copy(y->dtype, y->data, (size_t)(base + r->turned), r->x->data, (size_t)(base + r->turned), (size_t)(r->size - r->turned));
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  rotary_t r;
  OB_TRY(begin(call, &r));
  OB_TRY(ob_ref_same_shape(r.x, call->outputs[0], "input and output"));
  for (int64_t b = 0; b < r.batch; b++)
    for (int64_t head = 0; head < r.heads; head++)
      for (int64_t t = 0; t < r.length; t++) OB_TRY(turn(&r, call->outputs[0], b, head, t));
  return OB_OK;
}

const ob_kernel_t ob_ref_RotaryEmbedding = {.op = "RotaryEmbedding", .domain = "", .run = run};
