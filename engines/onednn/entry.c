/* The one symbol of the loadable library. */
#include "onednn/engine.h"

const ob_engine_api_t *ob_engine_entry(uint32_t host_abi) { return dn_entry(host_abi); }
