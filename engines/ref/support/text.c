/* Strings: see text.h. Numbers are read and written in the "C" locale, whatever the program has set. */
#include "ref/support/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The calling thread writes numbers as C does until leave(). ("C" is a constant of the library: nothing to give back.) */
static locale_t enter(void) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return plain ? uselocale(plain) : (locale_t)0;
}
static void leave(locale_t before) {
  if (before) uselocale(before);
}

ob_status_t ob_ref_string(const ob_kernel_call_t *call, const char *bytes, size_t size, ob_string_t *string) {
  char *copy;
  OB_TRY(ob_kernel_memory(call, size + 1, (void **)&copy));
  if (size > 0) memcpy(copy, bytes, size);
  *string = (ob_string_t){copy, size};
  return OB_OK;
}

/* Fewest digits that lead back to the value in its type. */
static void shortest(ob_dtype_t dtype, double value, char *text, size_t room) {
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, room, "%.*e", digits - 1, value);
    if (ob_ref_round(dtype, strtod(text, NULL)) == value) return;
  }
}

/* "d.ddde+XX" as numpy prints it: plain between 1e-4 and 1e16. */
static void write_real(ob_dtype_t dtype, double value, char *text, size_t room) {
  char digits[64], mantissa[40];
  size_t count = 0;
  if (isnan(value) || isinf(value)) {
    snprintf(text, room, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return;
  }
  shortest(dtype, value, digits, sizeof digits);
  int exponent = atoi(strchr(digits, 'e') + 1);
  for (const char *c = digits; *c != 'e'; c++)
    if (*c >= '0' && *c <= '9' && count + 1 < sizeof mantissa) mantissa[count++] = *c;
  while (count > 1 && mantissa[count - 1] == '0') count--;
  mantissa[count] = '\0';
  const char *sign = signbit(value) ? "-" : "";
  int point = exponent + 1; /* digits before the point */
  if (value != 0 && (exponent < -4 || exponent >= 16))
    snprintf(text, room, "%s%c%s%se%+03d", sign, mantissa[0], count > 1 ? "." : "", mantissa + 1, exponent);
  else if (point <= 0)
    snprintf(text, room, "%s0.%.*s%s", sign, -point, "0000000000", mantissa);
  else if ((size_t)point >= count)
    snprintf(text, room, "%s%s%.*s.0", sign, mantissa, point - (int)count, "0000000000000000");
  else
    snprintf(text, room, "%s%.*s.%s", sign, point, mantissa, mantissa + point);
}

ob_status_t ob_ref_number_to_string(const ob_kernel_call_t *call, const ob_tensor_t *x, size_t at, ob_string_t *string) {
  char text[96];
  locale_t before = enter();
  if (ob_ref_is_real(x->dtype))
    write_real(x->dtype, ob_ref_get(x->dtype, x->data, at), text, sizeof text);
  else if (x->dtype == OB_BOOL)
    snprintf(text, sizeof text, "%s", ob_ref_get_int(x->dtype, x->data, at) ? "True" : "False");
  else if (x->dtype == OB_UINT64)
    snprintf(text, sizeof text, "%llu", (unsigned long long)ob_ref_get_int(x->dtype, x->data, at));
  else
    snprintf(text, sizeof text, "%lld", (long long)ob_ref_get_int(x->dtype, x->data, at));
  leave(before);
  return ob_ref_string(call, text, strlen(text), string);
}

ob_status_t ob_ref_string_to_number(const ob_string_t *string, ob_tensor_t *y, size_t at) {
  char text[128], *end, *integer_end;
  if (string->size >= sizeof text) return ob_fail(OB_OUT_OF_RANGE, "%s is not a number", ob_quote_n(string->data, string->size));
  if (string->size > 0) memcpy(text, string->data, string->size);
  text[string->size] = '\0';
  locale_t before = enter();
  double real = strtod(text, &end);
  int64_t integer = text[0] == '-' ? strtoll(text, &integer_end, 10) : (int64_t)strtoull(text, &integer_end, 10);
  leave(before);
  if (end == text || *end) return ob_fail(OB_OUT_OF_RANGE, "%s is not a number", ob_quote_n(string->data, string->size));
  if (!ob_ref_is_real(y->dtype) && !*integer_end)
    ob_ref_set_int(y->dtype, y->data, at, integer);
  else
    ob_ref_set(y->dtype, y->data, at, real);
  return OB_OK;
}

uint32_t ob_ref_next_character(const ob_string_t *string, size_t *at) {
  const uint8_t *bytes = (const uint8_t *)string->data;
  uint8_t first = bytes[(*at)++];
  size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  uint32_t character = more == 3 ? first & 7u : more == 2 ? first & 15u : more == 1 ? first & 31u : first;
  if (more > string->size - *at) return first;
  for (size_t i = 0; i < more; i++)
    if ((bytes[*at + i] & 0xc0) != 0x80) return first;
  for (size_t i = 0; i < more; i++) character = character << 6 | (bytes[(*at)++] & 0x3fu);
  return character;
}

size_t ob_ref_put_character(uint32_t c, char *out) {
  if (c < 0x80) return out[0] = (char)c, 1;
  size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  out[0] = (char)((more == 1 ? 0xc0u : more == 2 ? 0xe0u : 0xf0u) | c >> (6 * more));
  for (size_t i = 1; i <= more; i++) out[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3f));
  return more + 1;
}
