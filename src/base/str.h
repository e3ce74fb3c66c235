/* Text: a growable builder, escapes for the forms that Outboard writes, UTF-8 checks. */
#ifndef OB_BASE_STR_H
#define OB_BASE_STR_H

#include "base/alloc.h"

typedef struct ob_str {
  const ob_allocator_t *allocator;
  char *text; /* NUL-terminated; NULL while empty */
  size_t size, capacity;
  ob_status_t status; /* the first failure; later appends do nothing. Check once at the end */
} ob_str_t;

void ob_str_init(ob_str_t *str, const ob_allocator_t *allocator);
void ob_str_free(ob_str_t *str);
void ob_str_append(ob_str_t *str, const char *text);
void ob_str_append_n(ob_str_t *str, const char *text, size_t size);
void ob_str_printf(ob_str_t *str, const char *format, ...) OB_PRINTF(2, 3);
/* Text inside "..." of dot, or text content of HTML: every byte that means something there is escaped. */
void ob_str_append_dot(ob_str_t *str, const char *text);
void ob_str_append_html(ob_str_t *str, const char *text);
/* Hands the text over (never NULL on OB_OK); the builder is empty again. */
OB_MUST_CHECK ob_status_t ob_str_take(ob_str_t *str, char **text);

/* Valid UTF-8, shortest forms only, no surrogates, nothing above U+10FFFF, no NUL. */
bool ob_utf8_is_valid(const char *bytes, size_t size);

#endif
