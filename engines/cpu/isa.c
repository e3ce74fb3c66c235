/* Chooses the inner loops, and the helpers of cpu.h. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

typedef struct candidate {
  const ob_isa_t *table;
  bool (*works)(void);
} candidate_t;

static bool always(void) { return true; }
#if defined(__x86_64__)
static bool has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

/* Best first. */
static const candidate_t candidates[] = {
#if defined(__x86_64__)
    {&ob_cpu_avx512_table, has_avx512},
    {&ob_cpu_avx2_table, has_avx2},
#endif
    {&ob_cpu_portable_table, always},
};
#define CANDIDATES (sizeof candidates / sizeof *candidates)

static _Atomic(const ob_isa_t *) chosen;

/* From the one called `limit` on down, the first that works. */
static const ob_isa_t *choose(const char *limit) {
  size_t first = 0;
  for (size_t i = 0; limit && i < CANDIDATES; i++)
    if (strcmp(limit, candidates[i].table->name) == 0) first = i;
  for (size_t i = first; i < CANDIDATES; i++)
    if (candidates[i].works()) return candidates[i].table;
  return &ob_cpu_portable_table;
}

const ob_isa_t *ob_cpu_isa(void) {
  const ob_isa_t *isa = atomic_load_explicit(&chosen, memory_order_acquire);
  if (isa) return isa;
  isa = choose(getenv("OUTBOARD_CPU_ISA"));
  atomic_store_explicit(&chosen, isa, memory_order_release);
  return isa;
}

bool ob_cpu_isa_use(const char *name) {
  const ob_isa_t *isa = name ? choose(name) : NULL;
  if (name && strcmp(isa->name, name) != 0) return false;
  atomic_store_explicit(&chosen, isa, memory_order_release);
  return true;
}

typedef struct split {
  ob_cpu_body_t body;
  void *arg;
  size_t count, pieces;
} split_t;

static void run_pieces(void *arg, size_t begin, size_t end) {
  const split_t *split = arg;
  for (size_t i = begin; i < end; i++) {
    const size_t each = split->count / split->pieces, more = split->count % split->pieces;
    const size_t first = each * i + (i < more ? i : more);
    split->body(split->arg, i, first, first + each + (i < more ? 1 : 0));
  }
}

void ob_cpu_split(const ob_host_t *host, uint32_t threads, size_t count, size_t grain, ob_cpu_body_t body, void *arg) {
  if (count == 0) return;
  size_t pieces = grain == 0 ? count : count / grain;
  if (pieces > threads) pieces = threads;
  if (pieces <= 1) {
    body(arg, 0, 0, count);
    return;
  }
  split_t split = {.body = body, .arg = arg, .count = count, .pieces = pieces};
  host->parallel_for((uint32_t)pieces, pieces, 1, run_pieces, &split);
}

ob_cpu_around_t ob_cpu_around(const ob_tensor_t *tensor, int64_t first, int64_t last) {
  ob_cpu_around_t a = {1, 1, 1};
  for (int32_t i = 0; i < tensor->rank; i++) {
    size_t *part = i < first ? &a.outer : i < last ? &a.axis : &a.inner;
    *part *= (size_t)tensor->dims[i];
  }
  return a;
}

bool ob_cpu_refuse(const ob_node_view_t *node, char *reason, size_t size, const char *format, ...) {
  va_list args;
  const int used = snprintf(reason, size, "%s: ", node->op);
  va_start(args, format);
  if (used >= 0 && (size_t)used < size) vsnprintf(reason + used, size - (size_t)used, format, args);
  va_end(args);
  return false;
}

bool ob_cpu_takes(const ob_node_view_t *node, uint64_t types, char *reason, size_t size) {
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_value_view_t *value = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    if (value && !(types & OB_DTYPE_BIT(value->dtype)))
      return ob_cpu_refuse(node, reason, size, "no kernel for %s (%s)", ob_dtype_name(value->dtype), ob_quote(value->name));
  }
  return true;
}

bool ob_cpu_takes_bytes(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  uint64_t types = 0;
  for (int dtype = 1; dtype < OB_DTYPE_COUNT; dtype++)
    if (dtype != OB_STRING && ob_dtype_bits((ob_dtype_t)dtype) % 8 == 0) types |= OB_DTYPE_BIT(dtype);
  return ob_cpu_takes(node, types, reason, size);
}

bool ob_cpu_takes_f32(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  return ob_cpu_takes(node, OB_DTYPE_BIT(OB_FLOAT32), reason, size);
}
