/* For tests of engines: a host in memory, a region builder, random tensors, comparisons. A test of one operator:
 *
 *     ob_rig_t *rig = ob_rig_open("ref");
 *     int x = ob_rig_input(rig, OB_FLOAT32, OB_DIMS(2, 2), OB_VALUES(1, 2, 3, 4));
 *     int y = ob_rig_output(rig, OB_FLOAT32, OB_DIMS(2, 2));
 *     ob_rig_node(rig, "Transpose", OB_LIST(x), OB_LIST(y));
 *     ob_rig_ints(rig, "perm", OB_INTS(1, 0));
 *     assert_int_equal(ob_rig_run(rig), OB_OK);
 *     assert_true(ob_rig_expect(rig, y, OB_VALUES(1, 3, 2, 4), 0));
 *     ob_rig_close(rig);
 *
 * Building functions never fail but by abort(): these are tests. Engine failures come back as status, with ob_rig_message().
 * The rig surrounds outputs and the workspace with canaries and fills them with garbage before each run, checks that inputs
 * stay as they are, and that the engine gave back every block when it is closed. It aborts with words when one of these is broken. */
#ifndef OB_TESTING_TESTING_H
#define OB_TESTING_TESTING_H

#include <outboard/engine.h>

typedef struct ob_rig ob_rig_t;

#define OB_DIMS(...) (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}
#define OB_SCALAR 0, NULL
#define OB_UNKNOWN -1, NULL /* rank and dims known only after the run */
#define OB_VALUES(...) (double[]){__VA_ARGS__}
#define OB_LIST(...) (int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int)
#define OB_NOTHING NULL, 0 /* an empty list of inputs */
#define OB_LEFT_OUT -1     /* an input or output that is not there */
#define OB_INTS(...) (int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)
#define OB_FLOATS(...) (float[]){__VA_ARGS__}, sizeof((float[]){__VA_ARGS__}) / sizeof(float)

/* ---------------------------------------------------------------- rig: an engine and a region under construction */

/* The engine of library ob_engine_NAME.so in the first folder of $OUTBOARD_ENGINE_PATH; a name with a '/' is a path.
 * NULL when the library is not there (a test of an engine that this machine lacks skips itself); aborts when it does not open. */
ob_rig_t *ob_rig_open(const char *name);
ob_rig_t *ob_rig_open_entry(ob_engine_entry_t entry);
void ob_rig_close(ob_rig_t *rig);

/* Values; the number that names one comes back. `values`: as many as the dims say, converted to dtype; NULL: zeros. */
int ob_rig_input(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims, const double *values);
int ob_rig_constant(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims, const double *values);
int ob_rig_value(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims);
int ob_rig_output(ob_rig_t *rig, ob_dtype_t dtype, int32_t rank, const int64_t *dims);
/* Strings, sequences, optionals and maps (and tensors): copied deeply. Outputs of these kinds: what the engine put comes from ob_rig_any(). */
int ob_rig_input_any(ob_rig_t *rig, const ob_tensor_t *value);
int ob_rig_output_any(ob_rig_t *rig, ob_kind_t kind, ob_dtype_t dtype, int32_t rank, const int64_t *dims);
const ob_tensor_t *ob_rig_any(const ob_rig_t *rig, int value); /* NULL: nothing was put */
/* Makes any value a region output too. */
void ob_rig_also_output(ob_rig_t *rig, int value);
/* An integer input whose elements bind may know (`has_content`). */
void ob_rig_content(ob_rig_t *rig, int value);

void ob_rig_node(ob_rig_t *rig, const char *op, const int *inputs, size_t input_count, const int *outputs, size_t output_count);
void ob_rig_domain(ob_rig_t *rig, const char *domain); /* of the newest node; "" at first */
/* Attributes of the newest node. Defaults of the operator are not filled in: state what the engine looks at. */
void ob_rig_int(ob_rig_t *rig, const char *name, int64_t value);
void ob_rig_ints(ob_rig_t *rig, const char *name, const int64_t *values, size_t count);
void ob_rig_float(ob_rig_t *rig, const char *name, float value);
void ob_rig_floats(ob_rig_t *rig, const char *name, const float *values, size_t count);
void ob_rig_string(ob_rig_t *rig, const char *name, const char *value);
void ob_rig_strings(ob_rig_t *rig, const char *name, const char *const *values, size_t count);
void ob_rig_tensor(ob_rig_t *rig, const char *name, ob_dtype_t dtype, int32_t rank, const int64_t *dims, const double *values);

/* Options, before the first run. */
void ob_rig_symbolic(ob_rig_t *rig, bool on);      /* the region shows every dim as OB_DYNAMIC; bind tells the numbers */
void ob_rig_threads(ob_rig_t *rig, uint32_t threads); /* 1 at first */
void ob_rig_in_place(ob_rig_t *rig, bool on);      /* follow the instance's in_place offers (inputs change then) */
void ob_rig_packed_only(ob_rig_t *rig, bool on);   /* constants are shown without plain data: host->constant() only */

