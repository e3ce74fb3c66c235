/* The kit's own structs: what compile, bind and run hand to each other. */
#ifndef OB_KIT_INTERNAL_H
#define OB_KIT_INTERNAL_H

#include "kit/kit.h"

struct ob_engine {
  const ob_host_t *host;
  const ob_kit_engine_t *kit;
  const ob_kernel_t **table; /* open addressing by hash of domain and operator; table_size is a power of two */
  size_t table_size;
};

struct ob_executable {
  ob_engine_t *engine;
  ob_arena_t arena;
  const ob_region_view_t *region; /* the host's: what its services are asked with */
  const ob_region_view_t *steps;  /* the same with groups in place of nodes: what the kit walks */
  uint32_t *origins;              /* [step] index in region->nodes (of a group: its last member) */
  bool *is_group;                 /* [step] */
  const ob_kernel_t **kernels;    /* [step] */
  const void **constants;        /* [value] plain data of constants that some kernel reads; else NULL */
};

/* Where the bytes of a value are while a call runs. */
typedef enum ob_place_kind {
  OB_PLACE_NONE,      /* nobody reads or writes it */
  OB_PLACE_FIXED,     /* a constant, or content known at bind: `fixed` */
  OB_PLACE_INPUT,     /* the memory of region input `index` */
  OB_PLACE_OUTPUT,    /* the memory of region output `index` */
  OB_PLACE_WORKSPACE, /* the workspace, from `offset` */
  OB_PLACE_RUN        /* region output `index`, whose shape the kernel tells: `offset` is where its dims are kept in the workspace */
} ob_place_kind_t;

typedef struct ob_place {
  ob_place_kind_t kind;
  uint32_t index;
  size_t offset;
  const void *fixed;
} ob_place_t;

typedef struct ob_step {
  const ob_kernel_t *kernel; /* NULL: nothing to do, its output is a view */
  const ob_node_view_t *node;
  const int64_t *const *attribute_ints;
  void *state;
  size_t scratch;          /* offset in the workspace */
  size_t first_link;       /* inputs, then outputs, in ob_instance.links */
} ob_step_t;

/* A region output that no kernel writes to its place: copied, or put, after the last step. */
typedef struct ob_copy {
  uint32_t value, output;
  size_t bytes;
  bool put; /* strings and collections: passed with ob_call_t.put */
} ob_copy_t;

#define OB_NO_LINK UINT32_MAX

struct ob_instance {
  ob_arena_t arena;
  const ob_executable_t *executable;
  uint32_t threads;
  ob_tensor_t *tensors; /* [value] as at bind; `data` filled in for fixed places only */
  ob_place_t *places;   /* [value] */
  size_t value_count;
  ob_step_t *steps;
  size_t step_count;
  uint32_t *links; /* values of the nodes' inputs and outputs; OB_NO_LINK where left out */
  size_t link_count;
  ob_copy_t *copies;
  size_t copy_count;
  size_t links_at; /* where the workspace keeps the call's pointers; its tensors are at 0 */
};

/* Memory of a call: see ob_kernel_memory(). */
typedef struct ob_call_block {
  struct ob_call_block *next;
  max_align_t data[];
} ob_call_block_t;

/* A kernel call that can find its way back to the instance. */
typedef struct ob_inner_call {
  ob_kernel_call_t call; /* first */
  const ob_instance_t *instance;
  ob_tensor_t *tensors;
  ob_call_block_t **blocks;
} ob_inner_call_t;

/* Fills in steps, origins and is_group. See group.c. */
ob_status_t ob_kit_group(ob_executable_t *executable);
ob_status_t ob_kit_bind(ob_executable_t *executable, const ob_binding_t *binding, ob_instance_info_t *info,
                        ob_instance_t **instance);
ob_status_t ob_kit_rebind(ob_instance_t *instance, const ob_binding_t *binding, ob_instance_info_t *info);
ob_status_t ob_kit_run(const ob_instance_t *instance, const ob_call_t *call);
void ob_kit_release_instance(ob_instance_t *instance);

/* Places of all values, steps' scratch, and the size of the workspace, from what the kernels said. See place.c. */
typedef struct ob_placing {
  ob_instance_t *instance;
  const ob_binding_t *binding;
  const int *in_place;         /* [node] as the kernels said */
  const size_t *scratch_bytes; /* [node] */
  size_t workspace_bytes;      /* in: what the frame takes; out: all */
  ob_instance_info_t *info;    /* in_place is filled in */
} ob_placing_t;
ob_status_t ob_kit_place(ob_placing_t *placing);

#endif
