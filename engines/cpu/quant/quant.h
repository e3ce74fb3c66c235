/* Quantised stretches of a network: DequantizeLinear, an operator and QuantizeLinear are computed as one operator of bytes, and what
 * passes between such operators stays bytes, channels innermost. */
#ifndef OB_CPU_QUANT_QUANT_H
#define OB_CPU_QUANT_QUANT_H

#include "cpu/cpu.h"

typedef enum ob_quant_kind { OB_QUANT_INPUT, OB_QUANT_CONV, OB_QUANT_GEMM, OB_QUANT_ADD, OB_QUANT_MEAN } ob_quant_kind_t;

/* Nodes in which to find what makes a value: a whole region, or the members of a group. */
typedef struct ob_quant_nodes {
  const ob_node_view_t *const *items; /* by rising index */
  size_t count;
} ob_quant_nodes_t;

typedef struct ob_quant_scale {
  float scale;
  int32_t zero; /* of bytes without sign */
  ob_dtype_t dtype;
} ob_quant_scale_t;

enum { OB_QUANT_PARTS = 8 };
/* DequantizeLinear of one or two inputs and of weights -> operator -> Relu, Clip, Flatten -> QuantizeLinear; or QuantizeLinear alone. */
typedef struct ob_quant_op {
  ob_quant_kind_t kind;
  const ob_node_view_t *core;               /* NULL for OB_QUANT_INPUT */
  const ob_node_view_t *parts[OB_QUANT_PARTS]; /* all nodes, QuantizeLinear first */
  size_t part_count;
  const ob_value_view_t *x[2], *y;          /* bytes; OB_QUANT_INPUT: x[0] is float32 */
  const ob_node_view_t *dequantize[2];      /* of x */
  size_t x_count;
  ob_quant_scale_t x_scale[2], y_scale;
  float low, high;                          /* bounds on real numbers */
  const int8_t *weights;
  int64_t weight_dims[4];                   /* filters, channels of a group, height, width */
  bool transposed;                          /* weights of a Gemm: channels, filters */
  const float *weight_scales, *bias;        /* bias: one a filter, or NULL */
  size_t weight_scale_count;
} ob_quant_op_t;

/* The operator that ends with this QuantizeLinear; false when it is none that is computed in bytes. */
bool ob_quant_read(const ob_quant_nodes_t *nodes, const ob_node_view_t *quantize, ob_quant_op_t *op);
/* Numbers of an attribute; the fallback for those that are not there. */
void ob_quant_ints(const ob_node_view_t *node, const char *name, size_t count, int64_t fallback, int64_t *ints);

/* Groups of nodes that run as one step, as ob_kit_engine_t.group wants them. */
OB_MUST_CHECK ob_status_t ob_quant_group(const ob_region_view_t *region, uint32_t *groups);
bool ob_quant_is_group(const ob_kit_group_t *group);
extern const ob_kernel_t ob_quant_group_kernel;

/* ---------------------------------------------------------------- a prepared group */

typedef struct ob_quant_buffer {
  uint32_t value; /* index in the region */
  size_t n, h, w, c;
  size_t last;    /* step that reads it last */
  size_t slot;
  ob_dtype_t dtype; /* of the value that it stands for */
} ob_quant_buffer_t;

typedef enum ob_quant_step_kind { OB_QUANT_STEP_ENTER, OB_QUANT_STEP_LEAVE, OB_QUANT_STEP_OP } ob_quant_step_kind_t;
typedef struct ob_quant_step {
  ob_quant_step_kind_t step;
  ob_quant_kind_t kind;
  size_t tensor;        /* the group's input or output: where bytes enter or leave, or floats come in */
  size_t x[2], y;       /* buffers */
  float factors[3], scale;
  ob_quant_conv_t row;  /* all of it but places and the number of pixels */
  bool depthwise;
  size_t pad_height, pad_width, before[2], stride[2]; /* the input with its padding; 0: as it is */
  uint8_t pad_value;
} ob_quant_step_t;

typedef struct ob_quant_plan {
  ob_quant_buffer_t *buffers;
  size_t buffer_count;
  ob_quant_step_t *steps;
  size_t step_count;
  size_t *slots;        /* offsets in the scratch */
  size_t slot_count, pad_at;
} ob_quant_plan_t;
/* Weights, scales and places of a convolution or a product. x: what it reads. */
OB_MUST_CHECK ob_status_t ob_quant_prepare_conv(ob_arena_t *arena, const ob_quant_op_t *op, const ob_quant_buffer_t *x, ob_quant_step_t *step,
                                                ob_quant_buffer_t *y);
OB_MUST_CHECK ob_status_t ob_quant_run(const ob_kernel_call_t *call, const ob_quant_plan_t *plan);

#endif
