/* Operators: what each takes, gives and means to shape inference. One file an operator, one line in ops.def. */
#ifndef OB_OP_OP_H
#define OB_OP_OP_H

#include "base/dtype.h"
#include "graph/graph.h"

/* Sets of element types. */
#define OB_TYPES_FLOAT16S (OB_DTYPE_BIT(OB_FLOAT16) | OB_DTYPE_BIT(OB_BFLOAT16))
#define OB_TYPES_FLOATS (OB_TYPES_FLOAT16S | OB_DTYPE_BIT(OB_FLOAT32) | OB_DTYPE_BIT(OB_FLOAT64))
#define OB_TYPES_SIGNED (OB_DTYPE_BIT(OB_INT8) | OB_DTYPE_BIT(OB_INT16) | OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64))
#define OB_TYPES_UNSIGNED (OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_UINT16) | OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64))
#define OB_TYPES_INTEGERS (OB_TYPES_SIGNED | OB_TYPES_UNSIGNED)
#define OB_TYPES_NUMERIC (OB_TYPES_FLOATS | OB_TYPES_INTEGERS)
#define OB_TYPES_INDEX (OB_DTYPE_BIT(OB_INT32) | OB_DTYPE_BIT(OB_INT64))
#define OB_TYPES_INT64 OB_DTYPE_BIT(OB_INT64)
#define OB_TYPES_BOOL OB_DTYPE_BIT(OB_BOOL)
#define OB_TYPES_STRING OB_DTYPE_BIT(OB_STRING)
#define OB_TYPES_FLOAT8S                                                                           \
  (OB_DTYPE_BIT(OB_FLOAT8E4M3FN) | OB_DTYPE_BIT(OB_FLOAT8E4M3FNUZ) | OB_DTYPE_BIT(OB_FLOAT8E5M2) | \
   OB_DTYPE_BIT(OB_FLOAT8E5M2FNUZ) | OB_DTYPE_BIT(OB_FLOAT8E8M0))
#define OB_TYPES_FLOAT6S (OB_DTYPE_BIT(OB_FLOAT6E2M3) | OB_DTYPE_BIT(OB_FLOAT6E3M2))
#define OB_TYPES_COMPLEX (OB_DTYPE_BIT(OB_COMPLEX64) | OB_DTYPE_BIT(OB_COMPLEX128))
#define OB_TYPES_ALL ((UINT64_C(1) << OB_DTYPE_COUNT) - 2)
/* The sets that ONNX's definitions use again and again. */
#define OB_TYPES_FLOAT32 OB_DTYPE_BIT(OB_FLOAT32)
#define OB_TYPES_INT32 OB_DTYPE_BIT(OB_INT32)
#define OB_TYPES_BYTES (OB_DTYPE_BIT(OB_UINT8) | OB_DTYPE_BIT(OB_INT8))
/* float32 and the 16-bit floats */
#define OB_TYPES_SHORT_FLOATS (OB_TYPES_FLOAT16S | OB_TYPES_FLOAT32)
/* floats and integers of 32 and 64 bits: what matrix products and reductions take */
#define OB_TYPES_WIDE (OB_TYPES_FLOATS | OB_TYPES_INDEX | OB_DTYPE_BIT(OB_UINT32) | OB_DTYPE_BIT(OB_UINT64))
/* what element-wise operators of old take */
#define OB_TYPES_COMMON (OB_TYPES_NUMERIC | OB_TYPES_BOOL | OB_TYPES_STRING | OB_TYPES_COMPLEX)
/* what QuantizeLinear makes */
#define OB_TYPES_QUANTIZED                                                                                                       \
  (OB_TYPES_BYTES | OB_DTYPE_BIT(OB_UINT16) | OB_DTYPE_BIT(OB_INT16) | OB_TYPES_FLOAT6S | OB_DTYPE_BIT(OB_FLOAT4E2M1) |          \
   (OB_TYPES_FLOAT8S & ~OB_DTYPE_BIT(OB_FLOAT8E8M0)) | OB_DTYPE_BIT(OB_UINT4) | OB_DTYPE_BIT(OB_INT4) | OB_DTYPE_BIT(OB_UINT2) | \
   OB_DTYPE_BIT(OB_INT2))
/* all but the 6-bit floats: what operators that only move elements take */
#define OB_TYPES_ANY (OB_TYPES_ALL & ~OB_TYPES_FLOAT6S)

/* A formal input or output. */
typedef struct ob_op_param {
  const char *name; /* as in the ONNX definition: "X" */
  char type;        /* parameters with one letter have one element type; 0: its own */
  uint64_t types;   /* allowed element types; 0: not a tensor, or checked by infer */
  bool optional;
} ob_op_param_t;

typedef enum ob_op_default { OB_DEFAULT_NONE, OB_REQUIRED, OB_DEFAULT } ob_op_default_t;
typedef struct ob_op_attribute {
  const char *name;
  ob_attribute_kind_t kind;
  ob_op_default_t presence; /* OB_DEFAULT: one of the members below is its value when the model is silent */
  int64_t int_value;
  float float_value;
  const char *string_value;
  const int64_t *ints_value;
  size_t ints_count;
} ob_op_attribute_t;

enum {
  OB_OP_VIEW = 1 << 0,        /* output 0 has the bytes of input 0: only the shape differs (Reshape, Squeeze, ...) */
  OB_OP_ELEMENTWISE = 1 << 1, /* each element of output 0 comes from the elements at the same (broadcast) place */
  OB_OP_RANDOM = 1 << 2,      /* not a function of its inputs: never folded, merged or run twice */
  OB_OP_CONTROL = 1 << 3,     /* the host runs it: If, Loop, Scan, region calls. It has bodies */
  OB_OP_DATA_SHAPE = 1 << 4,  /* output shape depends on data (NonZero, Unique): engines allocate at run time */
  OB_OP_CONTRACTION = 1 << 5  /* the heavy ones: convolutions, matrix products, recurrent cells, attention. A region without
                                 any is given back to the engine around it */
};

