/* What the files of engine openvino share. */
#ifndef OB_OPENVINO_MODEL_H
#define OB_OPENVINO_MODEL_H

#include <pthread.h>

#include "openvino/api.h"

struct ob_whole_library {
  ov_api_t api;
  ov_core_t *core;
  const char *precision;
  pthread_mutex_t lock; /* the core's number of threads belongs to whoever compiles or imports */
  char text[160], fingerprint[640];
};

bool ob_openvino_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);
OB_MUST_CHECK ob_status_t ob_openvino_build(ob_whole_library_t *library, const ob_whole_request_t *request, ob_whole_model_t **model);
OB_MUST_CHECK ob_status_t ob_openvino_save(const ob_whole_model_t *model, void **blob, size_t *size);
OB_MUST_CHECK ob_status_t ob_openvino_run(ob_whole_model_t *model, const ob_whole_run_t *run);
void ob_openvino_release(ob_whole_model_t *model);

#endif
