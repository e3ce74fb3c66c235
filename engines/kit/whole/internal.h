/* What the files of this folder share. */
#ifndef OB_KIT_WHOLE_INTERNAL_H
#define OB_KIT_WHOLE_INTERNAL_H

#include <pthread.h>

#include "kit/whole/whole.h"

struct ob_engine {
  const ob_whole_engine_t *whole;
  const ob_host_t *host;
  ob_whole_library_t *library;
  bool claims_all;
};

/* A model and how many use it, the executable included. */
typedef struct ob_whole_built {
  ob_whole_model_t *model;
  uint32_t threads;
  struct ob_whole_built *next;
} ob_whole_built_t;

struct ob_executable {
  ob_engine_t *engine;
  const ob_region_view_t *region;
  const void *blob; /* the library's part of it; NULL: there is none */
  size_t blob_size;
  bool per_shape;        /* symbols where ONNX has no words for them: a model for each binding */
  pthread_mutex_t lock;  /* over what follows */
  ob_whole_built_t *built; /* for all shapes, one for each number of threads */
};

struct ob_instance {
  ob_executable_t *executable;
  ob_whole_model_t *model;
  bool owns; /* the model is for this shape only */
  ob_whole_tensor_t *tensors; /* [inputs, outputs] without data */
};

bool ob_whole_supports(const ob_engine_t *engine, const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size);
bool ob_whole_knows(const ob_engine_t *engine, const char *domain, const char *op);

OB_MUST_CHECK ob_status_t ob_whole_compile(ob_engine_t *engine, const ob_region_view_t *region, ob_executable_t **executable);
OB_MUST_CHECK ob_status_t ob_whole_save(const ob_executable_t *executable, void **blob, size_t *size);
OB_MUST_CHECK ob_status_t ob_whole_load(ob_engine_t *engine, const ob_region_view_t *region, const void *blob, size_t size,
                                        ob_executable_t **executable);
void ob_whole_release_executable(ob_executable_t *executable);
ob_accepts_t ob_whole_accepts(const ob_executable_t *executable);
/* The model for this binding; `*owned`: it is the caller's. */
OB_MUST_CHECK ob_status_t ob_whole_model(ob_executable_t *executable, const ob_binding_t *binding, bool *owned, ob_whole_model_t **model);

OB_MUST_CHECK ob_status_t ob_whole_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info,
                                        ob_instance_t **instance);
OB_MUST_CHECK ob_status_t ob_whole_run(const ob_instance_t *instance, const ob_call_t *call);
void ob_whole_release_instance(ob_instance_t *instance);

#endif
