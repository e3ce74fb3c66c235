/* Layouts: how many bytes a blocked tensor takes, and repacking between plain and blocked. See ob_layout_t. */
#ifndef OB_RUNTIME_LAYOUT_H
#define OB_RUNTIME_LAYOUT_H

#include <outboard/outboard.h>

#include "base/alloc.h"

/* Errors: OB_INVALID_ARGUMENT for a layout that does not fit the dims, a sub-byte type, or an overflow. */
OB_MUST_CHECK ob_status_t ob_layout_bytes(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, size_t *bytes);
/* True when the elements lie as in plain row-major order (dims of size 1 may stand anywhere). */
bool ob_layout_is_plain(const ob_layout_t *layout, const int64_t *dims);
bool ob_layout_equal(const ob_layout_t *a, const ob_layout_t *b);
/* Plain to blocked; padding becomes zero. The layout was checked by ob_layout_bytes(). The buffers do not overlap. */
void ob_layout_pack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *plain, void *blocked);
/* Blocked to plain. */
void ob_layout_unpack(const ob_layout_t *layout, ob_dtype_t dtype, const int64_t *dims, const void *blocked, void *plain);
/* "nChw16c" in general form: "0123 16:1", for messages and reports. */
void ob_layout_print(const ob_layout_t *layout, char *text, size_t size);

#endif
