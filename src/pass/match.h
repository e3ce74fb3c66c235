/* Recognising patterns: who makes a value, is it used elsewhere, is it a number, which product is it. Looking is free of side
 * effects; ob_match_put() makes the replacement. */
#ifndef OB_PASS_MATCH_H
#define OB_PASS_MATCH_H

#include "pass/rewrite.h"

typedef struct ob_match {
  ob_graph_t *graph;
  uint32_t *uses; /* by value id, as they were when the pass began: more than there are now, never fewer */
  size_t count;
} ob_match_t;

OB_MUST_CHECK ob_status_t ob_match_begin(ob_graph_t *graph, ob_match_t *match);
void ob_match_end(ob_match_t *match);

/* A pass that tries one rule on every node in order. `rule` sets *changed when it rewrote something. */
typedef ob_status_t (*ob_match_rule_t)(ob_match_t *match, ob_node_t *node, bool *changed);
OB_MUST_CHECK ob_status_t ob_match_run(ob_graph_t *graph, ob_match_rule_t rule, bool *changed);

/* The node is that operator of ai.onnx, with a first input and a first output. */
bool ob_match_is(const ob_node_t *node, const char *op);
/* The node that makes the value if it is that operator, else NULL. */
ob_node_t *ob_match_made_by(const ob_value_t *value, const char *op);
/* The same for a value that is used once: nobody misses it after a fusion. */
ob_node_t *ob_match_inner(const ob_match_t *match, const ob_value_t *value, const char *op);
/* The value is used once (graph outputs and captures count as uses). */
bool ob_match_single(const ob_match_t *match, const ob_value_t *value);
/* float32 or float64: what patterns are rewritten for. */
bool ob_match_is_float(const ob_value_t *value);
/* Every element of a floating constant, as double; false for anything else. `most` is the room in `numbers`. */
bool ob_match_numbers(const ob_value_t *value, double *numbers, size_t most, size_t *count);
/* A floating constant of one element. */
bool ob_match_number(const ob_value_t *value, double *number);
/* Numbers of a constant that varies along axis 1 of a tensor of `rank` at most: one, or one a channel. Fills all `channels`. */
bool ob_match_per_channel(const ob_value_t *value, int32_t rank, size_t channels, double *numbers);
/* Equal within one part in 100,000. */
bool ob_match_close(double a, double b);
/* Splits the two inputs of a commutative node into a one-element constant and the rest. */
bool ob_match_with_number(const ob_node_t *node, ob_value_t **rest, double *number);

/* value = scale * factors[0] * factors[1] * ...: Mul, Div by a number, Neg and Pow by a small integer are taken apart as long as
 * their results are used once. False when there are more factors than fit. */
enum { OB_MATCH_FACTORS = 4 };
typedef struct ob_product {
  double scale;
  ob_value_t *factors[OB_MATCH_FACTORS];
  size_t count;
} ob_product_t;
bool ob_match_product(const ob_match_t *match, ob_value_t *value, ob_product_t *product);
/* value = scale * x; scale is 1 and x the value itself where there is nothing to take apart. */
bool ob_match_scaled(const ob_match_t *match, ob_value_t *value, double *scale, ob_value_t **x);

/* ---- reductions along one axis, whose result comes back in the rank of x by way of Reshape, Squeeze or Unsqueeze */

/* What the value is before it only changed its shape. */
ob_value_t *ob_match_unshaped(ob_value_t *value);
/* The value has the dims of x, except 1 along the axis. */
bool ob_match_keeps_dims(const ob_value_t *value, const ob_value_t *x, int32_t axis);
/* node = `op` (ReduceSum, ReduceMean, ...) over one axis, made non-negative. */
bool ob_match_reduces(const ob_node_t *node, const char *op, int32_t *axis);
/* value = mean of `*of` over one axis: ReduceMean, or ReduceSum and a product by the inverse of the axis's size. */
bool ob_match_mean(ob_value_t *value, ob_value_t **of, int32_t *axis);

/* A node of `op` (ai.onnx) takes over output 0 of `old`, which is left without outputs and so dead. */
OB_MUST_CHECK ob_status_t ob_match_put(ob_node_t *old, const char *op, ob_value_t *const *inputs, size_t count,
                                       ob_node_t **node);
/* A constant of one element (rank 0) of float32 or float64. */
OB_MUST_CHECK ob_status_t ob_match_make_number(ob_graph_t *graph, const char *name, ob_dtype_t dtype, double number,
                                               ob_value_t **value);

#endif
