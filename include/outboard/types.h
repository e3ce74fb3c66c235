/* Types that users and engine authors share: status, element types, tensors, layouts, allocators. */
#ifndef OUTBOARD_TYPES_H
#define OUTBOARD_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define OB_MUST_CHECK __attribute__((warn_unused_result))
#define OB_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define OB_API __attribute__((visibility("default")))
#else
#define OB_MUST_CHECK
#define OB_PRINTF(format_at, args_at)
#define OB_API
#endif

/* Largest rank of a tensor. Files and models with a larger one are refused. */
#define OB_MAX_RANK 32

/* A size that is not known until a call's input shapes are known. */
#define OB_DYNAMIC INT64_C(-1)

/* What a function came to. Anything but OB_OK also leaves a message: see ob_error_message(). */
typedef enum ob_status {
  OB_OK = 0,
  OB_OUT_OF_MEMORY,      /* the allocator gave nothing */
  OB_INVALID_ARGUMENT,   /* the caller's arguments: names, dtypes, ranks, dims, strides, options */
  OB_INVALID_MODEL,      /* the ONNX model breaks the definition of the format or of an operator */
  OB_INVALID_ARTIFACT,   /* the .ob file is damaged, cut short or of another major version */
  OB_UNSUPPORTED,        /* a correct request that this build cannot serve */
  OB_NOT_FOUND,          /* no such file, engine, input, symbol */
  OB_IO_ERROR,           /* the operating system refused to read or write */
  OB_ENGINE_ERROR,       /* an engine's library failed */
  OB_CANCELLED,          /* the caller's cancel flag was set */
  OB_DEADLINE_EXCEEDED,  /* the caller's deadline has passed */
  OB_OUT_OF_RANGE,       /* data given at run time is outside what the operator allows (an index, a divisor) */
  OB_INTERNAL            /* a defect in Outboard; the message says where */
} ob_status_t;

/* Element types; the numbers are those of ONNX's TensorProto.DataType. */
typedef enum ob_dtype {
  OB_UNDEFINED = 0,
  OB_FLOAT32 = 1,
  OB_UINT8 = 2,
  OB_INT8 = 3,
  OB_UINT16 = 4,
  OB_INT16 = 5,
  OB_INT32 = 6,
  OB_INT64 = 7,
  OB_STRING = 8, /* elements are ob_string_t */
  OB_BOOL = 9,   /* one byte, 0 or 1 */
  OB_FLOAT16 = 10,
  OB_FLOAT64 = 11,
  OB_UINT32 = 12,
  OB_UINT64 = 13,
  OB_COMPLEX64 = 14,
  OB_COMPLEX128 = 15,
  OB_BFLOAT16 = 16,
  OB_FLOAT8E4M3FN = 17,
  OB_FLOAT8E4M3FNUZ = 18,
  OB_FLOAT8E5M2 = 19,
  OB_FLOAT8E5M2FNUZ = 20,
  OB_UINT4 = 21, /* two elements a byte, the first in the low bits, as in ONNX */
  OB_INT4 = 22,
  OB_FLOAT4E2M1 = 23,
  OB_FLOAT8E8M0 = 24,
  OB_UINT2 = 25, /* four elements a byte, the first in the lowest bits */
  OB_INT2 = 26,
  OB_FLOAT6E2M3 = 27, /* one element a byte, in the low six bits */
  OB_FLOAT6E3M2 = 28,
  OB_DTYPE_COUNT = 29
} ob_dtype_t;

/* What a value is. */
typedef enum ob_kind { OB_TENSOR = 0, OB_SEQUENCE = 1, OB_OPTIONAL = 2, OB_MAP = 3 } ob_kind_t;

/* A string element: `size` bytes of UTF-8, not terminated, owned by whoever owns the tensor. */
typedef struct ob_string {
  const char *data;
  size_t size;
} ob_string_t;

/* A tensor, or a collection of them, at run time. A plain view: it owns nothing.
 *
 * Tensor: `data` holds the elements, row-major unless `strides` is given.
 * Sequence: `items` are its `item_count` elements.  Optional: none or one item.  Map: two items, keys and values. */
typedef struct ob_tensor {
  ob_kind_t kind;
  ob_dtype_t dtype;       /* of a tensor's elements */
  int32_t rank;           /* 0 to OB_MAX_RANK */
  const int64_t *dims;    /* `rank` sizes, none negative */
  const int64_t *strides; /* in elements, one a dim; NULL: contiguous, row-major */
  void *data;
  size_t bytes; /* size of the buffer behind `data`; may be larger than the tensor */
  const struct ob_tensor *items;
  size_t item_count;
} ob_tensor_t;

/* How a value lies in memory, in the terms of oneDNN's blocking descriptors: the dims in `order` from outermost to
 * innermost, then `block_count` inner blocks, each of `block_size` elements of dim `block_dim`, outermost first. Dims
 * are padded up to a multiple of their blocks' product; the padding is zero.
 * Example: nChw16c is order {0,1,2,3}, one block of 16 of dim 1. Plain row-major: the identity order, no blocks. */
#define OB_MAX_BLOCKS 4
typedef struct ob_layout {
  int32_t rank;
  int32_t block_count;
  uint8_t order[OB_MAX_RANK];
  uint8_t block_dim[OB_MAX_BLOCKS];
  int32_t block_size[OB_MAX_BLOCKS];
} ob_layout_t;

/* Where memory comes from. Both functions may be called from any thread. */
typedef struct ob_allocator {
  /* Returns `size` bytes aligned to `alignment` (a power of two), or NULL. `size` is never 0. */
  void *(*allocate)(void *self, size_t size, size_t alignment);
  /* Gives back what `allocate` returned; NULL does nothing. */
  void (*release)(void *self, void *block);
  void *self;
} ob_allocator_t;

typedef enum ob_log_level { OB_LOG_DEBUG, OB_LOG_INFO, OB_LOG_WARNING } ob_log_level_t;

/* Receives one line without its newline. May be called from any thread. NULL callbacks drop the lines. */
typedef void (*ob_log_callback_t)(void *user, ob_log_level_t level, const char *line);

#endif
