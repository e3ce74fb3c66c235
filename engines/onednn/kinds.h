/* All operators that the engine knows, by name. */
#ifndef OB_ONEDNN_KINDS_H
#define OB_ONEDNN_KINDS_H

#include "onednn/onednn.h"

#define K(name) extern const dn_kind_t dn_kind_##name;
#include "onednn/kinds.def"
#undef K

#endif
