/* What engines share: an engine that is a table of kernels, one an operator. The kit walks regions, plans the memory between
 * kernels inside the workspace, keeps view operators free of copies, and answers the ABI. */
#ifndef OB_KIT_KIT_H
#define OB_KIT_KIT_H

#include <outboard/engine.h>

#include "base/arena.h"
#include "base/checked.h"
#include "base/dtype.h"

/* A call of one kernel. */
typedef struct ob_kernel_call {
  const ob_host_t *host;
  const ob_node_view_t *node;
  const int64_t *const *attribute_ints; /* [attribute] numbers of INT and INTS, symbols evaluated */
  const ob_tensor_t *const *inputs;     /* [node input] NULL where left out */
  ob_tensor_t *const *outputs;          /* [node output] NULL where not wanted; rank -1: call ob_kernel_allocate first */
  void *state;                          /* what `prepare` left; shared by threads, read only */
  void *scratch;                        /* scratch_bytes, aligned to 64 */
  uint32_t threads;
  const ob_call_t *call;
} ob_kernel_call_t;

/* What a kernel knows when an instance is made. Dims are numbers here. */
typedef struct ob_kernel_setup {
  const ob_host_t *host;
  const ob_region_view_t *region;
  const ob_node_view_t *node;
  const int64_t *const *attribute_ints;
  const ob_tensor_t *const *inputs;  /* dtype, rank, dims; `data` only for constants and contents known at bind */
  const ob_tensor_t *const *outputs; /* dtype, rank, dims (rank -1: not known) */
  uint32_t threads;
  ob_arena_t *arena; /* lives as long as the instance: for `state` */
  /* out */
  void *state;
  size_t scratch_bytes;
  int in_place; /* input whose buffer output 0 may take over (same bytes, dead afterwards), or -1 (default) */
} ob_kernel_setup_t;

typedef struct ob_kernel {
  const char *op, *domain;
  bool view; /* output 0 has the bytes of input 0; the kit makes no copy where it can, `run` copies where it must */
  uint32_t packs; /* bit i: constant input i is used only in a packed form, which the kernel asks the host for itself (in `compile` and
                     again in `prepare`): `run` gets no plain data of it */
  /* NULL: takes every node of the operator. */
  bool (*supports)(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t reason_size);
  /* Packs constants when the region is compiled, so that they get into the artifact; NULL: none. */
  ob_status_t (*compile)(const ob_host_t *host, const ob_region_view_t *region, const ob_node_view_t *node);
  ob_status_t (*prepare)(ob_kernel_setup_t *setup); /* NULL: nothing to prepare */
  ob_status_t (*run)(const ob_kernel_call_t *call);
} ob_kernel_t;

/* Several nodes that run as one step: what the group kernel finds as its node. Inputs and outputs are the values that cross the
 * group's border, each once; there are no attributes: those of the members count (none of them symbolic). */
typedef struct ob_kit_group {
  ob_node_view_t view; /* first. Name and operator are the last member's */
  const ob_node_view_t *const *members; /* in order */
  size_t member_count;
} ob_kit_group_t;
#define OB_KIT_ALONE UINT32_MAX

/* An engine made of kernels. */
typedef struct ob_kit_engine {
  const char *name, *version, *library, *about;
  uint32_t flags;
  const ob_kernel_t *const *kernels; /* entries may be NULL */
  size_t kernel_count;
  const char *(*fingerprint)(void); /* or NULL */
  /* Which nodes run as one step, when a region is compiled: nodes of one number below node_count. A group runs in the place of its last
   * member, so nobody outside may use what it makes before that, and all that it uses from outside must be there by then.
   * `groups` comes in as OB_KIT_ALONE. NULL: each node is a step of its own. */
  ob_status_t (*group)(const ob_region_view_t *region, uint32_t *groups);
  const ob_kernel_t *group_kernel; /* op, supports, compile and packs are not looked at: those of the members' kernels count */
  /* The kernel to use for a node in place of its operator's, as its element types may ask for; the operator's own otherwise. NULL: always that. */
  const ob_kernel_t *(*variant)(const ob_kernel_t *kernel, const ob_node_view_t *node);
} ob_kit_engine_t;
/* The whole of ob_engine_entry() of such an engine. `engine` is static. */
const ob_engine_api_t *ob_kit_entry(const ob_kit_engine_t *engine, uint32_t host_abi);

/* Attributes; defaults that the operator gives are already in the view. */
int64_t ob_kernel_int(const ob_kernel_call_t *call, const char *name, int64_t fallback);
const int64_t *ob_kernel_ints(const ob_kernel_call_t *call, const char *name, size_t *count); /* NULL and 0 when absent */
float ob_kernel_float(const ob_kernel_call_t *call, const char *name, float fallback);
const char *ob_kernel_string(const ob_kernel_call_t *call, const char *name, const char *fallback);
const ob_attribute_view_t *ob_node_attribute(const ob_node_view_t *node, const char *name); /* NULL when absent */
/* A string attribute, also while preparing or in `supports`. */
const char *ob_node_text(const ob_node_view_t *node, const char *name, const char *fallback);
/* The same three while preparing. */
int64_t ob_setup_int(const ob_kernel_setup_t *setup, const char *name, int64_t fallback);
const int64_t *ob_setup_ints(const ob_kernel_setup_t *setup, const char *name, size_t *count);
float ob_setup_float(const ob_kernel_setup_t *setup, const char *name, float fallback);

/* Gives output `index` its room. With a shape known at bind it checks that `dims` are the same (OB_INTERNAL otherwise); without, it
 * asks the host. Kernels may call it always. */
OB_MUST_CHECK ob_status_t ob_kernel_allocate(const ob_kernel_call_t *call, size_t index, int32_t rank, const int64_t *dims);
/* Memory that lives until the call ends: for strings and items of sequences. A kernel gives a sequence, optional or map by filling in
 * `*call->outputs[i]`, and strings by filling the ob_string_t elements of an output; the host gets a deep copy of region outputs. */
OB_MUST_CHECK ob_status_t ob_kernel_memory(const ob_kernel_call_t *call, size_t bytes, void **block);
size_t ob_tensor_count(const ob_tensor_t *tensor); /* elements of a tensor whose dims were checked */
/* OB_CANCELLED or OB_DEADLINE_EXCEEDED when the caller gave up or its time is over. For loops that run long: the kit asks between kernels. */
OB_MUST_CHECK ob_status_t ob_kernel_poll(const ob_kernel_call_t *call);

/* The engine's copy of src/base reports through the host once this was called; ob_kit_entry's `open` does it. */
void ob_kit_use_host(const ob_host_t *host);
const ob_host_t *ob_kit_host(void);

#endif
