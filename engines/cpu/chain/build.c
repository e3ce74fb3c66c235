/* Builds chains: registers, steps, buffers, and the shape folded as far as the broadcasts allow. */
#include <string.h>

#include "cpu/chain/chain.h"

/* Rows shorter than this are gathered into tiles of several rows. */
#define SHORT_ROW 128

ob_status_t ob_chain_begin(ob_chain_builder_t *builder, ob_arena_t *arena, int32_t rank, const int64_t *dims) {
  *builder = (ob_chain_builder_t){.arena = arena, .isa = ob_cpu_isa(), .rank = rank, .dims = dims};
  ob_chain_t *chain = &builder->chain;
  OB_TRY(OB_ARENA_ARRAY(arena, OB_CHAIN_INPUTS, &chain->inputs));
  OB_TRY(OB_ARENA_ARRAY(arena, OB_CHAIN_STEPS, &chain->steps));
  OB_TRY(OB_ARENA_ARRAY(arena, OB_CHAIN_REGISTERS, &chain->registers));
  return OB_ARENA_ARRAY(arena, OB_CHAIN_OUTPUTS, &chain->outputs);
}

static ob_reg_t fail(ob_chain_builder_t *builder, ob_status_t status) {
  if (builder->status == OB_OK) builder->status = status;
  return -1;
}

static ob_reg_t too_long(ob_chain_builder_t *builder) {
  return fail(builder, builder->status == OB_OK ? ob_fail(OB_INTERNAL, "an element-wise chain is too long") : OB_OK);
}

static ob_reg_t add_register(ob_chain_builder_t *builder, ob_register_kind_t kind, ob_dtype_t dtype, uint32_t index) {
  ob_chain_t *chain = &builder->chain;
  if (chain->register_count == OB_CHAIN_REGISTERS) return too_long(builder);
  chain->registers[chain->register_count] = (ob_register_t){.kind = kind, .dtype = dtype, .index = index, .last = -1};
  return (ob_reg_t)chain->register_count++;
}

/* `map[i]`: the dim of the chain's shape that dim i of the tensor lies along. */
static ob_reg_t add_input(ob_chain_builder_t *builder, uint32_t which, const ob_tensor_t *tensor, const int32_t *map) {
  ob_chain_t *chain = &builder->chain;
  if (builder->status != OB_OK) return -1;
  if (chain->input_count == OB_CHAIN_INPUTS) return too_long(builder);
  ob_chain_input_t *input = &chain->inputs[chain->input_count];
  *input = (ob_chain_input_t){.tensor = which, .size = (uint8_t)ob_cpu_size(tensor->dtype)};
  const ob_status_t status = OB_ARENA_ARRAY(builder->arena, (size_t)builder->rank, &input->strides);
  if (status != OB_OK) return fail(builder, status);
  int64_t stride = 1;
  for (int32_t i = tensor->rank - 1; i >= 0; i--) {
    if (tensor->dims[i] != 1) input->strides[map[i]] = stride;
    stride *= tensor->dims[i];
  }
  return add_register(builder, OB_REGISTER_INPUT, tensor->dtype, (uint32_t)chain->input_count++);
}

ob_reg_t ob_chain_input(ob_chain_builder_t *builder, uint32_t which, const ob_tensor_t *tensor) {
  int32_t map[OB_MAX_RANK];
  for (int32_t i = 0; i < tensor->rank; i++) map[i] = i + builder->rank - tensor->rank;
  return add_input(builder, which, tensor, map);
}

ob_reg_t ob_chain_input_along(ob_chain_builder_t *builder, uint32_t which, const ob_tensor_t *tensor, int32_t axis) {
  return add_input(builder, which, tensor, &axis);
}

ob_reg_t ob_chain_numbers(ob_chain_builder_t *builder, const float *numbers, int64_t count, int32_t axis) {
  const ob_tensor_t tensor = {.dtype = OB_FLOAT32, .rank = 1, .dims = &count};
  const ob_reg_t reg = add_input(builder, 0, &tensor, &axis);
  if (reg >= 0) builder->chain.inputs[builder->chain.registers[reg].index].fixed = numbers;
  return reg;
}

