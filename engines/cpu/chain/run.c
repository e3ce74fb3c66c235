/* Runs chains: walks the shape in tiles, finds each input's elements, calls the steps. */
#include <string.h>

#include "cpu/chain/chain.h"

/* A thread's view of a chain while it runs. */
typedef struct walk {
  const ob_chain_t *chain;
  const char *in[OB_CHAIN_INPUTS];    /* bases */
  char *out[OB_CHAIN_OUTPUTS];
  const char *tile[OB_CHAIN_INPUTS];  /* where the present tile's elements are */
  bool scalar[OB_CHAIN_INPUTS];       /* the present tile is one element over and over */
  int64_t offset[OB_CHAIN_INPUTS];    /* by rows: elements from the base to the row */
  int64_t index[OB_MAX_RANK];         /* of the row, or of the tile's first element */
  int zero_divisor;
  char *slots, *inputs, *spread;      /* scratch: buffers; inputs laid out in full; scalars laid out for functions that want that */
} walk_t;

size_t ob_chain_scratch(const ob_chain_t *chain) { return (chain->slots + chain->input_count + 3) * chain->slot_bytes; }

/* n elements of `size` bytes, all like the one at `from`. */
static void spread(void *to, const void *from, size_t n, size_t size) {
#define SPREAD(type)                                  \
  do {                                                \
    type value;                                       \
    memcpy(&value, from, sizeof value);               \
    type *y = to;                                     \
    for (size_t i = 0; i < n; i++) y[i] = value;      \
  } while (0)
  switch (size) {
    case 1: memset(to, *(const unsigned char *)from, n); break;
    case 2: SPREAD(uint16_t); break;
    case 4: SPREAD(uint32_t); break;
    default: SPREAD(uint64_t); break;
  }
#undef SPREAD
}

static void run_steps(walk_t *walk, size_t position, size_t n) {
  const ob_chain_t *chain = walk->chain;
  for (size_t s = 0; s < chain->step_count; s++) {
    const ob_chain_step_t *step = &chain->steps[s];
    ob_tile_t tile = {.n = n, .param = step->param, .zero_divisor = &walk->zero_divisor};
    for (int i = 0; i < 3 && step->in[i] >= 0; i++) {
      const ob_register_t *r = &chain->registers[step->in[i]];
      const size_t size = ob_cpu_size(r->dtype);
      if (r->kind == OB_REGISTER_BUFFER) {
        tile.in[i] = walk->slots + r->index * chain->slot_bytes;
      } else if (r->kind == OB_REGISTER_OUTPUT) {
        tile.in[i] = walk->out[r->index] + position * size;
      } else {
        tile.in[i] = walk->tile[r->index];
        if (walk->scalar[r->index] && step->scalars_ok) {
          tile.scalars |= 1u << i;
        } else if (walk->scalar[r->index]) {
          char *room = walk->spread + (size_t)i * chain->slot_bytes;
          spread(room, tile.in[i], n, size);
          tile.in[i] = room;
        }
      }
    }
    const ob_register_t *out = &chain->registers[step->out];
    tile.out = out->kind == OB_REGISTER_OUTPUT ? walk->out[out->index] + position * ob_cpu_size(out->dtype)
                                               : walk->slots + out->index * chain->slot_bytes;
    step->run(&tile);
  }
}

/* Index of element `position` in the first `rank` dims, whose sizes are chain->dims. */
static void seek(walk_t *walk, size_t position, int32_t rank) {
  const ob_chain_t *chain = walk->chain;
  for (int32_t i = rank - 1; i >= 0; i--) {
    walk->index[i] = (int64_t)(position % (size_t)chain->dims[i]);
    position /= (size_t)chain->dims[i];
  }
}

static int64_t offset_of(const walk_t *walk, const ob_chain_input_t *input, int32_t rank) {
  int64_t offset = 0;
  for (int32_t i = 0; i < rank; i++) offset += walk->index[i] * input->strides[i];
  return offset;
}

static void next_row(walk_t *walk) {
  const ob_chain_t *chain = walk->chain;
  for (int32_t i = chain->rank - 2; i >= 0; i--) {
    for (size_t k = 0; k < chain->input_count; k++) walk->offset[k] += chain->inputs[k].strides[i];
    if (++walk->index[i] < chain->dims[i]) return;
    for (size_t k = 0; k < chain->input_count; k++) walk->offset[k] -= chain->inputs[k].strides[i] * chain->dims[i];
    walk->index[i] = 0;
  }
}

