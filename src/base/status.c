/* Messages of failures, one buffer a thread. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

#include <outboard/outboard.h>

static _Thread_local char message[OB_MESSAGE_SIZE];

const char *ob_error_message(void) { return message; }

/* Marks a text that did not fit, and takes the sting out of control bytes. */
static void tidy(char *text, size_t length) {
  if (length >= OB_MESSAGE_SIZE) memcpy(text + OB_MESSAGE_SIZE - 4, "...", 4);
  for (char *c = text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
}

ob_status_t ob_fail_v(ob_status_t status, const char *format, va_list args) {
  char text[OB_MESSAGE_SIZE]; /* the arguments may point into the old message */
  int length = vsnprintf(text, sizeof text, format, args);
  tidy(text, length < 0 ? 0 : (size_t)length);
  memcpy(message, text, sizeof message);
  return status;
}

ob_status_t ob_fail(ob_status_t status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  ob_fail_v(status, format, args);
  va_end(args);
  return status;
}

ob_status_t ob_fail_within(ob_status_t status, const char *format, ...) {
  if (status == OB_OUT_OF_MEMORY) return status;
  char front[OB_MESSAGE_SIZE], old[OB_MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(front, sizeof front, format, args);
  va_end(args);
  memcpy(old, message, sizeof old);
  return ob_fail(status, "%s%s", front, old);
}

ob_status_t ob_fail_memory(void) { return ob_fail(OB_OUT_OF_MEMORY, "out of memory"); }

const char *ob_status_name(ob_status_t status) {
  static const char *const names[] = {"ok", "out of memory", "invalid argument", "invalid model", "invalid artifact",
                                      "unsupported", "not found", "input/output error", "engine error", "cancelled",
                                      "deadline exceeded", "out of range", "internal error"};
  return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown status";
}

const char *ob_version(void) { return OB_VERSION; }
