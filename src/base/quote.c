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

/* Appends bytes until they or the room are used up; the number of bytes taken. */
static size_t append(char **out, const char *bytes, size_t size, size_t room) {
  char *o = *out, *end = o + room;
  size_t i = 0;
  while (i < size && o < end) {
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
  *out = o;
  return i;
}

/* Long ones lose their middle: the end of a path says most. */
const char *ob_quote_n(const char *bytes, size_t size) {
  static _Thread_local char ring[RING][2 * LONGEST];
  static _Thread_local unsigned next;
  char *out = ring[next++ % RING], *o = out;
  size_t used = append(&o, bytes, size, size > LONGEST ? LONGEST / 2 : LONGEST);
  if (used < size) {
    size_t rest = size - used < LONGEST / 2 ? used : size - LONGEST / 2;
    while (rest < size && ((unsigned char)bytes[rest] & 0xc0) == 0x80) rest++; /* not within a character */
    if (rest > used) memcpy(o, "...", 3), o += 3;
    append(&o, bytes + rest, size - rest, LONGEST / 2);
  }
  *o = 0;
  return out;
}

const char *ob_quote(const char *name) { return name ? ob_quote_n(name, strlen(name)) : ""; }
