/* Loads ONNX Runtime's library and takes the functions that the engine uses out of its table. */
#include "onnxruntime/api.h"

#include <string.h>

static const char *const names[] = {"libonnxruntime.so.1", "libonnxruntime.so", NULL};
static const ob_whole_place_t place = {"onnxruntime", "OUTBOARD_ONNXRUNTIME", names, "onnxruntime/capi/libonnxruntime.so*", "pip install onnxruntime"};

ob_status_t ob_ort_load(ob_ort_api_t *api, const char **version) {
  const OrtApiBase *(*get_base)(void);
  void *handle;
  const ob_whole_symbol_t symbol = {"OrtGetApiBase", &get_base};
  OB_TRY(ob_whole_dlopen(&place, &handle));
  OB_TRY(ob_whole_resolve(place.engine, handle, &symbol, 1));
  const OrtApiBase *base = get_base();
  *version = base->get_version();
  const void *const *table = base->get_api(OB_ORT_API_VERSION);
  if (!table) return ob_fail(OB_UNSUPPORTED, "onnxruntime: version %s is too old: 1.11 or later is needed", *version);
#define TAKE(slot, result, name, arguments) memcpy(&api->name, &table[slot], sizeof api->name);
  OB_ORT_FUNCTIONS(TAKE)
#undef TAKE
  return OB_OK;
}

ob_status_t ob_ort_check(const ob_ort_api_t *api, OrtStatus *status, const char *what) {
  char words[600];
  size_t used = 0;
  if (!status) return OB_OK;
  for (const char *c = api->get_error_message(status); *c && used + 1 < sizeof words; c++)
    words[used++] = (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
  words[used] = 0;
  api->release_status(status);
  return ob_fail(OB_ENGINE_ERROR, "ONNX Runtime does not %s: %s", what, words);
}
