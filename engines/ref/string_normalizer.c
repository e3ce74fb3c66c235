/* StringNormalizer: drops stop words and changes the case of strings. Case follows Unicode, whatever `locale` says. */
#include <locale.h>
#include <string.h>
#include <wctype.h>

#include "ref/support/text.h"

static uint32_t change(locale_t unicode, uint32_t c, bool upper) {
  if (!unicode) return c < 0x80 ? (uint32_t)(upper ? (c >= 'a' && c <= 'z' ? c - 32 : c) : (c >= 'A' && c <= 'Z' ? c + 32 : c)) : c;
  return (uint32_t)(upper ? towupper_l((wint_t)c, unicode) : towlower_l((wint_t)c, unicode));
}

static ob_status_t recase(const ob_kernel_call_t *call, locale_t unicode, const ob_string_t *in, bool upper, ob_string_t *out) {
  char *text;
  size_t size = 0;
  OB_TRY(ob_kernel_memory(call, 4 * in->size + 1, (void **)&text));
  for (size_t at = 0; at < in->size;) {
    size_t from = at;
    uint32_t c = ob_ref_next_character(in, &at);
    if (at == from + 1 && c >= 0x80)
      text[size++] = in->data[from]; /* not UTF-8 */
    else
      size += ob_ref_put_character(change(unicode, c, upper), text + size);
  }
  *out = (ob_string_t){text, size};
  return OB_OK;
}

static bool same(locale_t unicode, const ob_string_t *a, const ob_string_t *b, bool exact) {
  size_t i = 0, k = 0;
  if (exact) return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
  while (i < a->size && k < b->size)
    if (change(unicode, ob_ref_next_character(a, &i), false) != change(unicode, ob_ref_next_character(b, &k), false)) return false;
  return i == a->size && k == b->size;
}

static bool is_stop_word(const ob_kernel_call_t *call, locale_t unicode, const ob_string_t *word) {
  const ob_attribute_view_t *stop = ob_node_attribute(call->node, "stopwords");
  bool exact = ob_kernel_int(call, "is_case_sensitive", 0) != 0;
  for (size_t i = 0; stop && i < stop->count; i++)
    if (same(unicode, word, &stop->strings[i], exact)) return true;
  return false;
}

static ob_status_t normalize(const ob_kernel_call_t *call, locale_t unicode) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_string_t *in = x->data;
  const char *action = ob_kernel_string(call, "case_change_action", "NONE");
  bool lower = strcmp(action, "LOWER") == 0, upper = strcmp(action, "UPPER") == 0;
  size_t count = ob_tensor_count(x), kept = 0;
  if (x->rank < 1 || x->rank > 2 || (x->rank == 2 && x->dims[0] != 1)) return ob_fail(OB_INVALID_ARGUMENT, "the input is neither [C] nor [1, C]");
  for (size_t i = 0; i < count; i++) kept += !is_stop_word(call, unicode, &in[i]);
  int64_t dims[2] = {1, 1};
  dims[x->rank - 1] = kept > 0 ? (int64_t)kept : 1; /* nothing left: one empty string */
  OB_TRY(ob_kernel_allocate(call, 0, x->rank, dims));
  ob_string_t *out = call->outputs[0]->data;
  if (kept == 0) *out = (ob_string_t){"", 0};
  for (size_t i = 0; i < count; i++) {
    if (is_stop_word(call, unicode, &in[i])) continue;
    if (lower || upper)
      OB_TRY(recase(call, unicode, &in[i], upper, out));
    else
      *out = in[i];
    out++;
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); /* none: only ASCII has cases */
  ob_status_t status = normalize(call, unicode);
  if (unicode) freelocale(unicode);
  return status;
}

const ob_kernel_t ob_ref_StringNormalizer = {.op = "StringNormalizer", .domain = "", .run = run};
