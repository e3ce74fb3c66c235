/* What the attention operators share: scores, masks, heads. */
#ifndef OB_IMPORT_ONNX_CONTRIB_ATTENTION_H
#define OB_IMPORT_ONNX_CONTRIB_ATTENTION_H

#include "import/onnx/contrib/contrib.h"

/* softmax(scale * q * k' + bias) * v */
typedef struct ob_heads {
  ob_value_t *q, *k, *v; /* [batch, heads, length, size]; k and v may have fewer heads, each for a group of q's */
  ob_value_t *bias;      /* added to the scores: broadcast to [batch, heads, length of q, length of k]; NULL: none */
  ob_value_t *sink;      /* one more score a head, whose weight goes nowhere: [heads]; NULL: none */
  int64_t count, kv_count;
  float softcap; /* 0: none */
} ob_heads_t;

/* The attribute `num_heads`, or another name, at least 1. */
int64_t ob_contrib_head_count(ob_contrib_t *c, const char *name);
/* Gives [batch, length of q, heads * size of v]. The scale is the attribute's, or 1 / sqrt(size of a head). */
ob_value_t *ob_contrib_attend(ob_contrib_t *c, const ob_heads_t *heads);
/* [batch, length, count * size] -> [batch, count, length, size] */
ob_value_t *ob_contrib_split_heads(ob_contrib_t *c, ob_value_t *x, int64_t count);
/* past and value joined along the axis of the length; past may be NULL. */
ob_value_t *ob_contrib_extend(ob_contrib_t *c, ob_value_t *past, ob_value_t *value);

/* A mask of any of ONNX Runtime's forms as a bias: 0 where attention goes, `mask_filter_value` where not. `length`: of the keys.
 * NULL without a mask. */
ob_value_t *ob_contrib_mask_bias(ob_contrib_t *c, ob_value_t *mask, ob_value_t *q, ob_value_t *k);
/* Where the condition is false nothing is attended to; elsewhere it is `bias`, or 0. */
ob_value_t *ob_contrib_forbid(ob_contrib_t *c, ob_value_t *allowed, ob_value_t *bias, const ob_value_t *like);
/* Each place sees those before it and itself: forbids the rest where the attribute `unidirectional` says so. */
ob_value_t *ob_contrib_unidirectional(ob_contrib_t *c, ob_value_t *bias, ob_value_t *q, ob_value_t *k);

#endif
