/* DequantizeLinear with a scale for each block of the last axis becomes (x - zero point) * scale on a view that has the blocks as
 * an axis: what every engine computes. Elements of 4 and 2 bits become bytes, once, when they are constant. */
#include "base/dtype.h"
#include "pass/build.h"
#include "pass/match.h"

/* [.., blocks] gets an axis for the elements of a block. */
static ob_value_t *by_block(ob_build_t *b, ob_value_t *value) {
  int64_t last = -1;
  value = ob_build_cast(b, value, OB_FLOAT32);
  return OB_BUILD(b, "Unsqueeze", value, ob_build_list(b, &last, 1));
}

/* As bytes, which engines read. */
static ob_value_t *as_bytes(ob_build_t *b, ob_value_t *value) {
  ob_dtype_t dtype = value->type.dtype;
  if (dtype == OB_UINT4 || dtype == OB_UINT2) return ob_build_cast(b, value, OB_UINT8);
  return dtype == OB_INT4 || dtype == OB_INT2 ? ob_build_cast(b, value, OB_INT8) : value;
}

static bool is_small_integer(const ob_value_t *value) {
  const uint64_t small = OB_DTYPE_BIT(OB_UINT4) | OB_DTYPE_BIT(OB_INT4) | OB_DTYPE_BIT(OB_UINT2) | OB_DTYPE_BIT(OB_INT2);
  if (OB_DTYPE_BIT(value->type.dtype) & small) return value->constant != NULL;
  return value->type.dtype == OB_UINT8 || value->type.dtype == OB_INT8;
}

/* Sizes of the last axis and of a block of it; false where this is not for us. */
static bool read_sizes(const ob_node_t *node, int64_t *size, int64_t *block) {
  int64_t axis;
  const ob_value_t *x = node->inputs[0], *scale = node->inputs[1], *zero = node->input_count > 2 ? node->inputs[2] : NULL;
  int32_t rank = x->type.rank;
  if (ob_node_int(node, "block_size", 0, block) != OB_OK || ob_node_int(node, "axis", 1, &axis) != OB_OK || *block < 1)
    return false;
  if (rank < 1 || rank >= OB_MAX_RANK || (axis != rank - 1 && axis != -1) || scale->type.dtype != OB_FLOAT32) return false;
  if (!is_small_integer(x) || (zero && !is_small_integer(zero))) return false;
  return ob_expr_is_const(x->type.dims[rank - 1], size) && *size % *block == 0 && node->outputs[0]->type.dtype == OB_FLOAT32;
}

static ob_status_t expand(ob_match_t *m, ob_node_t *node, bool *changed) {
  int64_t size, block, split[OB_MAX_RANK] = {0}, whole[OB_MAX_RANK] = {0}; /* 0: as it is */
  ob_build_t b = {.graph = m->graph, .near = node};
  ob_node_t *made;
  if (!ob_match_is(node, "DequantizeLinear") || node->input_count < 2 || !node->inputs[1] || !read_sizes(node, &size, &block))
    return OB_OK;
  size_t rank = (size_t)node->inputs[0]->type.rank;
  split[rank - 1] = size / block;
  split[rank] = block;
  whole[rank - 1] = size;
  if (size == 0) return OB_OK;
  *changed = true;
  ob_value_t *x = OB_BUILD(&b, "Reshape", as_bytes(&b, node->inputs[0]), ob_build_list(&b, split, rank + 1));
  if (b.status == OB_OK) x = ob_build_cast(&b, x, OB_FLOAT32);
  if (node->input_count > 2 && node->inputs[2]) {
    ob_value_t *zero = as_bytes(&b, node->inputs[2]);
    if (b.status == OB_OK) zero = by_block(&b, zero);
    x = OB_BUILD(&b, "Sub", x, zero);
  }
  ob_value_t *scale = b.status == OB_OK ? by_block(&b, node->inputs[1]) : NULL;
  x = OB_BUILD(&b, "Mul", x, scale);
  ob_value_t *inputs[2] = {x, ob_build_list(&b, whole, rank)};
  OB_TRY(b.status);
  return ob_match_put(node, "Reshape", inputs, 2, &made);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, expand, changed);
}

const ob_pass_t ob_pass_expand_blocks = {"expand_blocks", "makes arithmetic of quantisation in blocks", run};
