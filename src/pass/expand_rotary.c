/* RotaryEmbedding becomes products and sums of the halves of each head: only the oracle has it whole. */
#include "pass/build.h"
#include "pass/match.h"

typedef struct rotary {
  ob_build_t b;
  ob_value_t *x, *cosines, *sines, *positions;
  int64_t heads, size, turned; /* turned: elements of a head that take part */
  bool pairs;                  /* neighbours turn together; else the halves do */
} rotary_t;

static bool is_plain(const ob_node_t *node, rotary_t *r) {
  int64_t last, pairs;
  if (node->input_count < 3 || !node->inputs[1] || !node->inputs[2]) return false;
  r->x = node->inputs[0];
  r->cosines = node->inputs[1];
  r->sines = node->inputs[2];
  r->positions = node->input_count > 3 ? node->inputs[3] : NULL;
  int32_t rank = r->x->type.rank, cache_rank = r->positions ? 2 : 3;
  if (r->x->type.dtype != OB_FLOAT32 || (rank != 3 && rank != 4) || r->cosines->type.rank != cache_rank ||
      r->sines->type.rank != cache_rank)
    return false;
  if (!ob_expr_is_const(r->x->type.dims[rank - 1], &last) || last < 1) return false;
  if (rank == 4 ? !ob_expr_is_const(r->x->type.dims[1], &r->heads) : ob_node_int(node, "num_heads", 0, &r->heads) != OB_OK)
    return false;
  if (r->heads < 1 || (rank == 3 && last % r->heads != 0)) return false;
  r->size = rank == 4 ? last : last / r->heads;
  if (ob_node_int(node, "rotary_embedding_dim", 0, &r->turned) != OB_OK || ob_node_int(node, "interleaved", 0, &pairs) != OB_OK)
    return false;
  if (r->turned == 0) r->turned = r->size;
  r->pairs = pairs != 0;
  return r->turned > 0 && r->turned <= r->size && r->turned % 2 == 0 &&
         ob_expr_is(r->cosines->type.dims[cache_rank - 1], r->turned / 2) &&
         ob_expr_is(r->sines->type.dims[cache_rank - 1], r->turned / 2);
}

/* Numbers of the cache for each place, with an axis for the heads, and with pairs one for the two. */
static ob_value_t *angles(rotary_t *r, ob_value_t *cache) {
  ob_build_t *b = &r->b;
  int64_t heads = r->x->type.rank == 4 ? 1 : 2, last = -1;
  if (r->positions) cache = OB_BUILD(b, "Gather", cache, r->positions);
  cache = OB_BUILD(b, "Unsqueeze", cache, ob_build_list(b, &heads, 1));
  return r->pairs ? OB_BUILD(b, "Unsqueeze", cache, ob_build_list(b, &last, 1)) : cache;
}

/* Elements from `start` to before `end` of the last axis. */
static ob_value_t *part(ob_build_t *b, ob_value_t *x, int64_t start, int64_t end) {
  int64_t last = -1;
  ob_value_t *from = ob_build_list(b, &start, 1), *to = ob_build_list(b, &end, 1);
  return OB_BUILD(b, "Slice", x, from, to, ob_build_list(b, &last, 1));
}

static ob_value_t *join(ob_build_t *b, ob_value_t *left, ob_value_t *right) {
  ob_node_t *node = ob_build_node(b, "Concat", (ob_value_t *[]){left, right}, 2);
  if (b->status == OB_OK) b->status = ob_node_set_int(node, "axis", -1);
  return ob_build_result(b, node);
}

/* x as heads, [.., .., .., turned], turned. */
static ob_value_t *turn(rotary_t *r, ob_value_t *x) {
  ob_build_t *b = &r->b;
  int64_t half = r->pairs ? 1 : r->turned / 2, split[5] = {0, 0, 0, r->turned / 2, 2}, whole[4] = {0, 0, 0, r->turned};
  ob_value_t *cosine = angles(r, r->cosines), *sine = angles(r, r->sines);
  if (r->pairs) x = OB_BUILD(b, "Reshape", x, ob_build_list(b, split, 5));
  ob_value_t *first = part(b, x, 0, half), *second = part(b, x, half, 2 * half);
  ob_value_t *left = OB_BUILD(b, "Sub", OB_BUILD(b, "Mul", first, cosine), OB_BUILD(b, "Mul", second, sine));
  ob_value_t *right = OB_BUILD(b, "Add", OB_BUILD(b, "Mul", first, sine), OB_BUILD(b, "Mul", second, cosine));
  x = join(b, left, right);
  return r->pairs ? OB_BUILD(b, "Reshape", x, ob_build_list(b, whole, 4)) : x;
}

static ob_status_t expand(ob_match_t *m, ob_node_t *node, bool *changed) {
  rotary_t r = {.b = {.graph = m->graph, .near = node}};
  ob_build_t *b = &r.b;
  bool replaced;
  if (!ob_match_is(node, "RotaryEmbedding") || !is_plain(node, &r)) return OB_OK;
  *changed = true;
  bool flat = r.x->type.rank == 3;
  int64_t split[4] = {0, 0, r.heads, r.size}, whole[3] = {0, 0, r.heads * r.size};
  ob_value_t *x = flat ? OB_BUILD(b, "Reshape", r.x, ob_build_list(b, split, 4)) : r.x;
  ob_value_t *y = turn(&r, r.turned < r.size ? part(b, x, 0, r.turned) : x);
  if (r.turned < r.size) y = join(b, y, part(b, x, r.turned, r.size));
  if (flat) y = OB_BUILD(b, "Reshape", y, ob_build_list(b, whole, 3));
  OB_TRY(b->status);
  return ob_rewrite_replace(m->graph, node->outputs[0], y, &replaced);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, expand, changed);
}

const ob_pass_t ob_pass_expand_rotary = {"expand_rotary", "makes products and sums of RotaryEmbedding", run};
