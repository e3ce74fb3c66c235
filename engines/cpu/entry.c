/* The one symbol of the loadable library. */
#include "cpu/cpu.h"

const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) { return ob_kit_entry(&ob_cpu_engine, host_abi); }
