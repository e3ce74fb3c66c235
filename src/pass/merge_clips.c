/* Max, Min, Relu and Clip with constant bounds: chains become one, Max(x, 0) becomes Relu, Min and Max with a number become Clip. */
#include <float.h>
#include <math.h>

#include "pass/match.h"

typedef struct bounds {
  double low, high; /* infinite where there is none */
} bounds_t;

/* Largest finite number of the element type: a bound beyond it is none. */
static double largest(const ob_value_t *value) { return value->type.dtype == OB_FLOAT64 ? DBL_MAX : (double)FLT_MAX; }

/* Input `index` of a Clip; left out: `none`. */
static bool read_bound(const ob_node_t *node, size_t index, double none, double *bound) {
  *bound = none;
  if (index >= node->input_count || !node->inputs[index]) return true;
  if (!ob_match_number(node->inputs[index], bound) || isnan(*bound)) return false;
  if (fabs(*bound) >= largest(node->outputs[0]) && (*bound > 0) == (none > 0)) *bound = none;
  return true;
}

/* node = min(max(x, low), high) */
static bool read_bounds(const ob_node_t *node, ob_value_t **x, bounds_t *b) {
  *b = (bounds_t){-INFINITY, INFINITY};
  *x = node->inputs[0];
  if (!ob_match_is_float(node->outputs[0])) return false;
  if (ob_match_is(node, "Relu")) return b->low = 0, true;
  if (ob_match_is(node, "Clip")) return read_bound(node, 1, -INFINITY, &b->low) && read_bound(node, 2, INFINITY, &b->high);
  if (ob_match_is(node, "Max")) return ob_match_with_number(node, x, &b->low) && !isnan(b->low);
  if (ob_match_is(node, "Min")) return ob_match_with_number(node, x, &b->high) && !isnan(b->high);
  return false;
}

static double clamp(double number, bounds_t b) { return fmin(fmax(number, b.low), b.high); }

static ob_status_t put_clip(ob_node_t *node, ob_value_t *x, bounds_t b) {
  ob_value_t *inputs[3] = {x, NULL, NULL};
  ob_node_t *made;
  ob_dtype_t dtype = x->type.dtype;
  if (b.low == 0 && isinf(b.high)) return ob_match_put(node, "Relu", inputs, 1, &made);
  if (!isinf(b.low)) OB_TRY(ob_match_make_number(node->graph, "min", dtype, b.low, &inputs[1]));
  if (!isinf(b.high)) OB_TRY(ob_match_make_number(node->graph, "max", dtype, b.high, &inputs[2]));
  return ob_match_put(node, "Clip", inputs, isinf(b.high) ? 2 : 3, &made);
}

static ob_status_t merge(ob_match_t *m, ob_node_t *node, bool *changed) {
  bounds_t outer, inner;
  ob_value_t *x, *source;
  if (!read_bounds(node, &x, &outer) || !ob_rewrite_same_type(&x->type, &node->outputs[0]->type)) return OB_OK;
  bool rewrite = ob_match_is(node, "Max") || ob_match_is(node, "Min");
  if (ob_match_is(node, "Clip") && outer.low == 0 && isinf(outer.high)) rewrite = true;
  if (x->producer && ob_match_single(m, x) && read_bounds(x->producer, &source, &inner) &&
      ob_rewrite_same_type(&source->type, &x->type)) {
    outer = (bounds_t){clamp(inner.low, outer), clamp(inner.high, outer)};
    x = source;
    rewrite = true;
  }
  if (!rewrite || (isinf(outer.low) && outer.low > 0) || (isinf(outer.high) && outer.high < 0)) return OB_OK;
  if (isinf(outer.low) && isinf(outer.high)) return OB_OK;
  *changed = true;
  return put_clip(node, x, outer);
}

static ob_status_t run(ob_graph_t *graph, const ob_pass_context_t *context, bool *changed) {
  (void)context;
  return ob_match_run(graph, merge, changed);
}

const ob_pass_t ob_pass_merge_clips = {"merge_clips", "makes one Clip or Relu of chains of bounds", run};
