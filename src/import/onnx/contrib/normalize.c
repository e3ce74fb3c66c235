/* Normalisation, with a residual or an embedding in front of it. */
#include "import/onnx/contrib/contrib.h"

typedef struct layer {
  ob_value_t *x, *scale, *bias;
  float epsilon;
  size_t mean_output; /* the one after it is the inverse deviation; 0: neither */
} layer_t;

/* 1 / sqrt(mean(x * x) + epsilon) over the last axes. */
static ob_value_t *inverse_root(ob_contrib_t *c, ob_value_t *x, int64_t axis, float epsilon) {
  int64_t axes[OB_MAX_RANK], rank = ob_contrib_rank(c, x), first = axis < 0 ? axis + rank : axis;
  size_t count = 0;
  for (int64_t i = first < 0 ? 0 : first; i < rank; i++) axes[count++] = i;
  ob_value_t *mean = OB_MAKE(c, "ReduceMean", OB_MAKE(c, "Mul", x, x), ob_contrib_list(c, axes, count));
  if (c->status != OB_OK) return NULL;
  mean = OB_MAKE(c, "Add", mean, ob_contrib_number(c, mean, (double)epsilon));
  return OB_MAKE(c, "Reciprocal", OB_MAKE(c, "Sqrt", mean));
}

static ob_value_t *normalize(ob_contrib_t *c, const layer_t *layer) {
  ob_value_t *out[3];
  size_t count =
      layer->mean_output && (ob_contrib_wants(c, layer->mean_output) || ob_contrib_wants(c, layer->mean_output + 1)) ? 3 : 1;
  ob_contrib_with_own(c, "axis stash_type");
  ob_contrib_with_float(c, "epsilon", layer->epsilon);
  ob_contrib_make_many(c, "LayerNormalization", OB_VALUES(layer->x, layer->scale, layer->bias), out, count);
  for (size_t i = 1; i < count; i++) ob_contrib_give(c, layer->mean_output + i - 1, out[i]);
  return out[0];
}

static ob_value_t *normalize_simplified(ob_contrib_t *c, const layer_t *layer, size_t inverse_output) {
  ob_contrib_with_own(c, "axis stash_type");
  ob_contrib_with_float(c, "epsilon", layer->epsilon);
  ob_value_t *y = OB_MAKE(c, "RMSNormalization", layer->x, layer->scale);
  if (ob_contrib_wants(c, inverse_output))
    ob_contrib_give(c, inverse_output, inverse_root(c, layer->x, ob_contrib_int(c, "axis", -1), layer->epsilon));
  return y;
}

void ob_contrib_layer_norm(ob_contrib_t *c) {
  layer_t layer = {ob_contrib_need(c, 0), ob_contrib_need(c, 1), ob_contrib_input(c, 2), ob_contrib_float(c, "epsilon", 1e-5f), 1};
  ob_contrib_give(c, 0, normalize(c, &layer));
}

void ob_contrib_simplified_layer_norm(ob_contrib_t *c) {
  layer_t layer = {ob_contrib_need(c, 0), ob_contrib_need(c, 1), NULL, ob_contrib_float(c, "epsilon", 1e-5f), 0};
  ob_contrib_give(c, 0, normalize_simplified(c, &layer, 1));
}

void ob_contrib_skip_layer_norm(ob_contrib_t *c) {
  layer_t layer = {.scale = ob_contrib_need(c, 2), .bias = ob_contrib_input(c, 3), .mean_output = 1};
  layer.epsilon = ob_contrib_float(c, "epsilon", 1e-12f);
  layer.x = OB_MAKE(c, "Add", ob_contrib_add(c, ob_contrib_need(c, 0), ob_contrib_input(c, 4)), ob_contrib_need(c, 1));
  ob_contrib_give(c, 0, normalize(c, &layer));
  ob_contrib_give(c, 3, layer.x);
}

void ob_contrib_skip_simplified_layer_norm(ob_contrib_t *c) {
  layer_t layer = {.scale = ob_contrib_need(c, 2), .epsilon = ob_contrib_float(c, "epsilon", 1e-12f)};
  layer.x = OB_MAKE(c, "Add", ob_contrib_add(c, ob_contrib_need(c, 0), ob_contrib_input(c, 3)), ob_contrib_need(c, 1));
  if (ob_contrib_wants(c, 1)) ob_contrib_fail(c, OB_UNSUPPORTED, "output 1 ('mean') has no meaning without a mean");
  ob_contrib_give(c, 0, normalize_simplified(c, &layer, 2));
  ob_contrib_give(c, 3, layer.x);
}

