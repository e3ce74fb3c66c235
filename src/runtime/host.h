/* What the host offers to engines: the table of outboard/engine.h, and where log lines go. */
#ifndef OB_RUNTIME_HOST_H
#define OB_RUNTIME_HOST_H

#include <outboard/engine.h>

#include "base/alloc.h"

/* Fills a table of services. */
void ob_host_table(uint32_t threads, ob_host_t *host);

/* Where log lines of the calling thread go while it works for a model. */
typedef struct ob_sink {
  ob_log_callback_t log;
  void *user;
} ob_sink_t;
/* Makes `sink` the calling thread's and returns the one before, to be put back. */
const ob_sink_t *ob_sink_enter(const ob_sink_t *sink);
void ob_sink_leave(const ob_sink_t *before);
/* One line to the calling thread's sink. */
void ob_log(ob_log_level_t level, const char *format, ...) OB_PRINTF(2, 3);

#endif
