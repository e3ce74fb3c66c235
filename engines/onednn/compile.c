/* compile, second half: a trial plan with typical sizes tells the layouts of weights; save and load keep what it told. */
#include <string.h>

#include "onednn/join.h"

void dn_release_executable(ob_executable_t *executable) {
  if (!executable) return;
  const ob_allocator_t *allocator = executable->engine->host->allocator;
  ob_arena_free(&executable->arena);
  ob_free(allocator, executable);
}

static ob_status_t create(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  ob_executable_t *fresh;
  *executable = NULL;
  OB_TRY(OB_NEW(engine->host->allocator, &fresh));
  fresh->engine = engine;
  fresh->region = region;
  ob_arena_init(&fresh->arena, engine->host->allocator);
  ob_status_t status = dn_program_build(fresh);
  if (status != OB_OK) {
    dn_release_executable(fresh);
    return status;
  }
  *executable = fresh;
  return OB_OK;
}

/* ---------------------------------------------------------------- the trial */

static ob_status_t typical_dims(const ob_host_t *host, const ob_region_view_t *region, ob_arena_t *arena, const int64_t *const **out,
                                int32_t **ranks) {
  const int64_t **dims;
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &dims));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, ranks));
  for (uint32_t v = 0; v < region->value_count; v++) {
    const ob_value_view_t *value = region->values[v];
    int64_t *own;
    (*ranks)[v] = value->rank;
    if (value->rank < 0) continue;
    OB_TRY(OB_ARENA_ARRAY(arena, (size_t)value->rank, &own));
    for (int32_t d = 0; d < value->rank; d++)
      own[d] = value->dims[d] != OB_DYNAMIC ? value->dims[d] : host->typical_dim(region, v, d);
    dims[v] = own;
  }
  *out = dims;
  return OB_OK;
}

/* The attributes' numbers; *known is false when some are symbolic. */
static ob_status_t plain_attributes(const ob_region_view_t *region, ob_arena_t *arena, const int64_t *const *const **out, bool *known) {
  const int64_t *const **nodes;
  OB_TRY(OB_ARENA_ARRAY(arena, region->node_count, &nodes));
  *known = true;
  for (size_t n = 0; n < region->node_count; n++) {
    const ob_node_view_t *node = region->nodes[n];
    const int64_t **ints;
    OB_TRY(OB_ARENA_ARRAY(arena, node->attribute_count, &ints));
    for (size_t a = 0; a < node->attribute_count; a++) {
      ints[a] = node->attributes[a]->ints;
      if (node->attributes[a]->symbolic) *known = false;
    }
    nodes[n] = ints;
  }
  *out = nodes;
  return OB_OK;
}

static ob_status_t try_out(ob_executable_t *executable, ob_arena_t *arena) {
  const ob_host_t *host = executable->engine->host;
  const ob_region_view_t *region = executable->region;
  ob_binding_t binding = {.struct_size = sizeof binding, .region = region, .threads = host->typical_threads > 0 ? host->typical_threads : 1};
  const int64_t *const *dims;
  const int64_t **contents;
  int32_t *ranks;
  ob_instance_t *instance;
  bool known;
  OB_TRY(typical_dims(host, region, arena, &dims, &ranks));
  OB_TRY(plain_attributes(region, arena, &binding.attribute_ints, &known));
  OB_TRY(OB_ARENA_ARRAY(arena, region->value_count, &contents));
  if (!known) return OB_OK;
  binding.dims = dims;
  binding.ranks = ranks;
  binding.contents = contents;
  ob_status_t status = dn_instance_create(executable, &binding, true, &instance);
  if (status == OB_OK) dn_release_instance(instance);
  return status == OB_OUT_OF_MEMORY ? status : OB_OK; /* bind says what is wrong, with real sizes */
}

ob_status_t dn_compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable) {
  ob_arena_t arena;
  OB_TRY(create(engine, region, executable));
  ob_arena_init(&arena, engine->host->allocator);
  ob_status_t status = try_out(*executable, &arena);
  ob_arena_free(&arena);
  if (status != OB_OK) {
    dn_release_executable(*executable);
    *executable = NULL;
  }
  return status;
}

/* ---------------------------------------------------------------- save and load */

typedef struct saved_header {
  char magic[8];
  uint32_t version, op_count;
} saved_header_t;
static const char magic[8] = "ob-dnnl";
enum { FORMAT = 2 };

ob_status_t dn_save(const ob_executable_t *executable, void **blob, size_t *size) {
  size_t bytes = executable->op_count * sizeof *executable->choices;
  saved_header_t header = {.version = FORMAT, .op_count = (uint32_t)executable->op_count};
  memcpy(header.magic, magic, sizeof magic);
  OB_TRY(ob_alloc(executable->engine->host->allocator, sizeof header + bytes, blob));
  memcpy(*blob, &header, sizeof header);
  if (bytes > 0) memcpy((char *)*blob + sizeof header, executable->choices, bytes);
  *size = sizeof header + bytes;
  return OB_OK;
}

/* A layout from a file: everything within bounds, the order a permutation. */
static bool is_valid(const dn_choice_t *choice) {
  const ob_layout_t *layout = &choice->layout;
  uint32_t seen = 0;
  if (choice->winograd != 0 && choice->winograd != 2 && choice->winograd != 4) return false;
  if (!choice->known) return true;
  if (layout->rank < 1 || layout->rank > DN_MAX_RANK || layout->block_count < 0 || layout->block_count > OB_MAX_BLOCKS) return false;
  for (int32_t d = 0; d < layout->rank; d++) {
    if (layout->order[d] >= layout->rank) return false;
    seen |= UINT32_C(1) << layout->order[d];
  }
  for (int32_t b = 0; b < layout->block_count; b++)
    if (layout->block_dim[b] >= layout->rank || layout->block_size[b] < 1 || layout->block_size[b] > 4096) return false;
  return seen == (UINT32_C(1) << layout->rank) - 1;
}

ob_status_t dn_load(ob_engine_t *engine, const ob_region_view_t *region, const void *blob, size_t size, ob_executable_t **executable) {
  saved_header_t header;
  *executable = NULL;
  if (size < sizeof header) return ob_fail(OB_INVALID_ARTIFACT, "onednn: the saved region is cut short");
  memcpy(&header, blob, sizeof header);
  if (memcmp(header.magic, magic, sizeof magic) != 0 || header.version != FORMAT)
    return ob_fail(OB_INVALID_ARTIFACT, "onednn: the saved region is of another form");
  OB_TRY(create(engine, region, executable));
  size_t bytes = (*executable)->op_count * sizeof *(*executable)->choices;
  bool valid = header.op_count == (*executable)->op_count && size == sizeof header + bytes;
  if (valid && bytes > 0) memcpy((*executable)->choices, (const char *)blob + sizeof header, bytes);
  for (size_t i = 0; valid && i < (*executable)->op_count; i++) valid = is_valid(&(*executable)->choices[i]);
  if (valid) return OB_OK;
  dn_release_executable(*executable);
  *executable = NULL;
  return ob_fail(OB_INVALID_ARTIFACT, "onednn: the saved region does not match the graph");
}
