/* Decision trees: one form for all ensemble operators, made and checked when the node is prepared. */
#ifndef OB_REF_ML_FOREST_H
#define OB_REF_ML_FOREST_H

#include "ref/ml/ml.h"

typedef enum ob_ref_mode { OB_REF_LEQ, OB_REF_LT, OB_REF_GTE, OB_REF_GT, OB_REF_EQ, OB_REF_NEQ, OB_REF_MEMBER, OB_REF_LEAF } ob_ref_mode_t;

typedef struct ob_ref_node {
  ob_ref_mode_t mode;
  bool missing_is_true; /* where NaN goes */
  size_t feature, yes, no;
  double split;
  size_t first, count; /* of a leaf: its votes; of a MEMBER node: its members */
} ob_ref_node_t;

typedef struct ob_ref_vote {
  size_t target;
  double weight;
} ob_ref_vote_t;

typedef struct ob_ref_forest {
  ob_ref_node_t *nodes;
  size_t node_count;
  size_t *roots;
  size_t root_count;
  ob_ref_vote_t *votes;
  size_t vote_count;
  double *members;
} ob_ref_forest_t;

/* What to do with the votes for a target. */
typedef enum ob_ref_aggregate { OB_REF_AVERAGE, OB_REF_SUM, OB_REF_MIN, OB_REF_MAX } ob_ref_aggregate_t;

/* From nodes_*, and votes that are called `prefix`_ids, _nodeids, _treeids and _weights (operators of version 3). Targets are below
 * `targets`. The forest becomes setup->state. Errors: OB_INVALID_MODEL, naming the attribute. */
OB_MUST_CHECK ob_status_t ob_ref_forest_prepare(ob_kernel_setup_t *setup, const char *prefix, size_t targets);
/* From the attributes of TreeEnsemble. */
OB_MUST_CHECK ob_status_t ob_ref_forest_prepare_split(ob_kernel_setup_t *setup, size_t targets);

/* Sums (or whatever) of a row's votes; voted[t]: there was one for t. `base`: attributes to add. */
OB_MUST_CHECK ob_status_t ob_ref_forest_vote(const ob_ref_forest_t *forest, const ob_tensor_t *x, size_t row, ob_ref_aggregate_t aggregate,
                                             size_t targets, double *scores, bool *voted);

#endif
