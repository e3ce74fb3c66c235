/* The engine: its kernels, and what it says about itself. */
#include <stdio.h>
#include <string.h>

#include "cpu/chain/elementwise.h"
#include "cpu/group.h"
#include "cpu/wide.h"

#define K(op) extern const ob_kernel_t ob_cpu_kernel_##op;
#include "cpu/kernels.def"
#undef K

static const ob_kernel_t *const kernels[] = {
#define K(op) &ob_cpu_kernel_##op,
#define E(op, ...) &ob_cpu_kernel_##op,
#include "cpu/chain/elementwise.def"
#include "cpu/kernels.def"
#undef K
#undef E
};

const ob_kernel_t *ob_cpu_kernel(const ob_node_view_t *node) {
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
    if (strcmp(kernels[i]->op, node->op) == 0 && strcmp(kernels[i]->domain, node->domain) == 0) return kernels[i];
  return NULL;
}

/* Packed constants are in panels as wide as the registers. */
static const char *fingerprint(void) {
  static _Thread_local char text[64];
  snprintf(text, sizeof text, "cpu " OB_VERSION " %s", ob_cpu_isa()->name);
  return text;
}

const ob_kit_engine_t ob_cpu_engine = {
    .name = "cpu",
    .version = OB_VERSION,
    .library = "",
    .about = "built in: vectorised loops for AVX-512, AVX2 and portable C, chosen at run time",
    .kernels = kernels,
    .kernel_count = sizeof kernels / sizeof *kernels,
    .fingerprint = fingerprint,
    .flags = OB_ENGINE_FUSES_QDQ,
    .group = ob_cpu_group,
    .group_kernel = &ob_cpu_group_kernel,
    .variant = ob_cpu_variant,
};
