/* Strided copies: folds dims, then copies rows, spreads elements, or transposes in blocks that fit the L1 cache. */
#include "cpu/move/copy.h"

#include <string.h>

typedef struct wide {
  uint64_t a, b;
} wide_t;

void ob_copy_strides(int32_t rank, const int64_t *dims, int64_t *strides) {
  int64_t stride = 1;
  for (int32_t i = rank - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= dims[i];
  }
}

/* ---- inner loops, one for each element size */

typedef struct loops {
  void (*row)(const char *from, char *to, size_t n, int64_t from_stride, int64_t to_stride);
  /* to[i * to_stride + j] = from[i + j * from_stride] for i < m, j < n */
  void (*turn)(const char *from, char *to, size_t m, size_t n, int64_t from_stride, int64_t to_stride);
} loops_t;

#define LOOPS(T, name)                                                                                          \
  static void row_##name(const char *from, char *to, size_t n, int64_t from_stride, int64_t to_stride) {        \
    const T *x = (const T *)(const void *)from;                                                                 \
    T *y = (T *)(void *)to;                                                                                     \
    if (from_stride == 0 && to_stride == 1) {                                                                   \
      const T value = *x;                                                                                       \
      for (size_t i = 0; i < n; i++) y[i] = value;                                                              \
    } else {                                                                                                    \
      for (size_t i = 0; i < n; i++) y[(int64_t)i * to_stride] = x[(int64_t)i * from_stride];                   \
    }                                                                                                           \
  }                                                                                                             \
  static void turn_##name(const char *from, char *to, size_t m, size_t n, int64_t from_stride, int64_t to_stride) { \
    const T *x = (const T *)(const void *)from;                                                                 \
    T *y = (T *)(void *)to;                                                                                     \
    enum { BLOCK = 16 };                                                                                        \
    for (size_t j = 0; j < n; j += BLOCK) {                                                                     \
      const size_t columns = n - j < BLOCK ? n - j : BLOCK;                                                     \
      for (size_t i = 0; i < m; i++) {                                                                          \
        const T *source = x + i + (int64_t)j * from_stride;                                                     \
        T *target = y + (int64_t)i * to_stride + (int64_t)j;                                                    \
        if (columns == BLOCK)                                                                                   \
          for (size_t k = 0; k < BLOCK; k++) target[k] = source[(int64_t)k * from_stride];                      \
        else                                                                                                    \
          for (size_t k = 0; k < columns; k++) target[k] = source[(int64_t)k * from_stride];                    \
      }                                                                                                         \
    }                                                                                                           \
  }
LOOPS(uint8_t, 1)
LOOPS(uint16_t, 2)
LOOPS(uint32_t, 4)
LOOPS(uint64_t, 8)
LOOPS(wide_t, 16)

/* Words of any kind are moved as floats. */
static void turn_words(const char *from, char *to, size_t m, size_t n, int64_t from_stride, int64_t to_stride) {
  if (from_stride < 0 || to_stride < 0)
    turn_4(from, to, m, n, from_stride, to_stride);
  else
    ob_cpu_isa()->transpose((const float *)(const void *)from, (size_t)from_stride, (float *)(void *)to, (size_t)to_stride, n, m);
}

static const loops_t all_loops[17] = {
    [1] = {row_1, turn_1}, [2] = {row_2, turn_2}, [4] = {row_4, turn_words}, [8] = {row_8, turn_8}, [16] = {row_16, turn_16}};

void ob_copy_fill(void *to, const void *value, size_t n, size_t size) { all_loops[size].row(value, to, n, 0, 1); }

/* ---- the walk */

typedef struct copy {
  ob_copy_plan_t plan; /* folded */
  const char *from;
  char *to;
  int32_t outer;    /* dims that are walked one by one; the others are the inner loop */
  size_t units;     /* their product, times pieces */
  size_t pieces;    /* of the dim that is turned; 1 when none is */
  size_t piece;     /* its elements in a piece */
  bool turned;      /* the last two dims: source-contiguous, target-contiguous */
} copy_t;

/* Drops dims of size 1 and joins neighbours that both sides walk as one. */
static void fold(const ob_copy_plan_t *plan, ob_copy_plan_t *out) {
  out->rank = 0;
  out->size = plan->size;
  for (int32_t i = 0; i < plan->rank; i++) {
    if (plan->dims[i] == 1) continue;
    const int32_t last = out->rank - 1;
    if (last >= 0 && out->from[last] == plan->from[i] * plan->dims[i] && out->to[last] == plan->to[i] * plan->dims[i]) {
      out->dims[last] *= plan->dims[i];
      out->from[last] = plan->from[i];
      out->to[last] = plan->to[i];
    } else {
      ob_copy_dim(out, plan->dims[i], plan->from[i], plan->to[i]);
    }
  }
}

static void move_dim(ob_copy_plan_t *plan, int32_t from, int32_t to) {
  const int64_t size = plan->dims[from], source = plan->from[from], target = plan->to[from];
  for (int32_t i = from; i < to; i++) {
    plan->dims[i] = plan->dims[i + 1];
    plan->from[i] = plan->from[i + 1];
    plan->to[i] = plan->to[i + 1];
  }
  plan->dims[to] = size;
  plan->from[to] = source;
  plan->to[to] = target;
}

