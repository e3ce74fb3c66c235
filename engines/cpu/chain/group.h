/* Fused element-wise nodes: the engine's answer to ob_kit_engine_t.group, and the kernel of such groups. */
#ifndef OB_CPU_CHAIN_GROUP_H
#define OB_CPU_CHAIN_GROUP_H

#include "cpu/chain/elementwise.h"

/* taken: nodes with a number there, other than OB_KIT_ALONE, are left alone. NULL: none. */
OB_MUST_CHECK ob_status_t ob_chain_group(const ob_region_view_t *region, const uint32_t *taken, uint32_t *groups);
extern const ob_kernel_t ob_chain_group_kernel;

#endif
