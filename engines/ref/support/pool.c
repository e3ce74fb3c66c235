/* Sliding windows for pooling: see pool.h. */
#include "ref/support/pool.h"

#include <string.h>

/* Everything of one window of one channel. `from`: the channel's first element. */
static ob_ref_pool_t one_window(const ob_ref_window_t *w, const ob_ref_pooling_t *p, const ob_tensor_t *x, size_t from, const int64_t *o) {
  ob_ref_pool_t pool = {.value = p->first, .arg = p->arg};
  int64_t k[OB_MAX_RANK] = {0};
  do {
    bool inside = true, counted = true;
    int64_t at = 0;
    for (int32_t i = 0; i < w->rank; i++) {
      int64_t position = ob_ref_window_at(w, i, o[i], k[i]);
      inside = inside && position >= 0 && position < w->in[i];
      counted = counted && position < w->in[i] + w->end[i];
      at = at * w->in[i] + position;
    }
    pool.places += counted;
    pool.taken += inside;
    if (inside) p->take(&pool, ob_ref_get(x->dtype, x->data, from + (size_t)at), (size_t)at);
  } while (ob_ref_next(w->rank, w->kernel, k));
  return pool;
}

/* The index of an element as MaxPool gives it: row-major or, for storage_order 1, column-major in the spatial axes. */
static int64_t storage_index(const ob_ref_window_t *w, size_t at, bool column_major) {
  if (!column_major) return (int64_t)at;
  int64_t index = 0, stride = 1, position[OB_MAX_RANK];
  for (int32_t i = w->rank; i-- > 0; at /= (size_t)w->in[i]) position[i] = (int64_t)(at % (size_t)w->in[i]);
  for (int32_t i = 0; i < w->rank; i++) {
    index += position[i] * stride;
    stride *= w->in[i];
  }
  return index;
}

ob_status_t ob_ref_pool(const ob_kernel_call_t *call, const ob_ref_pooling_t *p) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0], *indices = ob_ref_output(call, 1);
  const ob_tensor_t *shape = y ? y : indices;
  ob_ref_window_t w;
  size_t at = 0;
  OB_TRY(ob_ref_window(call, x, shape, NULL, &w));
  if (shape->dims[0] != x->dims[0] || shape->dims[1] != x->dims[1]) return ob_fail(OB_INVALID_ARGUMENT, "batch or channels differ");
  if (ob_tensor_count(shape) == 0) return OB_OK;
  bool column_major = ob_kernel_int(call, "storage_order", 0) != 0;
  size_t channels = (size_t)x->dims[0] * (size_t)x->dims[1], size = ob_ref_product(x->dims, 2, x->rank);
  for (size_t c = 0; c < channels; c++) {
    int64_t o[OB_MAX_RANK] = {0};
    do {
      ob_ref_pool_t pool = one_window(&w, p, x, c * size, o);
      if (y) ob_ref_set(y->dtype, y->data, at, p->finish(&pool));
      if (indices) ob_ref_set_int(indices->dtype, indices->data, at, (int64_t)(c * size) + storage_index(&w, pool.at, column_major));
      at++;
    } while (ob_ref_next(w.rank, w.out, o));
  }
  return OB_OK;
}
