/* The rig's own structs. */
#ifndef OB_TESTING_INTERNAL_H
#define OB_TESTING_INTERNAL_H

#include "testing/testing.h"

typedef struct rig_value {
  ob_value_view_t view;
  char name[16];
  int32_t rank;
  int64_t dims[OB_MAX_RANK], symbolic_dims[OB_MAX_RANK];
  const char *dim_texts[OB_MAX_RANK];
  char texts[OB_MAX_RANK][24];
  void *data;          /* plain elements; NULL for values inside the region */
  size_t bytes;
  int64_t *content;    /* as int64, for bind */
  ob_tensor_t *any;    /* strings and collections: the value, deeply owned */
  void *block;         /* what the call gets: data itself, or a repacked copy, with canaries around */
} rig_value_t;

typedef struct rig_attribute {
  ob_attribute_view_t view;
  ob_tensor_t tensor;
} rig_attribute_t;

typedef struct rig_node {
  ob_node_view_t view;
  char name[40];
  const ob_value_view_t **inputs, **outputs;
  rig_attribute_t *attributes[32];
  const ob_attribute_view_t *attribute_views[32];
  const int64_t *attribute_ints[32];
  const int64_t *const *attribute_list;
} rig_node_t;

enum { RIG_VALUES = 512, RIG_NODES = 256, RIG_PACKED = 128 };

/* A constant that was packed, or engine-made data. */
typedef struct rig_packed {
  uint32_t value;
  ob_layout_t layout;
  char key[256];
  void *data;
} rig_packed_t;

struct ob_rig {
  void *library;
  const ob_engine_api_t *api;
  ob_engine_t *engine;
  ob_executable_t *executable;
  ob_instance_t *instance;
  ob_instance_info_t info;
  rig_value_t *values[RIG_VALUES];
  const ob_value_view_t *value_views[RIG_VALUES], *inputs[RIG_VALUES], *outputs[RIG_VALUES];
  rig_node_t *nodes[RIG_NODES];
  const ob_node_view_t *node_views[RIG_NODES];
  ob_region_view_t region;
  rig_packed_t packed[RIG_PACKED];
  size_t packed_count;
  bool symbolic, in_place, packed_only, finished;
  uint32_t threads;
  volatile int cancel;
  uint64_t deadline_ns;
  char reason[512];
};

/* The host that rigs share (one thread of tests at a time). */
const ob_host_t *rig_host(void);
const char *rig_host_message(void);
size_t rig_host_live(void);
size_t rig_host_allocations(void);
void rig_host_fail_allocation(size_t n);

/* Deep copies of values of any kind. */
ob_tensor_t *rig_any_copy(const ob_tensor_t *value);
void rig_any_free(ob_tensor_t *value);

/* malloc that aborts, aligned to 64. */
void *rig_alloc(size_t size);
/* Blocks with a canary on both sides; `rig_guard_check` aborts with `what` when one was written. */
void *rig_guard_alloc(size_t size);
void rig_guard_check(void *block, size_t size, const char *what);
void rig_guard_free(void *block);
_Noreturn void rig_die(const char *format, ...) OB_PRINTF(1, 2);

#endif
