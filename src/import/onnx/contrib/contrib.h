/* Operators of ONNX Runtime's own domain (com.microsoft, and a few that it adds to ai.onnx): contribs.def names for each a function
 * that makes standard nodes in its place, so that passes and engines need not know it.
 *
 * Nothing here needs a check after each step: the first failure is kept in contrib->status, and what is made afterwards is NULL. */
#ifndef OB_IMPORT_ONNX_CONTRIB_CONTRIB_H
#define OB_IMPORT_ONNX_CONTRIB_CONTRIB_H

#include "import/onnx/upgrade.h"

enum { CONTRIB_MAX_ATTRIBUTES = 12 }; /* of a node that is made */

typedef struct ob_contrib {
  ob_upgrade_t up;
  ob_status_t status;
  ob_attribute_t pending[CONTRIB_MAX_ATTRIBUTES]; /* of the next node */
  size_t pending_count;
  size_t made; /* nodes */
} ob_contrib_t;

typedef void ob_contrib_expand_t(ob_contrib_t *c);

/* An operator as contribs.def describes it. */
typedef struct ob_contrib_row {
  const char *domain, *op;
  int64_t until; /* operator set in which the domain got an operator of that name itself; 0: none */
  size_t min_inputs, max_inputs, max_outputs;
  const char *attributes;      /* names, separated by spaces */
  ob_contrib_expand_t *expand; /* NULL: not supported */
  const char *text;            /* what it becomes, or why it is not supported */
} ob_contrib_row_t;

/* The row for the record's operator, or NULL. */
const ob_contrib_row_t *ob_contrib_find(const ob_record_t *record);
const ob_contrib_row_t *ob_contrib_at(size_t index);
size_t ob_contrib_count(void);
/* Makes what stands for the record. Errors name the attribute or input that is not supported. */
OB_MUST_CHECK ob_status_t ob_contrib_run(const ob_contrib_row_t *row, ob_importer_t *importer, ob_scope_t *scope,
                                         ob_record_t *record);

/* ---- the node that is replaced */
/* NULL: left out. */
ob_value_t *ob_contrib_input(const ob_contrib_t *c, size_t index);
/* Fails where it is left out. */
ob_value_t *ob_contrib_need(ob_contrib_t *c, size_t index);
/* The model wants output `index`. */
bool ob_contrib_wants(const ob_contrib_t *c, size_t index);
/* `value` is output `index`. */
void ob_contrib_give(ob_contrib_t *c, size_t index, ob_value_t *value);
int64_t ob_contrib_int(ob_contrib_t *c, const char *name, int64_t fallback);
float ob_contrib_float(ob_contrib_t *c, const char *name, float fallback);
const char *ob_contrib_string(ob_contrib_t *c, const char *name, const char *fallback);
bool ob_contrib_states(const ob_contrib_t *c, const char *name);
void ob_contrib_fail(ob_contrib_t *c, ob_status_t status, const char *format, ...) OB_PRINTF(3, 4);
/* Fails unless the attribute is `only` or not stated. */
void ob_contrib_only(ob_contrib_t *c, const char *name, int64_t only);
/* Fails when input `index` is there. */
void ob_contrib_refuse(ob_contrib_t *c, size_t index, const char *name);

/* ---- shapes */
/* Fails where it is not known, and gives 0. */
int32_t ob_contrib_rank(ob_contrib_t *c, const ob_value_t *value);
/* A size that is a number; fails where it is not. `what` is for the message. */
int64_t ob_contrib_size(ob_contrib_t *c, const ob_value_t *value, int32_t axis, const char *what);
/* The size of an axis as a list of one element; axis may be negative. */
ob_value_t *ob_contrib_dim(ob_contrib_t *c, ob_value_t *value, int64_t axis);

/* ---- constants */
/* A scalar of the element type of `like`. */
ob_value_t *ob_contrib_number(ob_contrib_t *c, const ob_value_t *like, double number);
ob_value_t *ob_contrib_list(ob_contrib_t *c, const int64_t *values, size_t count);
#define OB_LIST(c, ...) ob_contrib_list(c, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
ob_value_t *ob_contrib_scalar(ob_contrib_t *c, int64_t value);
/* A constant of any type whose elements all have the same bytes; the rank is at most OB_MAX_RANK. */
ob_value_t *ob_contrib_fill(ob_contrib_t *c, const char *what, ob_dtype_t dtype, int32_t rank, const int64_t *dims, uint8_t byte);

