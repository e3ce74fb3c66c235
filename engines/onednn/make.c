/* A primitive with post-operations behind it: tries to take all fused nodes, and fewer where oneDNN has no fast implementation. */
#include <string.h>

#include "onednn/onednn.h"

static ob_status_t with_attr(const dn_maker_t *maker, const dn_post_t *posts, size_t count, dnnl_primitive_desc_t *pd) {
  dnnl_primitive_attr_t attr;
  *pd = NULL;
  OB_TRY(dn_attr_create(posts, count, &attr));
  dnnl_status_t status = maker->make(maker->self, attr, pd);
  dnnl_primitive_attr_destroy(attr);
  if (status == dnnl_success) return OB_OK;
  *pd = NULL;
  if (status == dnnl_unimplemented || (status == dnnl_invalid_arguments && count > 0)) return OB_OK;
  return dn_check(status, "cannot describe a primitive");
}

/* Slower than what the bare primitive would get? */
static bool is_worse(dnnl_primitive_desc_t pd, const char *bare) {
  if (dn_impl_is_slow(pd)) return true;
  return strstr(dn_impl(pd), "gemm") && !strstr(bare, "gemm");
}

/* Does the primitive see the value under other dims than its own? */
static bool is_reshaped(const dn_maker_t *maker, const ob_value_view_t *value) {
  return maker->rank != dn_rank(maker->plan, value) ||
         memcmp(maker->dims, dn_dims(maker->plan, value), (size_t)maker->rank * sizeof *maker->dims) != 0;
}

/* The operand's dims under the primitive's: as they are behind leading ones, or all of the output's in another shape. */
static bool operand_dims(const dn_maker_t *maker, const ob_value_view_t *operand, const ob_value_view_t *out, int64_t *dims, bool *full) {
  const dn_plan_t *plan = maker->plan;
  int32_t rank = dn_rank(plan, operand), shift = maker->rank - rank;
  const int64_t *own = dn_dims(plan, operand);
  size_t count = dn_count(plan, operand);
  *full = count == dn_count(plan, out);
  if (*full) {
    memcpy(dims, maker->dims, (size_t)maker->rank * sizeof *dims);
    return true;
  }
  for (int32_t d = 0; d < maker->rank; d++) dims[d] = 1;
  if (count == 1) return true;
  if (is_reshaped(maker, out)) { /* only a vector along the last dim means the same */
    dims[maker->rank - 1] = maker->dims[maker->rank - 1];
    return rank > 0 && own[rank - 1] == dims[maker->rank - 1] && count == (size_t)own[rank - 1];
  }
  if (shift < 0) return false;
  for (int32_t d = 0; d < rank; d++) dims[d + shift] = own[d];
  return true;
}

/* Where the operand of a post-operation lies; *ok false when it can't be one. */
static ob_status_t read_operand(const dn_maker_t *maker, const dn_fused_t *fused, dn_md_t dst, dn_ref_t *ref, bool *full, bool *ok) {
  dn_plan_t *plan = maker->plan;
  const ob_value_view_t *operand = plan->binding->region->values[fused->operand];
  int64_t dims[DN_MAX_RANK];
  *ok = operand_dims(maker, operand, fused->node->outputs[0], dims, full);
  if (!*ok) return OB_OK;
  bool same_rank = dn_rank(plan, operand) == maker->rank;
  if (*full && same_rank) return dn_read_as(plan, fused->operand, dst, ref);
  OB_TRY(dn_read_plain(plan, fused->operand, maker->rank, dims, ref));
  *ok = !*full || dn_md_is_plain(dst);
  return OB_OK;
}

typedef struct posts {
  dn_post_t items[DN_MAX_POSTS];
  size_t count;
} posts_t;

static bool may_sum(const dn_maker_t *maker, const dn_fused_t *fused, dn_ref_t ref) {
  const ob_value_view_t *out = fused->node->outputs[0];
  return fused->algorithm == dnnl_binary_add && dn_may_overwrite(maker->plan, ref) && !(out->is_output && dn_md_is_plain(ref.md)) &&
         maker->plan->values[fused->operand].main.buffer == ref.buffer;
}

