/* Makes forests from the attributes of nodes: see forest.h. Everything that could lead out of an array is checked here. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref/ml/forest.h"

/* ------------------------------------------------------------ version 3: nodes by tree and number */

/* A node or a vote under its name: (tree, number in the tree). */
typedef struct node_key {
  int64_t tree, node;
  size_t index;
} node_key_t;

static int compare_keys(const void *a, const void *b) {
  const node_key_t *x = a, *y = b;
  if (x->tree != y->tree) return x->tree < y->tree ? -1 : 1;
  if (x->node != y->node) return x->node < y->node ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

typedef struct maker {
  ob_kernel_setup_t *setup;
  ob_ref_forest_t *forest;
  size_t features, targets;
  node_key_t *keys; /* of nodes, sorted */
} maker_t;

/* First of the sorted keys that are (tree, node) or more. */
static size_t lower_bound(const node_key_t *keys, size_t count, int64_t tree, int64_t node) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const node_key_t *key = &keys[middle];
    if (key->tree < tree || (key->tree == tree && key->node < node))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static ob_status_t sort_keys(maker_t *maker, const char *trees_name, const char *nodes_name, size_t count, node_key_t **keys) {
  ob_ref_list_t trees = ob_ref_list(maker->setup->node, trees_name, NULL), nodes = ob_ref_list(maker->setup->node, nodes_name, NULL);
  *keys = NULL;
  if (trees.count != count || nodes.count != count)
    return ob_fail(OB_INVALID_MODEL, "attributes '%s' and '%s' have %zu and %zu elements, expected %zu", trees_name, nodes_name, trees.count,
                   nodes.count, count);
  OB_TRY(OB_ARENA_ARRAY(maker->setup->arena, count, keys));
  for (size_t i = 0; i < count; i++) (*keys)[i] = (node_key_t){ob_ref_list_int(&trees, i), ob_ref_list_int(&nodes, i), i};
  if (count > 0) qsort(*keys, count, sizeof **keys, compare_keys);
  return OB_OK;
}

static ob_status_t find_node(const maker_t *maker, const char *what, int64_t tree, int64_t node, size_t *index) {
  size_t count = maker->forest->node_count, at = lower_bound(maker->keys, count, tree, node);
  *index = 0;
  if (at == count || maker->keys[at].tree != tree || maker->keys[at].node != node)
    return ob_fail(OB_INVALID_MODEL, "attribute '%s': tree %lld has no node %lld", what, (long long)tree, (long long)node);
  *index = maker->keys[at].index;
  return OB_OK;
}

static ob_status_t read_mode(const ob_string_t *text, ob_ref_mode_t *mode) {
  static const char *const names[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "LEAF"};
  static const ob_ref_mode_t modes[] = {OB_REF_LEQ, OB_REF_LT, OB_REF_GTE, OB_REF_GT, OB_REF_EQ, OB_REF_NEQ, OB_REF_LEAF};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (text->size == strlen(names[i]) && memcmp(text->data, names[i], text->size) == 0) {
      *mode = modes[i];
      return OB_OK;
    }
  return ob_fail(OB_INVALID_MODEL, "attribute 'nodes_modes': there is no mode '%s'", ob_quote_n(text->data, text->size));
}

static ob_status_t check_feature(const maker_t *maker, int64_t feature, size_t *out) {
  *out = (size_t)feature;
  if (feature >= 0 && (size_t)feature < maker->features) return OB_OK;
  return ob_fail(OB_INVALID_MODEL, "attribute 'nodes_featureids': feature %lld of %zu", (long long)feature, maker->features);
}

static ob_status_t check_target(const maker_t *maker, const char *what, int64_t target, size_t *out) {
  *out = (size_t)target;
  if (target >= 0 && (size_t)target < maker->targets) return OB_OK;
  return ob_fail(OB_INVALID_MODEL, "attribute '%s': element %lld of %zu targets", what, (long long)target, maker->targets);
}

/* One inner node, from the lists of equal length. */
static ob_status_t make_branch(maker_t *maker, size_t i, int64_t tree, ob_ref_node_t *node) {
  const ob_node_view_t *view = maker->setup->node;
  const ob_ref_list_t feature = ob_ref_list(view, "nodes_featureids", NULL), yes = ob_ref_list(view, "nodes_truenodeids", NULL);
  const ob_ref_list_t no = ob_ref_list(view, "nodes_falsenodeids", NULL), split = ob_ref_list(view, "nodes_values", "nodes_values_as_tensor");
  const ob_ref_list_t missing = ob_ref_list(view, "nodes_missing_value_tracks_true", NULL);
  size_t count = maker->forest->node_count;
  if (feature.count != count || yes.count != count || no.count != count || split.count != count)
    return ob_fail(OB_INVALID_MODEL, "attributes nodes_featureids, nodes_truenodeids, nodes_falsenodeids and nodes_values have %zu, %zu, %zu and "
                                     "%zu elements, expected %zu", feature.count, yes.count, no.count, split.count, count);
  OB_TRY(check_feature(maker, ob_ref_list_int(&feature, i), &node->feature));
  OB_TRY(find_node(maker, "nodes_truenodeids", tree, ob_ref_list_int(&yes, i), &node->yes));
  OB_TRY(find_node(maker, "nodes_falsenodeids", tree, ob_ref_list_int(&no, i), &node->no));
  node->split = ob_ref_list_get(&split, i);
  node->missing_is_true = i < missing.count && ob_ref_list_int(&missing, i) == 1;
  return OB_OK;
}

/* The root of a tree is its node that comes first in the lists. */
static ob_status_t make_roots(maker_t *maker) {
  ob_ref_forest_t *forest = maker->forest;
  OB_TRY(OB_ARENA_ARRAY(maker->setup->arena, forest->node_count, &forest->roots));
  for (size_t i = 0; i < forest->node_count; i++) {
    bool same = i > 0 && maker->keys[i].tree == maker->keys[i - 1].tree;
    if (same && maker->keys[i].node == maker->keys[i - 1].node)
      return ob_fail(OB_INVALID_MODEL, "attribute 'nodes_nodeids': node %lld of tree %lld is there twice", (long long)maker->keys[i].node,
                     (long long)maker->keys[i].tree);
    if (!same) forest->roots[forest->root_count++] = maker->keys[i].index;
    size_t *root = &forest->roots[forest->root_count - 1];
    if (maker->keys[i].index < *root) *root = maker->keys[i].index;
  }
  return OB_OK;
}

static ob_status_t make_nodes(maker_t *maker) {
  ob_ref_forest_t *forest = maker->forest;
  const ob_attribute_view_t *modes = ob_node_attribute(maker->setup->node, "nodes_modes");
  forest->node_count = modes ? modes->count : 0;
  OB_TRY(OB_ARENA_ARRAY(maker->setup->arena, forest->node_count, &forest->nodes));
  OB_TRY(sort_keys(maker, "nodes_treeids", "nodes_nodeids", forest->node_count, &maker->keys));
  OB_TRY(make_roots(maker));
  for (size_t k = 0; k < forest->node_count; k++) {
    size_t i = maker->keys[k].index;
    OB_TRY(read_mode(&modes->strings[i], &forest->nodes[i].mode));
    if (forest->nodes[i].mode != OB_REF_LEAF) OB_TRY(make_branch(maker, i, maker->keys[k].tree, &forest->nodes[i]));
  }
  return OB_OK;
}

static ob_status_t make_votes(maker_t *maker, const char *prefix) {
  char names[5][40];
  static const char *const ends[] = {"_ids", "_nodeids", "_treeids", "_weights", "_weights_as_tensor"};
  ob_ref_forest_t *forest = maker->forest;
  node_key_t *keys;
  for (size_t i = 0; i < 5; i++) snprintf(names[i], sizeof names[i], "%s%s", prefix, ends[i]);
  const ob_ref_list_t ids = ob_ref_list(maker->setup->node, names[0], NULL), weights = ob_ref_list(maker->setup->node, names[3], names[4]);
  forest->vote_count = ids.count;
  if (weights.count != ids.count)
    return ob_fail(OB_INVALID_MODEL, "attributes '%s' and '%s' have %zu and %zu elements", names[0], names[3], ids.count, weights.count);
  OB_TRY(OB_ARENA_ARRAY(maker->setup->arena, ids.count, &forest->votes));
  OB_TRY(sort_keys(maker, names[2], names[1], ids.count, &keys));
  for (size_t v = 0; v < ids.count; v++) {
    size_t leaf;
    OB_TRY(find_node(maker, names[1], keys[v].tree, keys[v].node, &leaf));
    ob_ref_node_t *node = &forest->nodes[leaf];
    if (node->mode != OB_REF_LEAF) continue; /* a vote at an inner node never counts */
    if (node->count++ == 0) node->first = v;
    OB_TRY(check_target(maker, names[0], ob_ref_list_int(&ids, keys[v].index), &forest->votes[v].target));
    forest->votes[v].weight = ob_ref_list_get(&weights, keys[v].index);
  }
  return OB_OK;
}

static ob_status_t begin(maker_t *maker, ob_kernel_setup_t *setup, size_t targets) {
  *maker = (maker_t){.setup = setup, .features = ob_ref_rows(setup->inputs[0]).features, .targets = targets};
  OB_TRY(OB_ARENA_NEW(setup->arena, &maker->forest));
  setup->state = maker->forest;
  return OB_OK;
}

ob_status_t ob_ref_forest_prepare(ob_kernel_setup_t *setup, const char *prefix, size_t targets) {
  maker_t maker;
  OB_TRY(begin(&maker, setup, targets));
  OB_TRY(make_nodes(&maker));
  return make_votes(&maker, prefix);
}

/* ------------------------------------------------------------ version 5: inner nodes and leaves apart */

typedef struct split {
  ob_ref_list_t modes, splits, features, yes, no, yes_leaf, no_leaf, missing, members, weights, targets;
  size_t nodes, leaves;
} split_t;

/* Where a branch leads: leaves come behind the inner nodes. */
static ob_status_t find_child(const split_t *lists, const char *what, int64_t id, bool leaf, size_t *index) {
  size_t count = leaf ? lists->leaves : lists->nodes;
  *index = (size_t)id + (leaf ? lists->nodes : 0);
  if (id >= 0 && (size_t)id < count) return OB_OK;
  return ob_fail(OB_INVALID_MODEL, "attribute '%s': %s %lld of %zu", what, leaf ? "leaf" : "node", (long long)id, count);
}

/* The members of the next MEMBER node: up to a NaN. */
static ob_status_t make_members(const maker_t *maker, const split_t *lists, size_t *at, ob_ref_node_t *node) {
  node->first = *at;
  while (*at < lists->members.count && !isnan(maker->forest->members[*at])) ++*at;
  node->count = *at - node->first;
  if (*at == lists->members.count)
    return ob_fail(OB_INVALID_MODEL, "attribute 'membership_values' has too few lists that end with NaN");
  ++*at;
  return OB_OK;
}

static ob_status_t make_split_node(maker_t *maker, const split_t *lists, size_t i, size_t *member) {
  ob_ref_node_t *node = &maker->forest->nodes[i];
  int64_t mode = ob_ref_list_int(&lists->modes, i);
  if (mode < 0 || mode > OB_REF_MEMBER) return ob_fail(OB_INVALID_MODEL, "attribute 'nodes_modes': element %zu is %lld", i, (long long)mode);
  node->mode = (ob_ref_mode_t)mode;
  node->split = ob_ref_list_get(&lists->splits, i);
  node->missing_is_true = i < lists->missing.count && ob_ref_list_int(&lists->missing, i) == 1;
  if (node->mode == OB_REF_MEMBER) OB_TRY(make_members(maker, lists, member, node));
  OB_TRY(check_feature(maker, ob_ref_list_int(&lists->features, i), &node->feature));
  OB_TRY(find_child(lists, "nodes_truenodeids", ob_ref_list_int(&lists->yes, i), ob_ref_list_int(&lists->yes_leaf, i) != 0, &node->yes));
  return find_child(lists, "nodes_falsenodeids", ob_ref_list_int(&lists->no, i), ob_ref_list_int(&lists->no_leaf, i) != 0, &node->no);
}

/* A tree that is one leaf is written as a node with that leaf on both sides. */
static ob_status_t make_split_roots(maker_t *maker, const split_t *lists) {
  const ob_ref_list_t roots = ob_ref_list(maker->setup->node, "tree_roots", NULL);
  ob_ref_forest_t *forest = maker->forest;
  forest->root_count = roots.count;
  OB_TRY(OB_ARENA_ARRAY(maker->setup->arena, roots.count, &forest->roots));
  for (size_t r = 0; r < roots.count; r++) {
    OB_TRY(find_child(lists, "tree_roots", ob_ref_list_int(&roots, r), false, &forest->roots[r]));
    const ob_ref_node_t *node = &forest->nodes[forest->roots[r]];
    if (node->yes == node->no && node->yes >= lists->nodes) forest->roots[r] = node->yes;
  }
  return OB_OK;
}

static ob_status_t make_leaves(maker_t *maker, const split_t *lists) {
  ob_ref_forest_t *forest = maker->forest;
  forest->vote_count = lists->leaves;
  OB_TRY(OB_ARENA_ARRAY(maker->setup->arena, lists->leaves, &forest->votes));
  for (size_t i = 0; i < lists->leaves; i++) {
    forest->nodes[lists->nodes + i] = (ob_ref_node_t){.mode = OB_REF_LEAF, .first = i, .count = 1};
    forest->votes[i].weight = ob_ref_list_get(&lists->weights, i);
    OB_TRY(check_target(maker, "leaf_targetids", ob_ref_list_int(&lists->targets, i), &forest->votes[i].target));
  }
  return OB_OK;
}

static ob_status_t check_lists(const split_t *lists) {
  const ob_ref_list_t *const parallel[] = {&lists->modes, &lists->splits, &lists->features, &lists->yes, &lists->no, &lists->yes_leaf, &lists->no_leaf};
  for (size_t i = 0; i < sizeof parallel / sizeof *parallel; i++)
    if (parallel[i]->count != lists->nodes)
      return ob_fail(OB_INVALID_MODEL, "attribute '%s' has %zu elements, expected %zu", parallel[i]->view ? parallel[i]->view->name : "nodes_*",
                     parallel[i]->count, lists->nodes);
  if (lists->weights.count != lists->leaves)
    return ob_fail(OB_INVALID_MODEL, "attribute 'leaf_weights' has %zu elements, expected %zu", lists->weights.count, lists->leaves);
  return OB_OK;
}

ob_status_t ob_ref_forest_prepare_split(ob_kernel_setup_t *setup, size_t targets) {
  const ob_node_view_t *node = setup->node;
  maker_t maker;
  size_t member = 0;
  split_t lists = {.modes = ob_ref_list(node, "nodes_modes", NULL),
                   .splits = ob_ref_list(node, "nodes_splits", NULL),
                   .features = ob_ref_list(node, "nodes_featureids", NULL),
                   .yes = ob_ref_list(node, "nodes_truenodeids", NULL),
                   .no = ob_ref_list(node, "nodes_falsenodeids", NULL),
                   .yes_leaf = ob_ref_list(node, "nodes_trueleafs", NULL),
                   .no_leaf = ob_ref_list(node, "nodes_falseleafs", NULL),
                   .missing = ob_ref_list(node, "nodes_missing_value_tracks_true", NULL),
                   .members = ob_ref_list(node, "membership_values", NULL),
                   .weights = ob_ref_list(node, "leaf_weights", NULL),
                   .targets = ob_ref_list(node, "leaf_targetids", NULL)};
  lists.nodes = lists.features.count;
  lists.leaves = lists.targets.count;
  OB_TRY(begin(&maker, setup, targets));
  OB_TRY(check_lists(&lists));
  maker.forest->node_count = lists.nodes + lists.leaves;
  OB_TRY(OB_ARENA_ARRAY(setup->arena, maker.forest->node_count, &maker.forest->nodes));
  OB_TRY(OB_ARENA_ARRAY(setup->arena, lists.members.count, &maker.forest->members));
  for (size_t i = 0; i < lists.members.count; i++) maker.forest->members[i] = ob_ref_list_get(&lists.members, i);
  for (size_t i = 0; i < lists.nodes; i++) OB_TRY(make_split_node(&maker, &lists, i, &member));
  OB_TRY(make_leaves(&maker, &lists));
  return make_split_roots(&maker, &lists);
}
