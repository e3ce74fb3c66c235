/* Stores of oneDNN's objects, and oneDNN's failures in our words. */
#include <string.h>

#include "onednn/shim/shim.h"

void dn_store_init(dn_store_t *store, const ob_allocator_t *allocator) {
  *store = (dn_store_t){0};
  ob_arena_init(&store->arena, allocator);
}

void dn_store_free(dn_store_t *store) {
  for (size_t i = store->owned.count; i-- > 0;) store->owned.items[i].release(store->owned.items[i].object);
  ob_array_free(store->arena.allocator, &store->owned);
  ob_array_free(store->arena.allocator, &store->kept);
  ob_arena_free(&store->arena);
}

ob_status_t dn_store_own(dn_store_t *store, void *object, void (*release)(void *)) {
  ob_status_t status = ob_array_push(store->arena.allocator, &store->owned, ((dn_owned_t){release, object}));
  if (status != OB_OK) release(object);
  return status;
}

static void release_pd(void *object) { dnnl_primitive_desc_destroy(object); }
static void release_primitive(void *object) { dnnl_primitive_destroy(object); }

ob_status_t dn_store_own_pd(dn_store_t *store, dnnl_primitive_desc_t pd) { return dn_store_own(store, pd, release_pd); }
ob_status_t dn_store_own_primitive(dn_store_t *store, dnnl_primitive_t primitive) {
  return dn_store_own(store, primitive, release_primitive);
}

ob_status_t dn_check(dnnl_status_t status, const char *what) {
  if (status == dnnl_success) return OB_OK;
  if (status == dnnl_out_of_memory) return ob_fail_memory();
  return ob_fail(OB_ENGINE_ERROR, "oneDNN: %s: %s", what, dnnl_status2str(status));
}

const char *dn_impl(const_dnnl_primitive_desc_t pd) {
  const char *name = NULL;
  return dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name ? name : "unknown";
}

bool dn_impl_is_slow(const_dnnl_primitive_desc_t pd) {
  const char *name = dn_impl(pd);
  return strncmp(name, "ref:", 4) == 0 || strncmp(name, "simple:", 7) == 0;
}

dn_md_t dn_query(const_dnnl_primitive_desc_t pd, dnnl_query_t what, int index) {
  return dnnl_primitive_desc_query_md(pd, what, index);
}
