/* Kernels of float32 at the service of float16 and bfloat16. */
#ifndef OB_CPU_WIDE_H
#define OB_CPU_WIDE_H

#include "cpu/cpu.h"

/* ob_kit_engine_t.variant: the kernel itself, or one that runs it on widened copies. */
const ob_kernel_t *ob_cpu_variant(const ob_kernel_t *kernel, const ob_node_view_t *node);

#endif
