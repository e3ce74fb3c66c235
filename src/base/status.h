/* Failing: a status value plus a message kept for the calling thread. */
#ifndef OB_BASE_STATUS_H
#define OB_BASE_STATUS_H

#include <outboard/types.h>
#include <stdarg.h>

/* Longest message kept; longer ones end in "...". */
#define OB_MESSAGE_SIZE 1024

/* Records a message for the calling thread and returns `status`. Never allocates. Bytes of names that a terminal would
 * obey are escaped by the callers' use of OB_QUOTE; control bytes that remain come out as '?'. */
ob_status_t ob_fail(ob_status_t status, const char *format, ...) OB_PRINTF(2, 3);
ob_status_t ob_fail_v(ob_status_t status, const char *format, va_list args);
/* Puts text in front of the message of a failure on its way up: "node 'conv1': " ... */
ob_status_t ob_fail_within(ob_status_t status, const char *format, ...) OB_PRINTF(2, 3);
/* Records "out of memory" and returns OB_OUT_OF_MEMORY. */
ob_status_t ob_fail_memory(void);

/* Passes a failure on. */
#define OB_TRY(expression)                          \
  do {                                              \
    ob_status_t ob_try_status_ = (expression);      \
    if (ob_try_status_ != OB_OK) return ob_try_status_; \
  } while (0)
/* Jumps to `label` on failure, with `status` set. */
#define OB_TRY_GOTO(status, expression, label) \
  do {                                         \
    (status) = (expression);                   \
    if ((status) != OB_OK) goto label;         \
  } while (0)

/* A name from a model, made safe for messages: at most 80 bytes, hostile bytes escaped as \xNN. The result lives in a ring of
 * eight buffers of the calling thread. NULL gives "". */
const char *ob_quote(const char *name);
const char *ob_quote_n(const char *bytes, size_t size);

#endif
