/* Regular expressions in RE2's syntax, matched in time linear in the text: a set of states moves over it, nothing is tried twice. */
#ifndef OB_REF_SUPPORT_REGEX_H
#define OB_REF_SUPPORT_REGEX_H

#include "ref/support/text.h"

typedef struct ob_ref_regex ob_ref_regex_t;

/* Lives as long as the call. OB_INVALID_MODEL for a malformed pattern, OB_UNSUPPORTED for Unicode classes (\p) and patterns that
 * would take more than 100,000 steps. */
OB_MUST_CHECK ob_status_t ob_ref_regex_compile(const ob_kernel_call_t *call, const char *pattern, ob_ref_regex_t **regex);
/* Does the whole text match? Not for several threads at once. */
bool ob_ref_regex_matches(ob_ref_regex_t *regex, const ob_string_t *text);

#endif