/* The last dim is long: tiles are pieces of rows, inputs are used where they lie. */
static void run_rows(walk_t *walk, size_t begin, size_t end) {
  const ob_chain_t *chain = walk->chain;
  const int32_t outer = chain->rank > 0 ? chain->rank - 1 : 0;
  const size_t length = chain->rank > 0 ? (size_t)chain->dims[outer] : 1;
  size_t column = begin % length;
  seek(walk, begin / length, outer);
  for (size_t k = 0; k < chain->input_count; k++) {
    walk->offset[k] = offset_of(walk, &chain->inputs[k], outer);
    walk->scalar[k] = chain->rank == 0 || chain->inputs[k].strides[outer] == 0;
  }
  for (size_t position = begin; position < end;) {
    size_t n = length - column;
    if (n > OB_TILE) n = OB_TILE;
    if (n > end - position) n = end - position;
    for (size_t k = 0; k < chain->input_count; k++) {
      const ob_chain_input_t *input = &chain->inputs[k];
      const int64_t at = walk->offset[k] + (walk->scalar[k] ? 0 : (int64_t)column);
      walk->tile[k] = walk->in[k] + at * input->size;
    }
    run_steps(walk, position, n);
    position += n;
    column += n;
    if (column == length) {
      column = 0;
      next_row(walk);
    }
  }
}

/* Lays n elements of a broadcast input out in full, from the element at walk->index on. */
static void lay_out(const walk_t *walk, size_t k, size_t n, char *to) {
  const ob_chain_t *chain = walk->chain;
  const ob_chain_input_t *input = &chain->inputs[k];
  const int32_t last = chain->rank - 1;
  const size_t length = (size_t)chain->dims[last], size = input->size;
  int64_t index[OB_MAX_RANK];
  memcpy(index, walk->index, sizeof index);
  int64_t offset = offset_of(walk, input, chain->rank);
  while (n > 0) {
    size_t run = length - (size_t)index[last];
    if (run > n) run = n;
    const char *from = walk->in[k] + offset * (int64_t)size;
    if (input->strides[last] == 0)
      spread(to, from, run, size);
    else
      memcpy(to, from, run * size);
    to += run * size;
    n -= run;
    offset -= index[last] * input->strides[last];
    index[last] = 0;
    for (int32_t i = last - 1; i >= 0; i--) {
      offset += input->strides[i];
      if (++index[i] < chain->dims[i]) break;
      offset -= input->strides[i] * chain->dims[i];
      index[i] = 0;
    }
  }
}

/* The last dim is short: tiles span rows, and broadcast inputs are laid out in full first. */
static void run_tiles(walk_t *walk, size_t begin, size_t end) {
  const ob_chain_t *chain = walk->chain;
  for (size_t k = 0; k < chain->input_count; k++) walk->scalar[k] = chain->inputs[k].scalar;
  for (size_t position = begin; position < end;) {
    const size_t n = end - position < OB_TILE ? end - position : OB_TILE;
    seek(walk, position, chain->rank);
    for (size_t k = 0; k < chain->input_count; k++) {
      const ob_chain_input_t *input = &chain->inputs[k];
      if (input->scalar) {
        walk->tile[k] = walk->in[k];
      } else if (input->flat) {
        walk->tile[k] = walk->in[k] + position * input->size;
      } else {
        char *room = walk->inputs + k * chain->slot_bytes;
        lay_out(walk, k, n, room);
        walk->tile[k] = room;
      }
    }
    run_steps(walk, position, n);
    position += n;
  }
}

bool ob_chain_run(const ob_chain_t *chain, const void *const *in, void *const *out, size_t begin, size_t end, void *scratch) {
  walk_t walk = {.chain = chain, .slots = scratch};
  if (begin >= end) return true;
  walk.inputs = walk.slots + chain->slots * chain->slot_bytes;
  walk.spread = walk.inputs + chain->input_count * chain->slot_bytes;
  for (size_t k = 0; k < chain->input_count; k++)
    walk.in[k] = chain->inputs[k].fixed ? chain->inputs[k].fixed : in[chain->inputs[k].tensor];
  for (size_t o = 0; o < chain->output_count; o++) walk.out[o] = out[chain->outputs[o]];
  if (chain->by_rows)
    run_rows(&walk, begin, end);
  else
    run_tiles(&walk, begin, end);
  return !walk.zero_divisor;
}
