/* Which nodes run as one step, and the kernel of such steps. */
#ifndef OB_CPU_GROUP_H
#define OB_CPU_GROUP_H

#include "cpu/cpu.h"

OB_MUST_CHECK ob_status_t ob_cpu_group(const ob_region_view_t *region, uint32_t *groups);
extern const ob_kernel_t ob_cpu_group_kernel;

#endif
