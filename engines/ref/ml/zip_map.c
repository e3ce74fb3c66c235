/* ZipMap: rows as maps from labels to scores. */
#include "ref/ml/ml.h"
#include "ref/support/collection.h"

/* The labels as the keys of each map. */
static ob_status_t make_keys(const ob_kernel_call_t *call, const int64_t *dims, ob_tensor_t *keys) {
  const ob_attribute_view_t *texts = ob_node_attribute(call->node, "classlabels_strings");
  const ob_attribute_view_t *numbers = ob_node_attribute(call->node, "classlabels_int64s");
  bool named = texts && texts->count > 0;
  *keys = (ob_tensor_t){.kind = OB_TENSOR, .dtype = named ? OB_STRING : OB_INT64, .rank = 1, .dims = dims};
  keys->data = (void *)(uintptr_t)(named ? (const void *)texts->strings : (const void *)numbers->ints);
  keys->bytes = (size_t)dims[0] * (named ? sizeof(ob_string_t) : sizeof(int64_t));
  if ((size_t)dims[0] == (named ? texts : numbers)->count) return OB_OK;
  return ob_fail(OB_INVALID_ARGUMENT, "there are %zu labels for %lld columns", (named ? texts : numbers)->count, (long long)dims[0]);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_ref_rows_t in = ob_ref_rows(x);
  int64_t *dims;
  ob_tensor_t *maps, *parts, keys;
  OB_TRY(ob_kernel_memory(call, sizeof *dims, (void **)&dims));
  dims[0] = (int64_t)in.features;
  OB_TRY(make_keys(call, dims, &keys));
  OB_TRY(ob_ref_give_items(call, in.rows, &maps));
  OB_TRY(ob_kernel_memory(call, 2 * in.rows * sizeof *parts, (void **)&parts));
  for (size_t row = 0; row < in.rows; row++) {
    parts[2 * row] = keys;
    parts[2 * row + 1] = (ob_tensor_t){.kind = OB_TENSOR, .dtype = OB_FLOAT32, .rank = 1, .dims = dims,
                                       .data = (float *)x->data + row * in.features, .bytes = in.features * sizeof(float)};
    maps[row] = (ob_tensor_t){.kind = OB_MAP, .dtype = keys.dtype, .items = &parts[2 * row], .item_count = 2};
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ml_ZipMap = {.op = "ZipMap", .domain = "ai.onnx.ml", .run = run};
