/* Text of models on its way to a terminal or into JSON: names come from strangers. */
#include "text.h"

#include <stdio.h>
#include <string.h>

const char *printable(const char *name) {
  enum { RING = 4, LONGEST = 200 };
  static char ring[RING][LONGEST + 8];
  static unsigned next;
  char *begin = ring[next++ % RING], *out = begin;
  for (; *name && out - begin < LONGEST; name++) {
    unsigned char c = (unsigned char)*name;
    unsigned char after = (unsigned char)name[1];
    /* control characters, and C1 controls in UTF-8 */
    if (c < 0x20 || c == 0x7f || (c == 0xc2 && after >= 0x80 && after < 0xa0)) out += snprintf(out, 5, "\\x%02x", (unsigned)c);
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