/* Elements of the turned dim that a unit takes. */
enum { TURN = 64 };

static void choose_loops(copy_t *copy) {
  ob_copy_plan_t *plan = &copy->plan;
  const int32_t last = plan->rank - 1;
  copy->pieces = 1;
  copy->outer = plan->rank > 0 ? last : 0;
  if (plan->rank < 2 || plan->to[last] != 1 || plan->from[last] == 1 || plan->from[last] == 0 || plan->dims[last] < 4) return;
  for (int32_t i = 0; i < last; i++)
    if (plan->from[i] == 1 && plan->dims[i] >= 4) {
      move_dim(plan, i, last - 1);
      copy->turned = true;
      copy->outer = plan->rank - 2;
      copy->piece = TURN;
      copy->pieces = ((size_t)plan->dims[last - 1] + TURN - 1) / TURN;
      return;
    }
}

/* One step of the inner loop at element offsets from and to. */
static void run_unit(const copy_t *copy, int64_t from, int64_t to, size_t piece) {
  const ob_copy_plan_t *plan = &copy->plan;
  const int64_t size = (int64_t)plan->size;
  const int32_t last = plan->rank - 1;
  if (plan->rank == 0) {
    memcpy(copy->to, copy->from, plan->size);
  } else if (copy->turned) {
    const size_t first = piece * copy->piece, all = (size_t)plan->dims[last - 1];
    const size_t m = all - first < copy->piece ? all - first : copy->piece;
    from += (int64_t)first;
    to += (int64_t)first * plan->to[last - 1];
    all_loops[plan->size].turn(copy->from + from * size, copy->to + to * size, m, (size_t)plan->dims[last], plan->from[last],
                               plan->to[last - 1]);
  } else if (plan->from[last] == 1 && plan->to[last] == 1) {
    memcpy(copy->to + to * size, copy->from + from * size, (size_t)plan->dims[last] * plan->size);
  } else {
    all_loops[plan->size].row(copy->from + from * size, copy->to + to * size, (size_t)plan->dims[last], plan->from[last], plan->to[last]);
  }
}

static void run_units(void *arg, size_t slot, size_t begin, size_t end) {
  const copy_t *copy = arg;
  const ob_copy_plan_t *plan = &copy->plan;
  (void)slot;
  int64_t index[OB_MAX_RANK], from = 0, to = 0;
  size_t piece = begin % copy->pieces, rest = begin / copy->pieces;
  for (int32_t i = copy->outer - 1; i >= 0; i--) {
    index[i] = (int64_t)(rest % (size_t)plan->dims[i]);
    rest /= (size_t)plan->dims[i];
    from += index[i] * plan->from[i];
    to += index[i] * plan->to[i];
  }
  for (size_t unit = begin; unit < end; unit++) {
    run_unit(copy, from, to, piece);
    if (++piece < copy->pieces) continue;
    piece = 0;
    for (int32_t i = copy->outer - 1; i >= 0; i--) {
      from += plan->from[i];
      to += plan->to[i];
      if (++index[i] < plan->dims[i]) break;
      from -= plan->from[i] * plan->dims[i];
      to -= plan->to[i] * plan->dims[i];
      index[i] = 0;
    }
  }
}

/* False when there is nothing to copy. */
static bool set_up(const ob_copy_plan_t *plan, const void *from, void *to, copy_t *copy) {
  *copy = (copy_t){.from = from, .to = to};
  for (int32_t i = 0; i < plan->rank; i++)
    if (plan->dims[i] == 0) return false;
  fold(plan, &copy->plan);
  /* one long row: cut, so that threads share it */
  ob_copy_plan_t *folded = &copy->plan;
  if (folded->rank == 1 && folded->dims[0] >= 4 * OB_CPU_GRAIN && folded->dims[0] % 8 == 0) {
    folded->dims[0] /= 8;
    ob_copy_dim(folded, folded->dims[0], folded->from[0], folded->to[0]);
    folded->from[0] *= folded->dims[0];
    folded->to[0] *= folded->dims[0];
    folded->dims[0] = 8;
  }
  choose_loops(copy);
  copy->units = copy->pieces;
  for (int32_t i = 0; i < copy->outer; i++) copy->units *= (size_t)copy->plan.dims[i];
  return true;
}

void ob_copy_run(const ob_kernel_call_t *call, const ob_copy_plan_t *plan, const void *from, void *to) {
  copy_t copy;
  if (!set_up(plan, from, to, &copy)) return;
  size_t inner = copy.turned ? copy.piece : 1;
  if (copy.plan.rank > 0) inner *= (size_t)copy.plan.dims[copy.plan.rank - 1];
  ob_cpu_split(call->host, call->threads, copy.units, ob_cpu_row_grain(inner), run_units, &copy);
}

void ob_copy_run_here(const ob_copy_plan_t *plan, const void *from, void *to) {
  copy_t copy;
  if (set_up(plan, from, to, &copy)) run_units(&copy, 0, 0, copy.units);
}
