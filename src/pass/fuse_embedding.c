/* A product of one-hot rows with a table is a look-up: MatMul(Cast(Equal(x, 0..K-1)), table) becomes Gather.
 *
 * Numbers outside of 0..K-1 make a row of zeros: the table gets one more row, of zeros, and they are sent there, by Clip to -1..K (-1 is
 * the last row). */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "pass/match.h"

/* value = 0, 1, ..., K-1 along its last axis; K or 0. */
static int64_t counts(const ob_value_t *value) {
  const ob_constant_t *c = value->constant;
  if (!c || !c->data || c->rank < 1 || (c->dtype != OB_INT32 && c->dtype != OB_INT64)) return 0;
  for (int32_t i = 0; i + 1 < c->rank; i++)
    if (c->dims[i] != 1) return 0;
  int64_t count = c->dims[c->rank - 1];
  for (int64_t i = 0; i < count; i++) {
    int64_t wide;
    int32_t narrow;
    memcpy(&wide, (const char *)c->data + (c->dtype == OB_INT64 ? i * 8 : 0), c->bytes < 8 ? c->bytes : 8);
    memcpy(&narrow, (const char *)c->data + (c->dtype == OB_INT32 ? i * 4 : 0), 4);
    if ((c->dtype == OB_INT64 ? wide : narrow) != i) return 0;
  }
  return count;
}

/* table is K rows of finite numbers: zero times anything else is no zero. */
static bool is_table(const ob_value_t *table, int64_t rows) {
  const ob_constant_t *c = table->constant;
  size_t count;
  if (!c || !c->data || c->rank != 2 || c->dims[0] != rows || !ob_match_is_float(table)) return false;
  if (!ob_dims_count(c->rank, c->dims, &count)) return false;
  for (size_t i = 0; i < count; i++) {
    double d;
    float f;
    memcpy(&d, (const char *)c->data + (c->dtype == OB_FLOAT64 ? i * sizeof d : 0), c->bytes < sizeof d ? c->bytes : sizeof d);
    memcpy(&f, (const char *)c->data + (c->dtype == OB_FLOAT32 ? i * sizeof f : 0), sizeof f);
    if (!isfinite(c->dtype == OB_FLOAT64 ? d : (double)f)) return false;
  }
  return true;
}

/* node = MatMul(Cast(Equal(*column, 0..*rows-1)), table), where the last axis of column has one element. */
static bool is_look_up(const ob_match_t *m, const ob_node_t *node, ob_value_t **column, int64_t *rows) {
  const ob_node_t *cast = ob_match_is(node, "MatMul") ? ob_match_inner(m, node->inputs[0], "Cast") : NULL;
  const ob_node_t *equal = cast ? ob_match_inner(m, cast->inputs[0], "Equal") : NULL;
  if (!equal || equal->input_count != 2 || !equal->inputs[1]) return false;
  bool second = equal->inputs[1]->constant != NULL;
  const ob_value_t *numbers = equal->inputs[second];
  *column = equal->inputs[!second];
  *rows = counts(numbers);
  int32_t rank = (*column)->type.rank;
  return *rows > 0 && rank >= 2 && rank >= numbers->type.rank && ob_expr_is((*column)->type.dims[rank - 1], 1) &&
         is_table(node->inputs[1], *rows);
}

static ob_status_t extend_table(ob_graph_t *graph, const ob_constant_t *from, ob_value_t **value) {
  const int64_t dims[2] = {from->dims[0] + 1, from->dims[1]};
  const ob_constant_t *to;
  void *data;
  OB_TRY(ob_constant_allocate(graph->module, from->name, from->dtype, 2, dims, &data, &to));
  memcpy(data, from->data, from->bytes);
  return ob_value_from_constant(graph, to, value);
}

static ob_status_t make_integer(ob_graph_t *graph, const char *name, ob_dtype_t dtype, int32_t rank, int64_t number, ob_value_t **value) {
  const int64_t one = 1;
  const ob_constant_t *constant;
  void *data;
  OB_TRY(ob_constant_allocate(graph->module, name, dtype, rank, &one, &data, &constant));
  if (dtype == OB_INT64) *(int64_t *)data = number;
  else *(int32_t *)data = (int32_t)number;
  return ob_value_from_constant(graph, constant, value);
}

/* A node with a new output of the shape of `column` without its last axis. */
static ob_status_t put_before(ob_node_t *node, const char *op, const ob_value_t *column, ob_value_t *const *inputs, size_t count,
                              ob_value_t **output) {
  ob_node_t *made;
  OB_TRY(ob_value_create(node->graph, column->name, output));
  OB_TRY(ob_node_create(node->graph, ob_op_find("", op), (*output)->name, count, 1, &made));
  memcpy(made->inputs, inputs, count * sizeof *inputs);
  (*output)->type = column->type;
  (*output)->type.rank--;
  ob_node_set_output(made, 0, *output);
  return OB_OK;
}

static ob_status_t fuse(ob_match_t *m, ob_node_t *node, bool *changed) {
  ob_value_t *inputs[3], *indices, *column;
  ob_node_t *gather;
  int64_t rows;
  if (!is_look_up(m, node, &column, &rows) || rows >= INT32_MAX) return OB_OK;
  ob_dtype_t dtype = column->type.dtype;
  inputs[0] = column;
  OB_TRY(make_integer(m->graph, "axes", OB_INT64, 1, -1, &inputs[1]));
  OB_TRY(put_before(node, "Squeeze", column, inputs, 2, &indices));
  inputs[0] = indices;
  OB_TRY(make_integer(m->graph, "min", dtype, 0, -1, &inputs[1]));
  OB_TRY(make_integer(m->graph, "max", dtype, 0, rows, &inputs[2]));
  OB_TRY(put_before(node, "Clip", column, inputs, 3, &indices));
  OB_TRY(extend_table(m->graph, node->inputs[1]->constant, &inputs[0]));
  inputs[1] = indices;
  *changed = true;
  return ob_match_put(node, "Gather", inputs, 2, &gather);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, fuse, changed);
}

const ob_pass_t ob_pass_fuse_embedding = {"fuse_embedding", "looks rows up instead of multiplying by one-hot rows", run};
