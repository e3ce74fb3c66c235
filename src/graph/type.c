/* Types and listings as text. */
#include "base/dtype.h"
#include "graph/graph.h"

ob_status_t ob_type_tensor(ob_module_t *module, ob_dtype_t dtype, int32_t rank, const ob_expr_t *const *dims, ob_type_t *type) {
  *type = (ob_type_t){.kind = OB_TENSOR, .dtype = dtype, .rank = rank};
  if (rank < 0) return OB_OK;
  return ob_arena_copy(&module->arena, dims, (size_t)rank * sizeof *dims, (void **)(uintptr_t)&type->dims);
}

bool ob_type_is_static(const ob_type_t *type, int64_t *dims) {
  if (type->kind != OB_TENSOR || type->rank < 0) return false;
  for (int32_t i = 0; i < type->rank; i++)
    if (!ob_expr_is_const(type->dims[i], &dims[i])) return false;
  return true;
}

static void print_tensor(const ob_expr_pool_t *pool, const ob_type_t *type, ob_str_t *out) {
  ob_str_printf(out, "%s[", type->dtype == OB_UNDEFINED ? "?" : ob_dtype_name(type->dtype));
  if (type->rank < 0) ob_str_append(out, "?");
  for (int32_t i = 0; i < type->rank; i++) {
    if (i > 0) ob_str_append(out, ", ");
    ob_expr_print(pool, type->dims[i], out);
  }
  ob_str_append(out, "]");
}

void ob_type_print(const ob_expr_pool_t *pool, const ob_type_t *type, ob_str_t *out) {
  static const char *const names[] = {"tensor", "seq", "optional", "map"};
  if (type->kind == OB_TENSOR) {
    print_tensor(pool, type, out);
    return;
  }
  ob_str_printf(out, "%s(", names[type->kind]);
  if (type->kind == OB_MAP) ob_str_printf(out, "%s, ", ob_dtype_name(type->dtype));
  if (type->element) ob_type_print(pool, type->element, out);
  else ob_str_append(out, "?");
  ob_str_append(out, ")");
}
