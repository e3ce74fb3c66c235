/* Memory for reports: the plan at likely sizes, against all values and the most that live at once. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "runtime/bind.h"
#include "runtime/program.h"
#include "runtime/report.h"

static ob_status_t plan_all(ob_facts_t *facts) {
  const ob_program_t *program = facts->model->program;
  for (uint32_t s = 0; s < program->segment_count; s++) {
    ob_plan_request_t request = {program, s, facts->model->typical, facts->model->threads, false};
    ob_plan_t *plan;
    OB_TRY(ob_plan_acquire(&request, &plan));
    facts->memory.arena_bytes += plan->arena_bytes;
    ob_plan_release(plan);
  }
  return OB_OK;
}

/* Bytes of a value at likely sizes; 0 when that cannot be told. */
static size_t value_bytes(const ob_facts_t *facts, const ob_value_t *value) {
  int64_t dims[OB_MAX_RANK];
  size_t bytes;
  if (!ob_type_is_plain(value->type.kind, value->type.dtype) || value->type.rank < 0) return 0;
  for (int32_t i = 0; i < value->type.rank; i++)
    if (ob_expr_eval(value->type.dims[i], facts->model->typical, &dims[i]) != OB_OK) return 0;
  return ob_tensor_bytes(value->type.dtype, value->type.rank, dims, &bytes) ? bytes : 0;
}

/* Lifetimes of what each flat node makes: from the node to its last reader. A view lives in what it looks at. */
typedef struct lives {
  uint32_t *last; /* [flat node] */
  uint32_t *root; /* [flat node]: whose memory it looks at */
} lives_t;

static void find_lives(const ob_facts_t *facts, lives_t *lives) {
  for (uint32_t i = 0; i < facts->nodes.count; i++) lives->last[i] = lives->root[i] = i;
  for (size_t e = 0; e < facts->edges.count; e++) {
    const ob_flat_edge_t *edge = &facts->edges.items[e];
    const ob_flat_node_t *to = &facts->nodes.items[edge->to];
    bool view = to->node && (to->node->op->flags & OB_OP_VIEW) && to->node->input_count > 0 && to->node->inputs[0] == edge->value;
    if (view && facts->nodes.items[edge->from].node) lives->root[edge->to] = lives->root[edge->from];
    uint32_t root = lives->root[edge->from];
    if (edge->to > lives->last[root]) lives->last[root] = edge->to;
  }
}

static size_t made_bytes(const ob_facts_t *facts, const ob_flat_node_t *flat) {
  size_t bytes = 0;
  for (size_t o = 0; flat->node && o < flat->node->output_count; o++)
    if (flat->node->outputs[o]) bytes += value_bytes(facts, flat->node->outputs[o]);
  return bytes;
}

static ob_status_t measure(ob_facts_t *facts) {
  lives_t lives;
  int64_t *change; /* [flat node + 1]: bytes that begin or end to live */
  size_t count = facts->nodes.count;
  int64_t alive = 0;
  OB_TRY(OB_ARENA_ARRAY(&facts->arena, count, &lives.last));
  OB_TRY(OB_ARENA_ARRAY(&facts->arena, count, &lives.root));
  OB_TRY(OB_ARENA_ARRAY(&facts->arena, count + 1, &change));
  find_lives(facts, &lives);
  for (uint32_t i = 0; i < count; i++) {
    size_t bytes = made_bytes(facts, &facts->nodes.items[i]);
    facts->memory.total_bytes += bytes;
    if (lives.root[i] != i) continue;
    change[i] += (int64_t)bytes;
    change[lives.last[i] + 1] -= (int64_t)bytes;
  }
  for (size_t i = 0; i < count; i++) {
    alive += change[i];
    if ((size_t)alive > facts->memory.lower_bound) facts->memory.lower_bound = (size_t)alive;
  }
  return OB_OK;
}

ob_status_t ob_facts_memory(ob_facts_t *facts) {
  OB_TRY(measure(facts));
  ob_status_t status = plan_all(facts);
  if (status == OB_OUT_OF_MEMORY) return status;
  facts->memory.known = status == OB_OK;
  if (status != OB_OK) snprintf(facts->memory.problem, sizeof facts->memory.problem, "%.255s", ob_error_message());
  status = ob_program_arena_bytes(facts->model->program, facts->model->threads, &facts->memory.largest_bytes);
  facts->memory.bounded = status == OB_OK;
  if (status != OB_OK) snprintf(facts->memory.unbounded, sizeof facts->memory.unbounded, "%.255s", ob_error_message());
  return OB_OK;
}
