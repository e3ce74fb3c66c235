/* Parts of ref that need libraries which a machine may lack: shared libraries of their own, next to this one. */
#ifndef OB_REF_SUPPORT_PART_H
#define OB_REF_SUPPORT_PART_H

#include <stddef.h>
#include <stdint.h>

/* What `file` exports as `symbol`, which begins with a uint32_t that must be `version`. NULL: `missing` says why `op` can't run. Call once. */
const void *ob_ref_part(const char *op, const char *file, const char *symbol, uint32_t version, char *missing, size_t size);

#endif