ob_reg_t ob_chain_step(ob_chain_builder_t *builder, ob_tile_fn run, ob_dtype_t dtype, ob_reg_t a, ob_reg_t b, ob_reg_t c) {
  ob_chain_t *chain = &builder->chain;
  if (builder->status != OB_OK) return -1;
  if (!run) return fail(builder, ob_fail(OB_INTERNAL, "an element-wise step has no function for %s", ob_dtype_name(dtype)));
  if (chain->step_count == OB_CHAIN_STEPS) return too_long(builder);
  const ob_reg_t out = add_register(builder, OB_REGISTER_BUFFER, dtype, 0);
  if (out < 0) return -1;
  const ob_reg_t in[3] = {a, b, c};
  ob_chain_step_t *step = &chain->steps[chain->step_count];
  *step = (ob_chain_step_t){.run = run, .out = (int16_t)out};
  for (int i = 0; i < 3; i++) {
    step->in[i] = (int16_t)in[i];
    if (in[i] >= 0) chain->registers[in[i]].last = (int)chain->step_count;
  }
  chain->step_count++;
  return out;
}

ob_reg_t ob_chain_f32(ob_chain_builder_t *builder, ob_tile_fn run, ob_reg_t a, ob_reg_t b, ob_reg_t c, float p, float q) {
  const ob_reg_t out = ob_chain_step(builder, run, OB_FLOAT32, a, b, c);
  if (out < 0) return out;
  ob_chain_step_t *step = &builder->chain.steps[builder->chain.step_count - 1];
  step->scalars_ok = true;
  step->param[0] = p;
  step->param[1] = q;
  return out;
}

ob_reg_t ob_chain_unary(ob_chain_builder_t *builder, ob_unary_t op, ob_reg_t a, float p, float q) {
  return ob_chain_f32(builder, builder->isa->unary[op], a, -1, -1, p, q);
}

ob_reg_t ob_chain_binary(ob_chain_builder_t *builder, ob_binary_t op, ob_reg_t a, ob_reg_t b) {
  return ob_chain_f32(builder, builder->isa->binary[op], a, b, -1, 0, 0);
}

static bool is_small_float(ob_dtype_t dtype) { return dtype == OB_FLOAT16 || dtype == OB_BFLOAT16; }

ob_reg_t ob_chain_cast(ob_chain_builder_t *builder, ob_reg_t a, ob_dtype_t dtype) {
  const ob_isa_t *isa = builder->isa;
  ob_dtype_t from = ob_chain_dtype(builder, a);
  if (a < 0 || from == dtype) return a;
  if (is_small_float(from)) {
    a = ob_chain_step(builder, from == OB_FLOAT16 ? isa->f16_to_f32 : isa->bf16_to_f32, OB_FLOAT32, a, -1, -1);
    from = OB_FLOAT32;
  }
  if (!is_small_float(dtype)) return from == dtype ? a : ob_chain_step(builder, ob_chain_cast_fn(from, dtype), dtype, a, -1, -1);
  if (from != OB_FLOAT32) a = ob_chain_step(builder, ob_chain_cast_fn(from, OB_FLOAT32), OB_FLOAT32, a, -1, -1);
  return ob_chain_step(builder, dtype == OB_FLOAT16 ? isa->f32_to_f16 : isa->f32_to_bf16, dtype, a, -1, -1);
}

void ob_chain_output(ob_chain_builder_t *builder, ob_reg_t reg, uint32_t which) {
  ob_chain_t *chain = &builder->chain;
  if (builder->status != OB_OK || reg < 0) return;
  if (chain->output_count == OB_CHAIN_OUTPUTS) {
    too_long(builder);
    return;
  }
  ob_register_t *r = &chain->registers[reg];
  if (r->kind != OB_REGISTER_BUFFER) { /* an input, or an output already: one more step copies it */
    reg = ob_chain_step(builder, builder->isa->copy(ob_cpu_size(r->dtype)), r->dtype, reg, -1, -1);
    if (reg < 0) return;
    r = &chain->registers[reg];
  }
  r->kind = OB_REGISTER_OUTPUT;
  r->index = (uint32_t)chain->output_count;
  chain->outputs[chain->output_count++] = which;
}

