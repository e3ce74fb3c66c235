/* Groups of this engine: quantised stretches, and chains of element-wise nodes among the rest. */
#include "cpu/group.h"

#include "base/status.h"
#include "cpu/chain/group.h"
#include "cpu/quant/quant.h"

ob_status_t ob_cpu_group(const ob_region_view_t *region, uint32_t *groups) {
  uint32_t *taken;
  OB_TRY(OB_NEW_ARRAY(ob_kit_host()->allocator, region->node_count, &taken));
  ob_status_t status = ob_quant_group(region, taken);
  if (status == OB_OK) status = ob_chain_group(region, taken, groups);
  for (size_t n = 0; status == OB_OK && n < region->node_count; n++)
    if (taken[n] != OB_KIT_ALONE) groups[n] = taken[n];
  ob_free(ob_kit_host()->allocator, taken);
  return status;
}

typedef struct grouped {
  const ob_kernel_t *kernel;
  void *state;
} grouped_t;

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  grouped_t *grouped;
  OB_TRY(OB_ARENA_NEW(setup->arena, &grouped));
  const bool bytes = ob_quant_is_group((const ob_kit_group_t *)(const void *)setup->node);
  grouped->kernel = bytes ? &ob_quant_group_kernel : &ob_chain_group_kernel;
  OB_TRY(grouped->kernel->prepare(setup));
  grouped->state = setup->state;
  setup->state = grouped;
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const grouped_t *grouped = call->state;
  ob_kernel_call_t inner = *call;
  inner.state = grouped->state;
  return grouped->kernel->run(&inner);
}

const ob_kernel_t ob_cpu_group_kernel = {.op = "group", .domain = "", .prepare = prepare, .run = run};
