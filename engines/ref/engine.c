/* ref: the engine whose answers define "right". The table of kernels follows the list of operators; an operator that has no
 * file here yet is a hole in it. */
#include "kit/kit.h"

#define OB_OP(identifier, domain, name) extern const ob_kernel_t ob_ref_##identifier __attribute__((weak, visibility("hidden")));
#include "op/ops.def"
#undef OB_OP

static const ob_kernel_t *const kernels[] = {
#define OB_OP(identifier, domain, name) &ob_ref_##identifier,
#include "op/ops.def"
#undef OB_OP
};

static const ob_kit_engine_t ref = {
    .name = "ref",
    .version = OB_VERSION,
    .library = "",
    .about = "the oracle: every operator as one plain loop, never optimised",
    .flags = OB_ENGINE_LAST_RESORT | OB_ENGINE_ANY_KIND,
    .kernels = kernels,
    .kernel_count = sizeof kernels / sizeof *kernels,
};

const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) { return ob_kit_entry(&ref, host_abi); }
