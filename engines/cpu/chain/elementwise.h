/* Element-wise operators of ONNX as steps of a chain. */
#ifndef OB_CPU_CHAIN_ELEMENTWISE_H
#define OB_CPU_CHAIN_ELEMENTWISE_H

#include "cpu/chain/chain.h"

/* One node on its way into a chain. */
typedef struct ob_lowering {
  const struct ob_elementwise *op;
  const ob_node_view_t *node;
  const ob_reg_t *in;                /* [node input] negative where left out, or where the operator lays it along an axis itself */
  const uint32_t *which;             /* [node input] the chain's number of it */
  const ob_tensor_t *const *tensors; /* [node input] as in ob_kernel_setup_t; NULL for values that only the chain has */
  int32_t rank;                     /* of the output */
} ob_lowering_t;

typedef struct ob_elementwise {
  const char *name;
  /* The register that holds output 0. */
  ob_reg_t (*lower)(ob_chain_builder_t *builder, const ob_lowering_t *node);
  uint64_t types; /* of all inputs and the output */
  bool (*check)(const ob_node_view_t *node, char *reason, size_t size); /* what `types` can't say; NULL: nothing */
  int f32;                  /* ob_unary_t or ob_binary_t */
  ob_typed_t typed;         /* the same for other types */
  const char *attributes[2]; /* of `param` */
  float defaults[2];
  bool by_channel;           /* inputs other than the first are laid along an axis by `lower` itself */
} ob_elementwise_t;

/* The operator, or NULL when it is not element-wise. */
const ob_elementwise_t *ob_elementwise_find(const ob_node_view_t *node);
bool ob_elementwise_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);
float ob_elementwise_param(const ob_node_view_t *node, const char *name, float fallback);

/* What a prepared chain kernel runs: shared with groups. */
typedef struct ob_chain_state {
  const ob_chain_t *chain;
  size_t scratch; /* bytes a thread */
  size_t grain;
} ob_chain_state_t;
/* The first input whose memory output 0 may take over, or -1. */
int ob_chain_in_place(const ob_kernel_setup_t *setup);
OB_MUST_CHECK ob_status_t ob_chain_prepared(ob_kernel_setup_t *setup, ob_chain_builder_t *builder);
OB_MUST_CHECK ob_status_t ob_chain_call(const ob_kernel_call_t *call);

#define E(op, ...) extern const ob_kernel_t ob_cpu_kernel_##op;
#include "cpu/chain/elementwise.def"
#undef E

#endif