/* ------------------------------------------------------------ embedding */

static ob_value_t *gather(ob_contrib_t *c, ob_value_t *table, ob_value_t *indices) {
  ob_contrib_with_int(c, "axis", 0);
  return OB_MAKE(c, "Gather", table, indices);
}

ob_value_t *ob_contrib_count_mask(ob_contrib_t *c, ob_value_t *ids, ob_value_t *mask) {
  if (!mask) {
    ob_contrib_with_int(c, "to", OB_INT32);
    ob_value_t *zero = OB_MAKE(c, "Cast", ob_contrib_scalar(c, 0));
    return OB_MAKE(c, "Expand", zero, ob_contrib_dim(c, ids, 0));
  }
  ob_value_t *one = ob_contrib_cast(c, ob_contrib_scalar(c, 1), mask->type.dtype);
  ob_value_t *hits = ob_contrib_cast(c, OB_MAKE(c, "Equal", mask, one), OB_INT32);
  ob_contrib_with_int(c, "keepdims", 0);
  return OB_MAKE(c, "ReduceSum", hits, OB_LIST(c, 1));
}

void ob_contrib_embed_layer_norm(ob_contrib_t *c) {
  ob_value_t *ids = ob_contrib_need(c, 0), *segments = ob_contrib_input(c, 1), *positions = ob_contrib_input(c, 8);
  ob_value_t *table = ob_contrib_need(c, 3);
  layer_t layer = {.scale = ob_contrib_need(c, 5), .bias = ob_contrib_need(c, 6)};
  layer.epsilon = ob_contrib_float(c, "epsilon", 1e-12f);
  ob_value_t *place =
      positions ? gather(c, table, positions) : ob_contrib_slice(c, table, OB_LIST(c, 0), ob_contrib_dim(c, ids, 1), 0);
  layer.x = OB_MAKE(c, "Add", gather(c, ob_contrib_need(c, 2), ids), place);
  if (segments) layer.x = OB_MAKE(c, "Add", layer.x, gather(c, ob_contrib_need(c, 4), segments));
  ob_contrib_give(c, 0, normalize(c, &layer));
  if (ob_contrib_wants(c, 1)) ob_contrib_give(c, 1, ob_contrib_count_mask(c, ids, ob_contrib_input(c, 7)));
  ob_contrib_give(c, 2, layer.x);
}

/* ------------------------------------------------------------ groups */

/* GroupNormalization of channels that come last, as ONNX Runtime has it, then x * sigmoid(x) when asked. */
static void group(ob_contrib_t *c, ob_value_t *x, ob_value_t *scale, ob_value_t *bias) {
  bool last = ob_contrib_int(c, "channels_last", 1) != 0;
  int64_t groups = ob_contrib_int(c, "groups", 1);
  if (last) x = ob_contrib_channels_first(c, x);
  if (c->status != OB_OK) return;
  scale = ob_contrib_cast(c, scale, x->type.dtype);
  bias = ob_contrib_cast(c, bias, x->type.dtype);
  ob_contrib_with_int(c, "num_groups", groups);
  ob_contrib_with_float(c, "epsilon", ob_contrib_float(c, "epsilon", 1e-5f));
  ob_value_t *y = OB_MAKE(c, "GroupNormalization", x, scale, bias);
  if (ob_contrib_int(c, "activation", 0) == 1) y = OB_MAKE(c, "Swish", y);
  ob_contrib_give(c, 0, last ? ob_contrib_channels_last(c, y) : y);
}

void ob_contrib_group_norm(ob_contrib_t *c) { group(c, ob_contrib_need(c, 0), ob_contrib_need(c, 1), ob_contrib_need(c, 2)); }

/* The residual may have one element for all places of a channel. */
void ob_contrib_skip_group_norm(ob_contrib_t *c) {
  ob_value_t *x = ob_contrib_need(c, 0), *skip = ob_contrib_need(c, 3);
  if (ob_contrib_rank(c, skip) == 2 && ob_contrib_rank(c, x) == 4) skip = OB_MAKE(c, "Unsqueeze", skip, OB_LIST(c, 1, 2));
  x = ob_contrib_add(c, OB_MAKE(c, "Add", x, skip), ob_contrib_input(c, 4));
  ob_contrib_only(c, "channels_last", 1);
  group(c, x, ob_contrib_need(c, 1), ob_contrib_need(c, 2));
  ob_contrib_give(c, 1, x);
}
