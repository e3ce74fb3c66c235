/* The engine's ABI: open, info, fingerprint. */
#include "onednn/engine.h"

#include <stdio.h>
#include <string.h>

static void close_engine(ob_engine_t *engine) {
  if (!engine) return;
  const ob_allocator_t *allocator = engine->host->allocator;
  if (engine->marks) {
    ob_free(allocator, engine->marks->near);
    pthread_mutex_destroy(&engine->marks->mutex);
    ob_free(allocator, engine->marks);
  }
  if (engine->dnnl) dnnl_engine_destroy(engine->dnnl);
  ob_free(allocator, engine);
}

static int32_t block_size(void) {
  unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), wide = dnnl_cpu_isa_avx512_core, narrow = dnnl_cpu_isa_avx2;
  return (isa & wide) == wide ? 16 : (isa & narrow) == narrow ? 8 : 0;
}

static ob_status_t set_up(ob_engine_t *engine) {
  const dnnl_version_t *version = dnnl_version();
  if (version->major != DNNL_VERSION_MAJOR)
    return ob_fail(OB_UNSUPPORTED, "oneDNN %d is loaded, but this engine was built for oneDNN %d", version->major, DNNL_VERSION_MAJOR);
  OB_TRY(OB_NEW(engine->host->allocator, &engine->marks));
  if (pthread_mutex_init(&engine->marks->mutex, NULL) != 0) {
    ob_free(engine->host->allocator, engine->marks);
    engine->marks = NULL;
    return ob_fail_memory();
  }
  snprintf(engine->library, sizeof engine->library, "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
  snprintf(engine->fingerprint, sizeof engine->fingerprint, "onednn 1; %s %.16s; isa %x", engine->library, version->hash,
           (unsigned)dnnl_get_effective_cpu_isa());
  engine->block = block_size();
  return dn_check(dnnl_engine_create(&engine->dnnl, dnnl_cpu, 0), "cannot make its CPU engine");
}

static ob_status_t open_engine(const ob_host_t *host, ob_engine_t **engine) {
  ob_kit_use_host(host);
  *engine = NULL;
  ob_engine_t *fresh;
  OB_TRY(OB_NEW(host->allocator, &fresh));
  fresh->host = host;
  ob_status_t status = set_up(fresh);
  if (status != OB_OK) {
    close_engine(fresh);
    return status;
  }
  *engine = fresh;
  return OB_OK;
}

static void info(const ob_engine_t *engine, ob_engine_info_t *info) {
  info->name = "onednn";
  info->version = OB_VERSION;
  info->library = engine->library;
  info->about = "convolutions, matrix products and what stands next to them, in blocked layouts";
}

static const char *fingerprint(const ob_engine_t *engine) { return engine->fingerprint; }

/* Primitives are generated for the sizes at hand. */
static ob_accepts_t accepts(const ob_executable_t *executable) {
  (void)executable;
  return OB_ACCEPTS_EXACT;
}

static const ob_engine_api_t api = {
    .struct_size = sizeof api,
    .abi = OB_ENGINE_ABI,
    .open = open_engine,
    .close = close_engine,
    .info = info,
    .supports = dn_supports,
    .compile = dn_compile,
    .bind = dn_bind,
    .run = dn_run,
    .release_instance = dn_release_instance,
    .release_executable = dn_release_executable,
    .fingerprint = fingerprint,
    .save = dn_save,
    .load = dn_load,
    .accepts = accepts,
    .knows = dn_has_operator,
};

const ob_engine_api_t *dn_entry(uint32_t host_abi) { return host_abi == OB_ENGINE_ABI ? &api : NULL; }
