/* Text of models on its way to a terminal or into JSON: names come from strangers. */
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *printable(const char *name) {
  enum { RING = 4, LONGEST = 200 };
  static char ring[RING][LONGEST + 8];
  static unsigned turn;
  char *begin = ring[turn++ % RING], *out = begin;
  for (; *name && out - begin < LONGEST; name++) {
    unsigned char c = (unsigned char)*name, next = (unsigned char)name[1];
    bool c1 = c == 0xc2 && next >= 0x80 && next < 0xa0; /* U+0080 to U+009F: two bytes, the second says which */
    if (c1) name++;
    if (c < 0x20 || c == 0x7f || c1) out += snprintf(out, 5, "\\x%02x", (unsigned)(c1 ? next : c));
    else *out++ = (char)c;
  }
  if (*name) memcpy(out, "...", 3), out += 3;
  *out = 0;
  return begin;
}

void print_json_string(const char *text) {
  if (!text) {
    printf("null");
    return;
  }
  putchar('"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') printf("\\%c", c);
    else if (c < 0x20 || c == 0x7f) printf("\\u%04x", (unsigned)c);
    else putchar(c);
  }
  putchar('"');
}
