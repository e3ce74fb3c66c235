/* StringSplit: cuts strings at a delimiter, or at runs of white space; a new last axis holds the pieces, empty strings fill it up. */
#include <string.h>

#include "ref/support/text.h"

typedef struct splitter {
  const ob_string_t *text;
  const char *delimiter; /* "": white space */
  size_t size, at;
  int64_t left; /* cuts that may still be made */
  bool done;
} splitter_t;

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static size_t skip_space(const splitter_t *s, size_t at) {
  while (at < s->text->size && is_space(s->text->data[at])) at++;
  return at;
}

/* The next piece between white space; the last one, when no more cuts may be made, goes to the end. */
static bool next_word(splitter_t *s, ob_string_t *piece) {
  size_t begin = skip_space(s, s->at), end = begin;
  if (begin == s->text->size) return false;
  while (end < s->text->size && !is_space(s->text->data[end])) end++;
  if (s->left-- == 0)
    for (end = s->text->size; is_space(s->text->data[end - 1]);) end--;
  *piece = (ob_string_t){s->text->data + begin, end - begin};
  s->at = end;
  return true;
}

static bool next_piece(splitter_t *s, ob_string_t *piece) {
  if (s->size == 0) return next_word(s, piece);
  if (s->done) return false;
  size_t end = s->at;
  bool cut = false;
  for (; !cut && s->left != 0 && end + s->size <= s->text->size; end += !cut) cut = memcmp(s->text->data + end, s->delimiter, s->size) == 0;
  if (!cut) end = s->text->size;
  *piece = (ob_string_t){s->text->data + s->at, end - s->at};
  s->at = end + s->size;
  s->left--;
  s->done = !cut;
  return true;
}

static splitter_t begin(const ob_kernel_call_t *call, const ob_string_t *text) {
  const char *delimiter = ob_kernel_string(call, "delimiter", "");
  int64_t most = ob_kernel_int(call, "maxsplit", INT64_MAX);
  return (splitter_t){.text = text, .delimiter = delimiter, .size = strlen(delimiter), .left = most, .done = text->size == 0};
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  const ob_string_t *in = x->data;
  ob_tensor_t *counts = ob_ref_output(call, 1);
  int64_t dims[OB_MAX_RANK + 1];
  ob_string_t piece;
  if (x->rank >= OB_MAX_RANK) return ob_fail(OB_UNSUPPORTED, "rank %d", (int)x->rank);
  for (int32_t i = 0; i < x->rank; i++) dims[i] = x->dims[i];
  dims[x->rank] = 0;
  if (counts) OB_TRY(ob_kernel_allocate(call, 1, x->rank, dims));
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    splitter_t s = begin(call, &in[i]);
    int64_t count = 0;
    while (next_piece(&s, &piece)) count++;
    if (count > dims[x->rank]) dims[x->rank] = count;
    if (counts) ob_ref_set_int(counts->dtype, counts->data, i, count);
  }
  if (!call->outputs[0]) return OB_OK;
  OB_TRY(ob_kernel_allocate(call, 0, x->rank + 1, dims));
  ob_string_t *out = call->outputs[0]->data;
  for (size_t i = 0; i < ob_tensor_count(x); i++) {
    splitter_t s = begin(call, &in[i]);
    for (int64_t k = 0; k < dims[x->rank]; k++) *out++ = next_piece(&s, &piece) ? piece : (ob_string_t){"", 0};
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_StringSplit = {.op = "StringSplit", .domain = "", .run = run};