/* ---- making nodes */
/* Attributes of the next node. */
void ob_contrib_with_int(ob_contrib_t *c, const char *name, int64_t value);
void ob_contrib_with_ints(ob_contrib_t *c, const char *name, const int64_t *values, size_t count);
#define OB_WITH_INTS(c, name, ...) \
  ob_contrib_with_ints(c, name, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
void ob_contrib_with_float(ob_contrib_t *c, const char *name, float value);
void ob_contrib_with_string(ob_contrib_t *c, const char *name, const char *value);
/* The record's own attribute, if it states that; names are separated by spaces. */
void ob_contrib_with_own(ob_contrib_t *c, const char *names);
/* A node of ai.onnx with one output, or several. Inputs may be NULL: left out. */
ob_value_t *ob_contrib_make(ob_contrib_t *c, const char *op, ob_value_t *const *inputs, size_t count);
void ob_contrib_make_many(ob_contrib_t *c, const char *op, ob_value_t *const *inputs, size_t count, ob_value_t **outputs,
                          size_t output_count);
#define OB_VALUES(...) ((ob_value_t *[]){__VA_ARGS__}), (sizeof((ob_value_t *[]){__VA_ARGS__}) / sizeof(ob_value_t *))
#define OB_MAKE(c, op, ...) ob_contrib_make(c, op, OB_VALUES(__VA_ARGS__))

/* ---- small helpers (build.c) */
ob_value_t *ob_contrib_transpose(ob_contrib_t *c, ob_value_t *value, const int64_t *perm, size_t count);
#define OB_TRANSPOSE(c, value, ...) \
  ob_contrib_transpose(c, value, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
/* Sizes as numbers: 0 keeps the input's, -1 is what remains. */
#define OB_RESHAPE(c, value, ...) OB_MAKE(c, "Reshape", value, OB_LIST(c, __VA_ARGS__))
ob_value_t *ob_contrib_join(ob_contrib_t *c, ob_value_t *const *values, size_t count, int64_t axis);
#define OB_JOIN(c, axis, ...) ob_contrib_join(c, OB_VALUES(__VA_ARGS__), axis)
/* Parts of the last axis. */
void ob_contrib_split_last(ob_contrib_t *c, ob_value_t *x, const int64_t *sizes, size_t count, ob_value_t **parts);
ob_value_t *ob_contrib_unsqueeze(ob_contrib_t *c, ob_value_t *value, int64_t axis);
ob_value_t *ob_contrib_cast(ob_contrib_t *c, ob_value_t *value, ob_dtype_t dtype);
/* Elements from `start` to before `end` along an axis; each is a list of one element. */
ob_value_t *ob_contrib_slice(ob_contrib_t *c, ob_value_t *value, ob_value_t *start, ob_value_t *end, int64_t axis);
/* 0, 1, ... before `count`, a list of one element, as int64. */
ob_value_t *ob_contrib_count_up(ob_contrib_t *c, ob_value_t *count);
/* value + addend where that is there. */
ob_value_t *ob_contrib_add(ob_contrib_t *c, ob_value_t *value, ob_value_t *addend);
/* value * number, unless that is 1. */
ob_value_t *ob_contrib_scale(ob_contrib_t *c, ob_value_t *value, double number);
/* Channels from the last axis to axis 1, and back. */
ob_value_t *ob_contrib_channels_first(ob_contrib_t *c, ob_value_t *value);
ob_value_t *ob_contrib_channels_last(ob_contrib_t *c, ob_value_t *value);

/* ---- parts that several operators share */
/* An activation by the name that fused operators give it (matmul.c). `parameters`: its alpha, beta (or minimum, maximum), NAN:
 * default. */
ob_value_t *ob_contrib_activate(ob_contrib_t *c, ob_value_t *value, const char *activation, const float *parameters);
/* Softmax over all axes from `axis` on, seen as one (simple.c). */
ob_value_t *ob_contrib_softmax(ob_contrib_t *c, ob_value_t *x, int64_t axis);
/* How many ones there are in each row of the mask; 0 without one (normalize.c). */
ob_value_t *ob_contrib_count_mask(ob_contrib_t *c, ob_value_t *ids, ob_value_t *mask);
/* The attribute `axes` as an input (quantize.c). */
ob_value_t *ob_contrib_axes(ob_contrib_t *c);
/* A tensor with its scale and zero point (NULL: 0). */
typedef struct ob_quantized {
  ob_value_t *value, *scale, *zero;
} ob_quantized_t;
/* In float32. `axis`: of a scale that is a list (quantize.c). */
ob_value_t *ob_contrib_dequantize(ob_contrib_t *c, const ob_quantized_t *from, int64_t axis);
/* A number a tensor: value in float32 becomes what scale and zero point say; without a zero point it is `dtype`. */
ob_value_t *ob_contrib_quantize(ob_contrib_t *c, const ob_quantized_t *to, ob_dtype_t dtype);
/* The matrix product of both in float32; scale and zero point of b may be lists, one a column. Dequantised first, so that any
 * engine takes it, and one that knows integers sees what it looks for. */
ob_value_t *ob_contrib_quantized_product(ob_contrib_t *c, const ob_quantized_t *a, const ob_quantized_t *b);
/* An int32 bias of that product in float32; NULL for NULL. */
ob_value_t *ob_contrib_quantized_bias(ob_contrib_t *c, ob_value_t *bias, const ob_quantized_t *a, const ob_quantized_t *b);

#define OB_CONTRIB(domain, op, min, max, outputs, attributes, step, text) ob_contrib_expand_t ob_contrib_##step;
#define OB_CONTRIB_BEFORE(until, op, min, max, outputs, attributes, step, text) ob_contrib_expand_t ob_contrib_##step;
#define OB_CONTRIB_NOT(domain, op, text)
#include "import/onnx/contrib/contribs.def"
#undef OB_CONTRIB
#undef OB_CONTRIB_BEFORE
#undef OB_CONTRIB_NOT

#endif