typedef struct ob_infer ob_infer_t;

typedef struct ob_op {
  const char *name, *domain; /* "" for ai.onnx */
  int32_t since;             /* the since-version whose definition is followed: the newest */
  uint32_t flags;
  const ob_op_param_t *inputs, *outputs;
  uint32_t input_count, output_count; /* formal */
  uint32_t min_inputs, min_outputs;
  bool variadic_inputs, variadic_outputs; /* the last formal one may repeat */
  const ob_op_attribute_t *attributes;
  uint32_t attribute_count;
  const char *const *body_attributes; /* names of graph attributes, NULL-terminated, or NULL */
  /* Output types, dims and contents from the inputs'. Counts, element types and attribute kinds were checked before. */
  ob_status_t (*infer)(ob_infer_t *infer);
  const char *doc; /* one line for people */
} ob_op_t;

/* Lines of an operator's description. */
#define OB_PARAM(name_, letter, types_) \
  { .name = (name_), .type = (letter), .types = (types_) }
#define OB_OPTIONAL_PARAM(name_, letter, types_) \
  { .name = (name_), .type = (letter), .types = (types_), .optional = true }
#define OB_PARAMS_(...) ((const ob_op_param_t[]){__VA_ARGS__})
#define OB_INPUTS(min, ...) \
  .inputs = OB_PARAMS_(__VA_ARGS__), .input_count = sizeof OB_PARAMS_(__VA_ARGS__) / sizeof(ob_op_param_t), .min_inputs = (min)
#define OB_OUTPUTS(min, ...) \
  .outputs = OB_PARAMS_(__VA_ARGS__), .output_count = sizeof OB_PARAMS_(__VA_ARGS__) / sizeof(ob_op_param_t), .min_outputs = (min)
#define OB_ATTRIBUTES_(...) ((const ob_op_attribute_t[]){__VA_ARGS__})
#define OB_ATTRIBUTES(...) \
  .attributes = OB_ATTRIBUTES_(__VA_ARGS__), .attribute_count = sizeof OB_ATTRIBUTES_(__VA_ARGS__) / sizeof(ob_op_attribute_t)
#define OB_BODIES(...) \
  .body_attributes = (const char *const[]) { __VA_ARGS__, NULL }
#define OB_INT(name_, value) \
  { .name = (name_), .kind = OB_ATTRIBUTE_INT, .presence = OB_DEFAULT, .int_value = (value) }
#define OB_FLOAT(name_, value) \
  { .name = (name_), .kind = OB_ATTRIBUTE_FLOAT, .presence = OB_DEFAULT, .float_value = (value) }
#define OB_TEXT(name_, value) \
  { .name = (name_), .kind = OB_ATTRIBUTE_STRING, .presence = OB_DEFAULT, .string_value = (value) }
#define OB_INTS(name_, ...)                                                                                           \
  {                                                                                                                   \
    .name = (name_), .kind = OB_ATTRIBUTE_INTS, .presence = OB_DEFAULT, .ints_value = (const int64_t[]){__VA_ARGS__}, \
    .ints_count = sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)                                            \
  }
#define OB_MAYBE(name_, kind_) \
  { .name = (name_), .kind = OB_ATTRIBUTE_##kind_, .presence = OB_DEFAULT_NONE }
#define OB_MUST(name_, kind_) \
  { .name = (name_), .kind = OB_ATTRIBUTE_##kind_, .presence = OB_REQUIRED }

/* The operator, or NULL. */
const ob_op_t *ob_op_find(const char *domain, const char *name);
/* All operators, in the order of ops.def. */
const ob_op_t *ob_op_at(size_t index);
size_t ob_op_count(void);
/* A call of a region: not an ONNX operator, made by the partitioner. */
extern const ob_op_t ob_op_region;
/* The operator's own description of an attribute, or NULL. */
const ob_op_attribute_t *ob_op_attribute(const ob_op_t *op, const char *name);

/* Attributes with their defaults: the model's value, else the operator's, else the fallback. */
/* A constant. Errors: OB_UNSUPPORTED for an expression. */
OB_MUST_CHECK ob_status_t ob_node_int(const ob_node_t *node, const char *name, int64_t fallback, int64_t *value);
/* *count is 0 and *ints NULL where there is none. Lives in the module's arena. */
OB_MUST_CHECK ob_status_t ob_node_ints(const ob_node_t *node, const char *name, const ob_expr_t *const **ints, size_t *count);
float ob_node_float(const ob_node_t *node, const char *name, float fallback);
const char *ob_node_string(const ob_node_t *node, const char *name, const char *fallback);

/* ---------------------------------------------------------------- inference */

struct ob_infer {      /* op/infer_util.h has what operators do with it */
  ob_module_t *module; /* of the node: expressions are made in its pool */
  ob_node_t *node;
  ob_status_t status; /* the first failure of arithmetic on dims */
  ob_arena_t scratch; /* freed when the node is done */
  struct ob_infer_output *outputs;
};

/* Checks a node against its operator (counts, element types, attributes) and fills the types and contents of its outputs; bodies
 * are inferred too. Dims that can't be told become fresh u_k symbols; an unknown rank stays -1.
 * Errors: OB_INVALID_MODEL naming the node, the operator and what was expected. */
OB_MUST_CHECK ob_status_t ob_infer_node(ob_node_t *node);
/* All nodes in order. Types that the model states are merged in and checked. */
OB_MUST_CHECK ob_status_t ob_infer_graph(ob_graph_t *graph);

#endif
