/* RegexFullMatch: true where the whole string matches a pattern in RE2's syntax, by ob_part_text.so, which lies next to this library. */
#include <stdio.h>
#include <string.h>
#include <threads.h>

#include "ref/support/element.h"
#include "ref/support/part.h"
#include "ref/text/part.h"

static const ob_text_part_t *part;
static char missing[600];
static once_flag once = ONCE_FLAG_INIT;

static void find_part(void) { part = ob_ref_part("RegexFullMatch", "ob_part_text.so", "ob_text_part", OB_TEXT_PART, missing, sizeof missing); }

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t reason_size) {
  (void)region;
  (void)node;
  call_once(&once, find_part);
  if (!part) snprintf(reason, reason_size, "%s", missing);
  return part != NULL;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_string_t *texts = x->data;
  const char *pattern = ob_kernel_string(call, "pattern", "");
  bool *y = call->outputs[0]->data;
  char reason[200];
  call_once(&once, find_part);
  if (!part) return ob_fail(OB_UNSUPPORTED, "%s", missing);
  void *regex = part->compile(pattern, strlen(pattern), reason, sizeof reason);
  if (!regex) return ob_fail(OB_INVALID_MODEL, "attribute pattern '%s': %s", ob_quote(pattern), ob_quote(reason));
  for (size_t i = 0; i < ob_tensor_count(x); i++) y[i] = part->matches(regex, texts[i].data, texts[i].size);
  part->release(regex);
  return OB_OK;
}

const ob_kernel_t ob_ref_RegexFullMatch = {.op = "RegexFullMatch", .domain = "", .supports = supports, .run = run};