/* Asks `supports` for each node; the reason of the first refusal, or NULL. */
const char *ob_rig_refusal(ob_rig_t *rig);
/* compile and bind, if not done yet, and run. May be called again: with other input data, or after ob_rig_reshape(). */
OB_MUST_CHECK ob_status_t ob_rig_run(ob_rig_t *rig);
/* Binds the same executable anew at the next run, with other dims (and zeroed data, for inputs) of a value. */
void ob_rig_reshape(ob_rig_t *rig, int value, int32_t rank, const int64_t *dims);
/* Message of the last failure. */
const char *ob_rig_message(const ob_rig_t *rig);
void ob_rig_cancel(ob_rig_t *rig, bool on);
void ob_rig_deadline(ob_rig_t *rig, uint64_t deadline_ns);

/* The plain elements of an input or constant (to write before a run) or of an output (to read after it). */
void *ob_rig_data(ob_rig_t *rig, int value);
const int64_t *ob_rig_dims(const ob_rig_t *rig, int value);
int32_t ob_rig_rank(const ob_rig_t *rig, int value);
size_t ob_rig_count(const ob_rig_t *rig, int value);
ob_dtype_t ob_rig_dtype(const ob_rig_t *rig, int value);
/* Is |got - want| <= tolerance * max(1, |want|) everywhere (NaN equals NaN)? Prints the first differences to stderr if not. */
bool ob_rig_expect(ob_rig_t *rig, int value, const double *want, double tolerance);
const ob_instance_info_t *ob_rig_info(const ob_rig_t *rig);
const ob_engine_api_t *ob_rig_api(const ob_rig_t *rig);
ob_engine_t *ob_rig_engine(const ob_rig_t *rig);

/* The n-th allocation from now on fails (1: the next), and all after it; 0: none. */
void ob_rig_fail_allocation(ob_rig_t *rig, size_t n);
/* Allocations so far, by the engine through the host's allocator. */
size_t ob_rig_allocations(const ob_rig_t *rig);

/* ---------------------------------------------------------------- elements */

/* Element `index` of a buffer as double, and back (rounded to nearest even, saturated for integers; bool: 0 and 1). Not for
 * complex and string. */
double ob_element_get(ob_dtype_t dtype, const void *data, size_t index);
void ob_element_set(ob_dtype_t dtype, void *data, size_t index, double value);

/* ---------------------------------------------------------------- random data */

typedef struct ob_random {
  uint64_t state;
} ob_random_t;
uint64_t ob_random_next(ob_random_t *random);
int64_t ob_random_int(ob_random_t *random, int64_t low, int64_t high); /* both inclusive */
double ob_random_real(ob_random_t *random, double low, double high);
enum {
  OB_RANDOM_NAN = 1 << 0,
  OB_RANDOM_INFINITY = 1 << 1,
  OB_RANDOM_DENORMAL = 1 << 2,
  OB_RANDOM_LIMITS = 1 << 3, /* largest and smallest values of the type */
  OB_RANDOM_ZERO = 1 << 4    /* both zeros */
};
/* Fills with uniform values of [low, high]; about one in eight is one of the specials in `flags`. */
void ob_random_fill(ob_random_t *random, ob_dtype_t dtype, void *data, size_t count, double low, double high, unsigned flags);
/* A random shape of at most `max_rank` dims (at least min_rank) of 1 to max_dim (one in sixteen is 0 when `empty`). */
int32_t ob_random_dims(ob_random_t *random, int32_t min_rank, int32_t max_rank, int64_t max_dim, bool empty, int64_t *dims);
/* A shape that broadcasts to `dims`: some leading dims left out, some dims 1. */
int32_t ob_random_broadcast(ob_random_t *random, int32_t rank, const int64_t *dims, int64_t *out);

/* ---------------------------------------------------------------- comparison */

typedef struct ob_comparison {
  size_t differing;        /* elements beyond the tolerance */
  size_t worst;            /* index of the largest excess */
  double max_abs, max_rel; /* max_rel: largest |got - want| / max(|want|, 1e-30) */
  uint64_t max_ulp;        /* float32, float64, float16, bfloat16 only */
} ob_comparison_t;
/* atol + rtol * |want|; NaN equals NaN, infinities equal themselves only. */
ob_comparison_t ob_compare(ob_dtype_t dtype, const void *got, const void *want, size_t count, double atol, double rtol);
/* Units in the last place between two floats of the type; UINT64_MAX when just one is NaN. */
uint64_t ob_ulp(ob_dtype_t dtype, const void *a, const void *b, size_t index);

/* ---------------------------------------------------------------- layouts */

/* Bytes of a packed tensor, and conversion to and from plain. Padding becomes zero. Whole-byte elements. */
size_t ob_layout_size(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims);
void ob_layout_pack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *plain, void *packed);
void ob_layout_unpack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *packed, void *plain);

#endif
