/* RegexFullMatch: true where the whole string matches a pattern in RE2's syntax. */
#include "ref/support/regex.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  bool *y = call->outputs[0]->data;
  ob_ref_regex_t *regex;
  OB_TRY(ob_ref_regex_compile(call, ob_kernel_string(call, "pattern", ""), &regex));
  for (size_t i = 0; i < ob_tensor_count(x); i++) y[i] = ob_ref_regex_matches(regex, (const ob_string_t *)x->data + i);
  return OB_OK;
}

const ob_kernel_t ob_ref_RegexFullMatch = {.op = "RegexFullMatch", .domain = "", .run = run};