static ob_status_t collect(const dn_maker_t *maker, const dn_op_t *op, size_t fused_count, dn_md_t dst, posts_t *posts,
                           dn_made_t *made, bool *ok) {
  *ok = true;
  made->needs_dst = false;
  *posts = (posts_t){.count = 0};
  made->arg_count = 0;
  made->sums = false;
  for (size_t f = 0; f < fused_count && *ok; f++) {
    const dn_fused_t *fused = &op->fused[f];
    dn_post_t *post = &posts->items[posts->count++];
    *post = (dn_post_t){.kind = DN_POST_ELTWISE, .algorithm = fused->algorithm, .alpha = fused->alpha, .beta = fused->beta};
    if (!fused->binary) continue;
    dn_ref_t ref;
    bool full = false;
    OB_TRY(read_operand(maker, fused, dst, &ref, &full, ok));
    if (!*ok) return OB_OK;
    made->needs_dst |= full;
    if (f == 0 && full && dn_md_equal(ref.md, dst) && may_sum(maker, fused, ref)) {
      *post = (dn_post_t){.kind = DN_POST_SUM};
      made->sums = true;
      made->dst = ref;
      continue;
    }
    *post = (dn_post_t){.kind = DN_POST_BINARY, .algorithm = fused->algorithm, .md = ref.md};
    made->args[made->arg_count++] =
        (dn_arg_t){DNNL_ARG_ATTR_MULTIPLE_POST_OP((int)f) | DNNL_ARG_SRC_1, ref.md, ref.buffer};
  }
  return OB_OK;
}

static bool has_binary(const dn_op_t *op, size_t count) {
  for (size_t f = 0; f < count; f++)
    if (op->fused[f].binary) return true;
  return false;
}

/* All fused nodes at once, where the layout of the destination is known beforehand and the implementation is good by itself: so it is most of
 * the time, and nothing else has to be described. */
static ob_status_t make_whole(const dn_maker_t *maker, const dn_op_t *op, dn_made_t *made, bool *done) {
  posts_t posts;
  dnnl_primitive_desc_t pd = NULL;
  bool ok;
  *done = false;
  if (op->fused_count == 0 || (!maker->dst && has_binary(op, op->fused_count))) return OB_OK;
  OB_TRY(collect(maker, op, op->fused_count, maker->dst, &posts, made, &ok));
  if (ok) OB_TRY(with_attr(maker, posts.items, posts.count, &pd));
  if (!pd) return OB_OK;
  *done = !is_worse(pd, "") && (!made->needs_dst || dn_md_equal(dn_query(pd, dnnl_query_dst_md, 0), maker->dst));
  if (*done) made->pd = pd;
  else dnnl_primitive_desc_destroy(pd);
  return OB_OK;
}

ob_status_t dn_make(const dn_maker_t *maker, const dn_op_t *op, dn_made_t *made) {
  dnnl_primitive_desc_t bare = NULL, pd = NULL;
  char bare_impl[64] = "";
  posts_t posts = {.count = 0};
  ob_status_t status = OB_OK;
  bool done;
  *made = (dn_made_t){.fused = op->fused_count};
  OB_TRY(make_whole(maker, op, made, &done));
  if (done) return OB_OK;
  if (op->fused_count > 0) {
    OB_TRY(with_attr(maker, NULL, 0, &bare));
    if (!bare) return ob_fail(OB_UNSUPPORTED, "node '%s': oneDNN has no implementation of this %s", ob_quote(op->node->name), op->node->op);
    strncpy(bare_impl, dn_impl(bare), sizeof bare_impl - 1);
  }
  dn_md_t dst = NULL; /* operands that are reordered for it may outlive `bare` */
  if (has_binary(op, op->fused_count)) status = dn_md_keep(maker->plan->store, dn_query(bare, dnnl_query_dst_md, 0), &dst);
  bool stop = false;
  for (size_t count = op->fused_count; !stop && status == OB_OK; count--) {
    stop = count == 0;
    if (count > 0 && op->fused[count - 1].result == DN_NONE) continue; /* not between two parts of a function */
    bool ok;
    status = collect(maker, op, count, dst, &posts, made, &ok);
    if (status != OB_OK || !ok) continue;
    status = with_attr(maker, posts.items, posts.count, &pd);
    if (status != OB_OK || !pd) continue;
    if (made->needs_dst && !dn_md_equal(dn_query(pd, dnnl_query_dst_md, 0), dst)) { /* its operands lie otherwise */
      dnnl_primitive_desc_destroy(pd);
      pd = NULL;
      continue;
    }
    made->fused = count;
    if (count == 0 || !is_worse(pd, bare_impl)) break;
    if (dn_impl_is_slow(bare)) break; /* nothing to gain from fewer */
    dnnl_primitive_desc_destroy(pd);
    pd = NULL;
  }
  if (bare) dnnl_primitive_desc_destroy(bare);
  if (status != OB_OK) return status;
  if (!pd) return ob_fail(OB_UNSUPPORTED, "node '%s': oneDNN has no implementation of this %s", ob_quote(op->node->name), op->node->op);
  made->pd = pd;
  made->slow = dn_impl_is_slow(pd);
  return OB_OK;
}

