/* What the operators' inference functions are written with: dims that may be unknown, shapes, contents, attributes.
 *
 * Nothing here needs a check after each step: a failure is kept in infer->status and everything that depends on it is "not known".
 * ob_infer_node() looks at it when the operator is done. */
#ifndef OB_OP_INFER_UTIL_H
#define OB_OP_INFER_UTIL_H

#include "op/op.h"

/* A size, an element of a content or an attribute; NULL: not known. */
typedef const ob_expr_t *ob_dim_t;

/* Sizes of a tensor; rank -1: not even the rank is known. */
typedef struct ob_shape {
  int32_t rank;
  ob_dim_t dims[OB_MAX_RANK];
} ob_shape_t;

/* Elements of a small integer tensor of rank 0 or 1, all known. */
typedef struct ob_content {
  const ob_dim_t *items;
  size_t count;
  bool scalar; /* rank 0 */
} ob_content_t;

/* What an operator says about an output; ob_infer_node() turns it into the value's type. */
typedef struct ob_infer_output {
  bool set;
  ob_dtype_t dtype; /* OB_UNDEFINED: what the operator's description says */
  ob_shape_t shape;
  const ob_type_t *type; /* not NULL: not a tensor */
  const ob_dim_t *content;
  size_t content_count;
} ob_infer_output_t;

/* Records what is wrong with the node ("axis is 3, expected ..."), unless something was wrong before; returns the status. */
ob_status_t ob_infer_fail(ob_infer_t *infer, const char *format, ...) OB_PRINTF(2, 3);

/* ---------------------------------------------------------------- arithmetic on dims */

