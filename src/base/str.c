/* The text builder. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/checked.h"

void ob_str_init(ob_str_t *str, const ob_allocator_t *allocator) { *str = (ob_str_t){.allocator = allocator}; }

void ob_str_free(ob_str_t *str) {
  ob_free(str->allocator, str->text);
  ob_str_init(str, str->allocator);
}

/* Room for `size` more bytes and the NUL. */
static bool reserve(ob_str_t *str, size_t size) {
  size_t extra;
  if (str->status != OB_OK) return false;
  str->status = ob_add_size(size, 1, &extra) ? ob_array_reserve_raw(str->allocator, (void **)&str->text, 1, str->size,
                                                                    &str->capacity, extra)
                                             : ob_fail_memory();
  return str->status == OB_OK;
}

void ob_str_append_n(ob_str_t *str, const char *text, size_t size) {
  if (!reserve(str, size)) return;
  if (size > 0) memcpy(str->text + str->size, text, size);
  str->size += size;
  str->text[str->size] = 0;
}

void ob_str_append(ob_str_t *str, const char *text) { ob_str_append_n(str, text, strlen(text)); }

void ob_str_printf(ob_str_t *str, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (size >= 0 && reserve(str, (size_t)size)) {
    vsnprintf(str->text + str->size, (size_t)size + 1, format, again);
    str->size += (size_t)size;
  }
  va_end(again);
}

/* Terminals obey these: control characters, and the first byte of the C1 controls (U+0080 to U+009F). */
static bool is_control(const char *text) {
  unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];
  return c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

/* An escaped C1 control takes both of its bytes; the text stays valid UTF-8. */
static unsigned control_code(const char **text) {
  unsigned char c = (unsigned char)**text;
  return c == 0xc2 ? (unsigned char)*++*text : c;
}

void ob_str_append_dot(ob_str_t *str, const char *text) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') ob_str_printf(str, "\\%c", c);
    else if (is_control(text)) ob_str_printf(str, "\\\\x%02x", control_code(&text));
    else ob_str_append_n(str, text, 1);
  }
}

void ob_str_append_html(ob_str_t *str, const char *text) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') ob_str_printf(str, "&#%u;", (unsigned)c);
    else if (is_control(text)) ob_str_printf(str, "\\x%02x", control_code(&text));
    else ob_str_append_n(str, text, 1);
  }
}

ob_status_t ob_str_take(ob_str_t *str, char **text) {
  *text = NULL;
  if (str->size == 0) ob_str_append(str, "");
  ob_status_t status = str->status;
  if (status == OB_OK) {
    *text = str->text;
    str->text = NULL;
  }
  ob_str_free(str);
  return status;
}

/* Bytes of the sequence that `lead` begins and the smallest code point it may hold; 0 for a byte that begins none. */
static size_t sequence_length(unsigned char lead, uint32_t *smallest, uint32_t *bits) {
  if (lead < 0x80) return *smallest = 1, *bits = lead, 1;
  if (lead >= 0xc2 && lead < 0xe0) return *smallest = 0x80, *bits = lead & 0x1fu, 2;
  if (lead >= 0xe0 && lead < 0xf0) return *smallest = 0x800, *bits = lead & 0x0fu, 3;
  if (lead >= 0xf0 && lead < 0xf5) return *smallest = 0x10000, *bits = lead & 0x07u, 4;
  return 0;
}

bool ob_utf8_is_valid(const char *bytes, size_t size) {
  const unsigned char *s = (const unsigned char *)bytes;
  for (size_t i = 0; i < size;) {
    uint32_t smallest = 0, code = 0;
    size_t n = sequence_length(s[i], &smallest, &code);
    if (n == 0 || n > size - i) return false;
    for (size_t k = 1; k < n; k++) {
      if ((s[i + k] & 0xc0) != 0x80) return false;
      code = code << 6 | (s[i + k] & 0x3fu);
    }
    if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    i += n;
  }
  return true;
}
