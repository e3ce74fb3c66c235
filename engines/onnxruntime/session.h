/* What the files of engine onnxruntime share. */
#ifndef OB_ONNXRUNTIME_SESSION_H
#define OB_ONNXRUNTIME_SESSION_H

#include "onnxruntime/api.h"

struct ob_whole_library {
  ob_ort_api_t api;
  OrtEnv *env;
  OrtMemoryInfo *memory;
  OrtAllocator *allocator; /* the library's default one, for names */
  bool fuses_quantized;
  char text[96], fingerprint[128];
};

bool ob_ort_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);
OB_MUST_CHECK ob_status_t ob_ort_build(ob_whole_library_t *library, const ob_whole_request_t *request, ob_whole_model_t **model);
OB_MUST_CHECK ob_status_t ob_ort_run(ob_whole_model_t *model, const ob_whole_run_t *run);
void ob_ort_release(ob_whole_model_t *model);

#endif