/* May dims i - 1 and i be walked as one? */
static bool can_fold(const ob_chain_t *chain, const int64_t *dims, int32_t outer, int32_t inner) {
  for (size_t k = 0; k < chain->input_count; k++)
    if (chain->inputs[k].strides[outer] != chain->inputs[k].strides[inner] * dims[inner]) return false;
  return true;
}

/* Drops dims of size 1 and joins neighbours. Strides are changed in place: position `used` is never past `i`. */
static ob_status_t fold(ob_chain_builder_t *builder) {
  ob_chain_t *chain = &builder->chain;
  OB_TRY(OB_ARENA_ARRAY(builder->arena, (size_t)builder->rank + 1, &chain->dims));
  chain->count = 1;
  int32_t used = 0;
  for (int32_t i = 0; i < builder->rank; i++) {
    const int64_t size = builder->dims[i];
    chain->count *= (size_t)size;
    if (size == 1) continue;
    chain->dims[used] = size;
    for (size_t k = 0; k < chain->input_count; k++) chain->inputs[k].strides[used] = chain->inputs[k].strides[i];
    if (used > 0 && can_fold(chain, chain->dims, used - 1, used)) {
      for (size_t k = 0; k < chain->input_count; k++) chain->inputs[k].strides[used - 1] = chain->inputs[k].strides[used];
      chain->dims[used - 1] *= size;
    } else {
      used++;
    }
  }
  chain->rank = used;
  return OB_OK;
}

static void classify_inputs(ob_chain_t *chain) {
  bool all_plain = true;
  for (size_t k = 0; k < chain->input_count; k++) {
    ob_chain_input_t *input = &chain->inputs[k];
    input->scalar = input->flat = true;
    int64_t natural = 1;
    for (int32_t i = chain->rank - 1; i >= 0; i--) {
      if (input->strides[i] != 0) input->scalar = false;
      if (input->strides[i] != natural) input->flat = false;
      natural *= chain->dims[i];
    }
    if (input->scalar) input->flat = false;
    if (!input->scalar && !input->flat) all_plain = false;
  }
  chain->by_rows = all_plain || chain->rank <= 1 || chain->dims[chain->rank - 1] >= SHORT_ROW;
}

/* Gives buffers their slots: one is free again after the last step that reads it. */
static void assign_slots(ob_chain_t *chain) {
  bool taken[OB_CHAIN_REGISTERS] = {false};
  for (size_t s = 0; s < chain->step_count; s++) {
    const ob_chain_step_t *step = &chain->steps[s];
    ob_register_t *out = &chain->registers[step->out];
    if (out->kind == OB_REGISTER_BUFFER) {
      uint32_t slot = 0;
      while (taken[slot]) slot++;
      taken[slot] = true;
      out->index = slot;
      if (slot + 1 > chain->slots) chain->slots = slot + 1;
      if (out->last < 0) taken[slot] = false; /* nobody reads it */
    }
    for (int i = 0; i < 3; i++) {
      if (step->in[i] < 0) continue;
      const ob_register_t *in = &chain->registers[step->in[i]];
      if (in->kind == OB_REGISTER_BUFFER && in->last == (int)s) taken[in->index] = false;
    }
  }
  for (size_t r = 0; r < chain->register_count; r++) {
    const size_t bytes = OB_TILE * ob_cpu_size(chain->registers[r].dtype);
    if (bytes > chain->slot_bytes) chain->slot_bytes = bytes;
  }
}

ob_status_t ob_chain_finish(ob_chain_builder_t *builder, const ob_chain_t **chain) {
  ob_chain_t *copy;
  if (builder->status != OB_OK) return builder->status;
  OB_TRY(fold(builder));
  classify_inputs(&builder->chain);
  assign_slots(&builder->chain);
  OB_TRY(OB_ARENA_NEW(builder->arena, &copy));
  *copy = builder->chain;
  *chain = copy;
  return OB_OK;
}
