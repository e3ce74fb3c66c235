/* Names from models, made safe for messages. */
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/str.h"

enum { RING = 8, LONGEST = 80 };

/* Length of the UTF-8 sequence at `s`, 0 if it is not one of at least two bytes. */
static size_t multibyte(const char *s, size_t left) {
  for (size_t n = 2; n <= 4 && n <= left; n++)
    if (ob_utf8_is_valid(s, n) && ((unsigned char)s[1] & 0xc0) == 0x80) {
      /* C1 controls are obeyed by terminals */
      if (n == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0) return 0;
      return n;
    }
  return 0;
}

const char *ob_quote_n(const char *bytes, size_t size) {
  static _Thread_local char ring[RING][LONGEST * 4 + 4];
  static _Thread_local unsigned next;
  char *out = ring[next++ % RING], *o = out;
  size_t i = 0;
  while (i < size && o - out < LONGEST) {
    unsigned char c = (unsigned char)bytes[i];
    size_t n = c >= 0xc2 ? multibyte(bytes + i, size - i) : 0;
    if (n > 0) {
      memcpy(o, bytes + i, n);
      o += n, i += n;
    } else if (c >= 0x20 && c < 0x7f && c != '\\') {
      *o++ = (char)c, i++;
    } else {
      o += snprintf(o, 5, "\\x%02x", (unsigned)c), i++;
    }
  }
  if (i < size) memcpy(o, "...", 3), o += 3;
  *o = 0;
  return out;
}

const char *ob_quote(const char *name) { return name ? ob_quote_n(name, strlen(name)) : ""; }
