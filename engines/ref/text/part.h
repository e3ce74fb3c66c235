/* The border between ref and ob_part_text.so. */
#ifndef OB_REF_TEXT_PART_H
#define OB_REF_TEXT_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OB_TEXT_PART 1 /* version of this border */

/* What the library exports under the name "ob_text_part". */
typedef struct ob_text_part {
  uint32_t version;
  /* A pattern in RE2's syntax; NULL: it is malformed or too large, and `reason` says so. Give it back by release(). */
  void *(*compile)(const char *pattern, size_t size, char *reason, size_t reason_size);
  bool (*matches)(const void *regex, const char *text, size_t size); /* the whole text? */
  void (*release)(void *regex);
} ob_text_part_t;

#endif
