/* CastMap: the values of a map of integers, in the order of the keys or each at its key. */
#include <string.h>

#include "ref/ml/ml.h"

typedef struct map {
  const int64_t *keys;
  const ob_tensor_t *values;
  size_t count;
} map_t;

/* Value `at` as the output's element `to`. */
static ob_status_t convert(const ob_kernel_call_t *call, const map_t *map, size_t at, size_t to) {
  ob_tensor_t *y = call->outputs[0];
  const ob_tensor_t *from = map->values;
  if (from->dtype == y->dtype) {
    ob_ref_copy(from->dtype, y->data, to, from->data, at, 1);
    return OB_OK;
  }
  if (y->dtype == OB_STRING) return ob_ref_number_to_string(call, from, at, (ob_string_t *)y->data + to);
  if (from->dtype == OB_STRING) return ob_ref_string_to_number((const ob_string_t *)from->data + at, y, to);
  ob_ref_set(y->dtype, y->data, to, ob_ref_get(from->dtype, from->data, at));
  return OB_OK;
}

/* The entry with the smallest key above `after`; map->count: none. */
static size_t next_entry(const map_t *map, const int64_t *after) {
  size_t found = map->count;
  for (size_t i = 0; i < map->count; i++)
    if ((!after || map->keys[i] > *after) && (found == map->count || map->keys[i] < map->keys[found])) found = i;
  return found;
}

static ob_status_t run_dense(const ob_kernel_call_t *call, const map_t *map) {
  const int64_t *after = NULL;
  OB_TRY(ob_kernel_allocate(call, 0, 2, (const int64_t[]){1, (int64_t)map->count}));
  for (size_t to = 0; to < map->count; to++) {
    size_t at = next_entry(map, after);
    if (at == map->count) return ob_fail(OB_INVALID_ARGUMENT, "a key is twice in the map");
    OB_TRY(convert(call, map, at, to));
    after = &map->keys[at];
  }
  return OB_OK;
}

/* What no key stands for is 0; as a string, "0.f", as ONNX Runtime has it. */
static ob_status_t run_sparse(const ob_kernel_call_t *call, const map_t *map) {
  int64_t length = ob_kernel_int(call, "max_map", 1);
  OB_TRY(ob_kernel_allocate(call, 0, 2, (const int64_t[]){1, length}));
  ob_tensor_t *y = call->outputs[0];
  for (int64_t i = 0; i < length; i++) {
    if (y->dtype == OB_STRING)
      ((ob_string_t *)y->data)[i] = (ob_string_t){"0.f", 3};
    else
      ob_ref_zero(y->dtype, y->data, (size_t)i, 1);
  }
  for (size_t i = 0; i < map->count; i++) {
    if (map->keys[i] < 0 || map->keys[i] >= length)
      return ob_fail(OB_OUT_OF_RANGE, "key %lld of the map, expected 0 to %lld ('max_map')", (long long)map->keys[i], (long long)length - 1);
    OB_TRY(convert(call, map, i, (size_t)map->keys[i]));
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *items = call->inputs[0]->items;
  const map_t map = {items[0].data, &items[1], ob_tensor_count(&items[0])};
  if (ob_tensor_count(map.values) != map.count) return ob_fail(OB_INVALID_ARGUMENT, "the map has not as many values as keys");
  return strcmp(ob_kernel_string(call, "map_form", "DENSE"), "SPARSE") == 0 ? run_sparse(call, &map) : run_dense(call, &map);
}

const ob_kernel_t ob_ref_ml_CastMap = {.op = "CastMap", .domain = "ai.onnx.ml", .run = run};