ob_dim_t ob_dim(ob_infer_t *infer, int64_t value);
/* Each gives NULL where an argument is. */
ob_dim_t ob_dim_add(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
ob_dim_t ob_dim_sub(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
ob_dim_t ob_dim_mul(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
ob_dim_t ob_dim_min(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
ob_dim_t ob_dim_max(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
/* Any binary operation. */
ob_dim_t ob_dim_make(ob_infer_t *infer, ob_expr_op_t op, ob_dim_t a, ob_dim_t b);
ob_dim_t ob_dim_not(ob_infer_t *infer, ob_dim_t a);
/* a where `condition` is not 0, else b. */
ob_dim_t ob_dim_select(ob_infer_t *infer, ob_dim_t condition, ob_dim_t a, ob_dim_t b);
/* a + n, a * n */
ob_dim_t ob_dim_plus(ob_infer_t *infer, ob_dim_t a, int64_t n);
ob_dim_t ob_dim_times(ob_infer_t *infer, ob_dim_t a, int64_t n);
/* Integer division as ONNX's Div has it: towards zero. */
ob_dim_t ob_dim_divide(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
/* ONNX broadcasting of two sizes, one of which may be unknown. */
ob_dim_t ob_dim_broadcast(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
/* True, and *value, for a known constant. */
bool ob_dim_is_const(ob_dim_t dim, int64_t *value);
bool ob_dim_is(ob_dim_t dim, int64_t value);
/* The sizes are equal, and a guard says so where that is not plain. `what`: words for the message. Gives the better known of the
 * two. */
ob_dim_t ob_dim_require_equal(ob_infer_t *infer, ob_dim_t a, ob_dim_t b, const char *what);
/* `condition` must not be 0 in a call: an error where it is 0 whatever the shapes are, else a guard. */
void ob_infer_guard(ob_infer_t *infer, ob_dim_t condition, const char *reason);

/* ---------------------------------------------------------------- inputs */

/* True where input `index` is there. */
bool ob_infer_has(const ob_infer_t *infer, size_t index);
const ob_value_t *ob_infer_input(const ob_infer_t *infer, size_t index);
ob_dtype_t ob_infer_dtype(const ob_infer_t *infer, size_t index);
/* Of rank -1 where the input is left out or not a tensor. */
ob_shape_t ob_infer_shape(const ob_infer_t *infer, size_t index);
/* The shape of an input that must have this rank: fails where it has another. */
ob_shape_t ob_infer_shape_of_rank(ob_infer_t *infer, size_t index, int32_t rank);
/* The same for a least rank. */
ob_shape_t ob_infer_shape_at_least(ob_infer_t *infer, size_t index, int32_t rank);
/* Input `index` read as a shape: true where all its sizes are known. */
bool ob_infer_shape_input(ob_infer_t *infer, size_t index, ob_shape_t *shape);
/* True, and the elements, where all are known. */
bool ob_infer_content(ob_infer_t *infer, size_t index, ob_content_t *content);
/* The same where they are numbers, at most OB_MAX_RANK of them. */
bool ob_infer_numbers(ob_infer_t *infer, size_t index, int64_t numbers[OB_MAX_RANK], size_t *count);
/* The one element of an input of one element; NULL where it is not known. */
ob_dim_t ob_infer_scalar(ob_infer_t *infer, size_t index);
/* How many elements an input of rank 1 has, as a number; -1 where it is not known. */
int64_t ob_infer_length(const ob_infer_t *infer, size_t index);
/* The elements of a float32 constant. */
bool ob_infer_floats(const ob_infer_t *infer, size_t index, const float **floats, size_t *count);
/* Element `index` of a constant of integers or bool; false for other types, NULL included. */
bool ob_constant_int(const ob_constant_t *constant, size_t index, int64_t *value);
/* Equal ranks and sizes, as far as they are known; `what` is for the message. */
void ob_infer_require_same_shape(ob_infer_t *infer, const ob_shape_t *a, const ob_shape_t *b, const char *what);
/* `small` can be broadcast to `big` without changing that; `name` is the input's, for the message. */
void ob_infer_check_broadcast_to(ob_infer_t *infer, const ob_shape_t *small, const ob_shape_t *big, const char *name);

/* ---------------------------------------------------------------- attributes */

int64_t ob_infer_int(ob_infer_t *infer, const char *name, int64_t fallback);
/* The same where only low..high make sense. */
int64_t ob_infer_int_within(ob_infer_t *infer, const char *name, int64_t fallback, int64_t low, int64_t high);
const ob_dim_t *ob_infer_ints(ob_infer_t *infer, const char *name, size_t *count);
/* Numbers of an INTS of exactly `count` elements; `fallback` for each where it is not stated. */
void ob_infer_ints_of(ob_infer_t *infer, const char *name, size_t count, ob_dim_t fallback, ob_dim_t *values);
bool ob_infer_stated(const ob_infer_t *infer, const char *name);
/* An element type given as an attribute. */
ob_dtype_t ob_infer_dtype_attribute(ob_infer_t *infer, const char *name, ob_dtype_t fallback);
/* A STRING that is one of the words, which end with NULL. */
const char *ob_infer_word(ob_infer_t *infer, const char *name, const char *fallback, const char *const *words);
/* `axis` made non-negative; fails unless -rank <= axis < rank (+ 1 with `end`). rank -1 gives -1. `name` is for the message. */
int32_t ob_infer_axis_of(ob_infer_t *infer, const char *name, int64_t axis, int32_t rank, bool end);
/* The attribute of that name as an axis. */
int32_t ob_infer_axis(ob_infer_t *infer, const char *name, int64_t fallback, int32_t rank);
/* Marks axes in a row of flags; fails on one that occurs twice. */
void ob_infer_axes_mark(ob_infer_t *infer, const char *name, const int64_t *axes, size_t count, int32_t rank,
                        bool marked[OB_MAX_RANK]);

/* ---------------------------------------------------------------- outputs */

ob_shape_t ob_shape_unknown(void);
/* Of that rank, sizes unknown. */
ob_shape_t ob_shape_of_rank(int32_t rank);
ob_shape_t ob_shape_of(int32_t rank, const ob_dim_t *dims);
/* Fails where the rank would be more than OB_MAX_RANK. */
void ob_shape_append(ob_infer_t *infer, ob_shape_t *shape, ob_dim_t dim);
/* The broadcast of two shapes; of unknown rank where one is. */
ob_shape_t ob_shape_broadcast(ob_infer_t *infer, const ob_shape_t *a, const ob_shape_t *b);
/* Product of dims [begin, end). */
ob_dim_t ob_shape_count(ob_infer_t *infer, const ob_shape_t *shape, int32_t begin, int32_t end);

/* Says what an output is. OB_UNDEFINED: the element type that the operator's description says. Always OB_OK or infer->status. */
ob_status_t ob_infer_set(ob_infer_t *infer, size_t output, ob_dtype_t dtype, const ob_shape_t *shape);
/* The same as an input, tensor or not. */
ob_status_t ob_infer_set_like(ob_infer_t *infer, size_t output, size_t input);
ob_status_t ob_infer_set_type(ob_infer_t *infer, size_t output, const ob_type_t *type);
/* Room for `count` elements of a content; NULL where that is too many or memory ran out. */
ob_dim_t *ob_infer_room(ob_infer_t *infer, size_t count);
/* Elements of an output; nothing happens where one of them is not known. */
void ob_infer_set_content(ob_infer_t *infer, size_t output, const ob_dim_t *items, size_t count);
/* Output 0 has the elements of input 0 in the same order, whatever its shape. */
void ob_infer_pass_content(ob_infer_t *infer);
/* Between the two, arithmetic that fails means "not known" and no error: contents are computed so. */
typedef struct ob_infer_attempt {
  ob_status_t before;
} ob_infer_attempt_t;
ob_infer_attempt_t ob_infer_try(ob_infer_t *infer);
void ob_infer_tried(ob_infer_t *infer, ob_infer_attempt_t attempt);

/* How many graphs inference is inside of: 1 for main. */
int ob_infer_depth(void);

/* ---------------------------------------------------------------- families */

/* Output 0 has the shape of input 0. */
ob_status_t ob_infer_same(ob_infer_t *infer);
/* The same for operators that work along the attribute `axis`, which is checked. */
ob_status_t ob_infer_along_axis(ob_infer_t *infer);
/* Output 0 is a vector as long as the scalar input 0 says, of the type in `output_datatype`. */
ob_status_t ob_infer_signal_window(ob_infer_t *infer);
/* Output 0 has the broadcast shape of all inputs. */
ob_status_t ob_infer_broadcast(ob_infer_t *infer);
/* The same with contents: `fold` computes an element from two. */
typedef ob_dim_t (*ob_fold_t)(ob_infer_t *infer, ob_dim_t a, ob_dim_t b);
ob_status_t ob_infer_fold(ob_infer_t *infer, ob_fold_t fold);
typedef ob_dim_t (*ob_fold_unary_t)(ob_infer_t *infer, ob_dim_t a);
ob_status_t ob_infer_fold_unary(ob_infer_t *infer, ob_fold_unary_t fold);

#endif
