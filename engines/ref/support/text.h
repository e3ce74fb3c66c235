/* Strings: memory for new ones, numbers as text and back, UTF-8. */
#ifndef OB_REF_SUPPORT_TEXT_H
#define OB_REF_SUPPORT_TEXT_H

#include "ref/support/element.h"
#include "ref/support/shape.h"

/* A string of `size` bytes that lives as long as the call. */
OB_MUST_CHECK ob_status_t ob_ref_string(const ob_kernel_call_t *call, const char *bytes, size_t size, ob_string_t *string);
/* Element `at` of x, a number, as text: integers in decimal, True and False, floats with as few digits as lead back to them, in the
 * form of numpy ("1.0", "1e-05", "nan"). */
OB_MUST_CHECK ob_status_t ob_ref_number_to_string(const ob_kernel_call_t *call, const ob_tensor_t *x, size_t at, ob_string_t *string);
/* Text to a number of y's type; OB_OUT_OF_RANGE when it is none. */
OB_MUST_CHECK ob_status_t ob_ref_string_to_number(const ob_string_t *string, ob_tensor_t *y, size_t at);
/* The next code point of UTF-8 at `*at`, which moves on; bytes that are not UTF-8 come as they are. */
uint32_t ob_ref_next_character(const ob_string_t *string, size_t *at);
/* Writes a code point as UTF-8; returns its size, at most 4. */
size_t ob_ref_put_character(uint32_t character, char *out);

#endif
