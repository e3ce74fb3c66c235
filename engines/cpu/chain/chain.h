/* Chains: one or more element-wise operators run tile by tile, so that what passes between them stays in the L1 cache.
 *
 * A chain is a little program over registers. A register is an input tensor (broadcast to the chain's shape), a tile-sized buffer, or
 * an output tensor (which has the chain's shape). It is built once an instance and run from any number of threads. */
#ifndef OB_CPU_CHAIN_CHAIN_H
#define OB_CPU_CHAIN_CHAIN_H

#include "cpu/cpu.h"

#define OB_CHAIN_REGISTERS 96
#define OB_CHAIN_STEPS 64
#define OB_CHAIN_INPUTS 24
#define OB_CHAIN_OUTPUTS 8
typedef int ob_reg_t; /* negative: no register */

typedef struct ob_chain_input {
  uint32_t tensor; /* which of the call's inputs */
  uint8_t size;    /* bytes of an element */
  bool scalar, flat; /* one element; or as the output lies */
  const void *fixed; /* elements that the chain has itself; NULL: the call's tensor */
  int64_t *strides; /* [chain rank] in elements, 0 where broadcast */
} ob_chain_input_t;

typedef enum ob_register_kind { OB_REGISTER_INPUT, OB_REGISTER_BUFFER, OB_REGISTER_OUTPUT } ob_register_kind_t;
typedef struct ob_register {
  ob_register_kind_t kind;
  ob_dtype_t dtype;
  uint32_t index; /* of the input, buffer slot or output */
  int last;       /* the last step that reads it */
} ob_register_t;

typedef struct ob_chain_step {
  ob_tile_fn run;
  int16_t in[3];
  int16_t out;
  bool scalars_ok; /* the function knows what a scalar is; else it is given full tiles */
  float param[2];
} ob_chain_step_t;

typedef struct ob_chain {
  int32_t rank;
  int64_t *dims; /* folded: as few as the broadcasts leave */
  size_t count;
  ob_chain_input_t *inputs;
  ob_chain_step_t *steps;
  ob_register_t *registers;
  uint32_t *outputs; /* which of the call's outputs */
  size_t input_count, step_count, register_count, output_count;
  size_t slots, slot_bytes; /* buffers of a thread */
  bool by_rows;
} ob_chain_t;

typedef struct ob_chain_builder {
  ob_arena_t *arena;
  const ob_isa_t *isa;
  int32_t rank; /* of the shape that the chain runs over */
  const int64_t *dims;
  ob_status_t status; /* the first failure */
  ob_chain_t chain;
} ob_chain_builder_t;

/* Begins a chain over a shape. `dims` must live until ob_chain_finish(). */
OB_MUST_CHECK ob_status_t ob_chain_begin(ob_chain_builder_t *builder, ob_arena_t *arena, int32_t rank, const int64_t *dims);
/* Input tensor number `which`, broadcast as ONNX does. */
ob_reg_t ob_chain_input(ob_chain_builder_t *builder, uint32_t which, const ob_tensor_t *tensor);
/* A tensor of rank 1 (or a scalar) that lies along `axis`: a per-channel scale. */
ob_reg_t ob_chain_input_along(ob_chain_builder_t *builder, uint32_t which, const ob_tensor_t *tensor, int32_t axis);
/* The same for `count` float32 numbers that live as long as the chain; one number is a scalar. */
ob_reg_t ob_chain_numbers(ob_chain_builder_t *builder, const float *numbers, int64_t count, int32_t axis);
/* out = run(a, b, c); unused ones are negative. */
ob_reg_t ob_chain_step(ob_chain_builder_t *builder, ob_tile_fn run, ob_dtype_t dtype, ob_reg_t a, ob_reg_t b, ob_reg_t c);
/* A float32 step, whose function takes scalars, with up to two numbers. */
ob_reg_t ob_chain_f32(ob_chain_builder_t *builder, ob_tile_fn run, ob_reg_t a, ob_reg_t b, ob_reg_t c, float p, float q);
ob_reg_t ob_chain_unary(ob_chain_builder_t *builder, ob_unary_t op, ob_reg_t a, float p, float q);
ob_reg_t ob_chain_binary(ob_chain_builder_t *builder, ob_binary_t op, ob_reg_t a, ob_reg_t b);
/* The value in another element type; the register itself when it has that type. */
ob_reg_t ob_chain_cast(ob_chain_builder_t *builder, ob_reg_t a, ob_dtype_t dtype);
static inline ob_dtype_t ob_chain_dtype(const ob_chain_builder_t *builder, ob_reg_t reg) {
  return reg < 0 ? OB_UNDEFINED : builder->chain.registers[reg].dtype;
}
/* The register becomes output `which`. */
void ob_chain_output(ob_chain_builder_t *builder, ob_reg_t reg, uint32_t which);
OB_MUST_CHECK ob_status_t ob_chain_finish(ob_chain_builder_t *builder, const ob_chain_t **chain);

/* Bytes of scratch that one thread needs. */
size_t ob_chain_scratch(const ob_chain_t *chain);
/* Elements [begin, end) of the outputs. `in` and `out` by the numbers given at build time. Thread-safe.
 * False when an integer was divided by zero (the quotient is 0 then). */
bool ob_chain_run(const ob_chain_t *chain, const void *const *in, void *const *out, size_t begin, size_t end, void *scratch);

/* Functions of other element types; NULL when there is none. Full tiles only. */
static inline ob_tile_fn ob_chain_typed(ob_typed_t op, ob_dtype_t dtype) { return ob_cpu_isa()->typed(op, dtype); }
static inline ob_tile_fn ob_chain_cast_fn(ob_dtype_t from, ob_dtype_t to) { return ob_cpu_isa()->cast(from, to); }

#endif