static ob_status_t place(const dn_maker_t *maker, const dn_op_t *op, dn_made_t *made) {
  dn_plan_t *plan = maker->plan;
  uint32_t value = made->fused > 0 ? op->fused[made->fused - 1].result : op->base;
  const ob_value_view_t *view = plan->binding->region->values[value];
  if (made->sums) return dn_write_over(plan, value, made->dst);
  OB_TRY(dn_write(plan, value, dn_query(made->pd, dnnl_query_dst_md, 0), &made->dst));
  if (!is_reshaped(maker, view)) return OB_OK;
  const int64_t one = 1; /* another shape of the same plain memory */
  int32_t rank = dn_rank(plan, view);
  return dn_md_strided(plan->store, rank > 0 ? rank : 1, rank > 0 ? dn_dims(plan, view) : &one, NULL, &plan->values[value].main.md);
}

ob_status_t dn_made_step(const dn_maker_t *maker, const dn_op_t *op, dn_made_t *made, const dn_arg_t *args, size_t count) {
  dn_plan_t *plan = maker->plan;
  dn_arg_t all[DN_MAX_ARGS];
  const char *text;
  ob_status_t status = place(maker, op, made);
  if (status == OB_OK) status = dn_op_text(plan, op, made->fused, &text);
  if (status != OB_OK) {
    dnnl_primitive_desc_destroy(made->pd);
    return status;
  }
  memcpy(all, args, count * sizeof *args);
  all[count++] = (dn_arg_t){DNNL_ARG_DST, made->dst.md, made->dst.buffer};
  memcpy(all + count, made->args, made->arg_count * sizeof *args);
  OB_TRY(dn_step(plan, made->pd, all, count + made->arg_count, text));
  return dn_finish(plan, op, made->fused);
}

ob_status_t dn_finish(dn_plan_t *plan, const dn_op_t *op, size_t fused) {
  for (size_t f = fused; f < op->fused_count; f++) {
    const dn_fused_t *first = &op->fused[f];
    uint32_t from = f > 0 ? op->fused[f - 1].result : op->base, to;
    plan->buffers.items[plan->values[from].main.buffer].pending++; /* the program did not count values inside of an op */
    if (first->binary) {
      to = first->result;
      OB_TRY(dn_plan_binary(plan, from, first->operand, to, first->algorithm, NULL, first->node->op));
    } else {
      dn_function_t function = {.count = 0};
      for (;; f++) {
        function.part[function.count].algorithm = op->fused[f].algorithm;
        function.part[function.count].alpha = op->fused[f].alpha;
        function.part[function.count++].beta = op->fused[f].beta;
        if (op->fused[f].result != DN_NONE) break;
      }
      to = op->fused[f].result;
      OB_TRY(dn_plan_eltwise(plan, from, to, &function, first->node->op));
    }
    plan->buffers.items[plan->values[from].main.buffer].pending--;
  }
  return OB_OK;
}
