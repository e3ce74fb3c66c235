/* src/base/status.h for engines: messages go to the host, which keeps them for the calling thread. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

#include "kit/kit.h"

static const ob_host_t *the_host;

void ob_kit_use_host(const ob_host_t *host) { the_host = host; }
const ob_host_t *ob_kit_host(void) { return the_host; }

ob_status_t ob_fail_v(ob_status_t status, const char *format, va_list args) {
  char text[OB_MESSAGE_SIZE];
  vsnprintf(text, sizeof text, format, args);
  return the_host->fail(status, "%s", text);
}

ob_status_t ob_fail(ob_status_t status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  ob_fail_v(status, format, args);
  va_end(args);
  return status;
}

ob_status_t ob_fail_within(ob_status_t status, const char *format, ...) {
  char text[OB_MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return the_host->fail_within(status, "%s", text);
}

ob_status_t ob_fail_memory(void) { return the_host->fail(OB_OUT_OF_MEMORY, "out of memory"); }
