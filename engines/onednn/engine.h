/* The engine's entry, for the loadable library and for tests that link the engine. */
#ifndef OB_ONEDNN_ENGINE_H
#define OB_ONEDNN_ENGINE_H

#include "onednn/onednn.h"

const ob_engine_api_t *dn_entry(uint32_t host_abi);

#endif
