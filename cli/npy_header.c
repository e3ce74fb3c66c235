/* Parses "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }". */
#include "npy_header.h"

#include <string.h>

typedef struct {
  const char *at, *end;
} text_t;

static void skip_spaces(text_t *t) {
  while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t')) t->at++;
}

static bool skip(text_t *t, const char *word) {
  size_t size = strlen(word);
  skip_spaces(t);
  if ((size_t)(t->end - t->at) < size || memcmp(t->at, word, size) != 0) return false;
  t->at += size;
  return true;
}

/* A string in single or double quotes, without escapes. */
static bool quoted(text_t *t, char *out, size_t room) {
  skip_spaces(t);
  if (t->at >= t->end || (*t->at != '\'' && *t->at != '"')) return false;
  char quote = *t->at++;
  size_t used = 0;
  for (; t->at < t->end && *t->at != quote; t->at++) {
    if (*t->at == '\\' || used + 1 >= room) return false;
    out[used++] = *t->at;
  }
  out[used] = 0;
  return t->at++ < t->end;
}

static bool number(text_t *t, int64_t *value) {
  skip_spaces(t);
  const char *begin = t->at;
  *value = 0;
  for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
    if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *t->at - '0', value)) return false;
  return t->at > begin;
}

static const char *parse_descr(text_t *t, npy_header_t *h) {
  char descr[32];
  if (!quoted(t, descr, sizeof descr)) return "structured types are not supported";
  if (strlen(descr) < 2) return "the element type is malformed";
  char order = descr[0];
  h->kind = descr[1];
  if (!strchr("<>|=", order)) return "the element type is malformed";
  if (h->kind == 'O') return "object arrays are pickles, which are not read";
  if (!strchr("fiubcVUS", h->kind)) return "the element type is not supported";
  text_t digits = {descr + 2, descr + strlen(descr)};
  int64_t size;
  if (!number(&digits, &size) || digits.at != digits.end || size > (1 << 20)) return "the element type is malformed";
  h->size = (size_t)size * (h->kind == 'U' ? 4 : 1);
  h->big_endian = order == '>';
  bool known = h->kind == 'U' || h->kind == 'S' || size == 1 || size == 2 || size == 4 || size == 8 || (size == 16 && h->kind == 'c');
  return known ? NULL : "the element type is not supported";
}

static const char *parse_shape(text_t *t, npy_header_t *h) {
  if (!skip(t, "(")) return "the shape is malformed";
  while (!skip(t, ")")) {
    if (h->rank == OB_MAX_RANK) return "the rank is too large";
    if (!number(t, &h->dims[h->rank])) return "the shape is malformed";
    skip(t, "L"); /* Python 2 wrote long integers so */
    h->rank++;
    if (!skip(t, ",") && !(t->at < t->end && *t->at == ')')) return "the shape is malformed";
  }
  return NULL;
}

static const char *parse_dict(text_t *t, npy_header_t *h) {
  bool descr = false, order = false, shape = false;
  if (!skip(t, "{")) return "the header is malformed";
  while (!skip(t, "}")) {
    char key[32];
    const char *problem = NULL;
    if (!quoted(t, key, sizeof key) || !skip(t, ":")) return "the header is malformed";
    if (strcmp(key, "descr") == 0 && !descr) {
      descr = true;
      problem = parse_descr(t, h);
    } else if (strcmp(key, "fortran_order") == 0 && !order) {
      order = true;
      h->fortran = skip(t, "True");
      if (!h->fortran && !skip(t, "False")) return "'fortran_order' is malformed";
    } else if (strcmp(key, "shape") == 0 && !shape) {
      shape = true;
      problem = parse_shape(t, h);
    } else {
      return "the header has an unknown or repeated key";
    }
    if (problem) return problem;
    skip_spaces(t);
    if (!skip(t, ",") && !(t->at < t->end && *t->at == '}')) return "the header is malformed";
  }
  skip_spaces(t);
  return descr && order && shape && t->at == t->end ? NULL : "the header is malformed";
}

/* Elements, and that they are all there. */
static const char *check_size(npy_header_t *h, size_t left) {
  bool empty = false;
  size_t bytes;
  h->count = 1;
  for (int32_t i = 0; i < h->rank; i++) empty |= h->dims[i] == 0;
  for (int32_t i = 0; i < h->rank && !empty; i++)
    if (__builtin_mul_overflow(h->count, (size_t)h->dims[i], &h->count)) return "the shape overflows";
  if (empty) h->count = 0;
  if (__builtin_mul_overflow(h->count, h->size > 0 ? h->size : 1, &bytes)) return "the shape overflows";
  if (h->size > 0 && bytes > left) return "the file is cut short";
  /* strings of no length take no room in the file, but some in memory */
  return h->size == 0 && h->count > left + 65536 ? "the shape is too large" : NULL;
}

const char *npy_header_parse(const void *data, size_t size, npy_header_t *h) {
  const uint8_t *bytes = data;
  *h = (npy_header_t){0};
  if (size < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0) return "not a .npy file";
  size_t length, begin;
  if (bytes[6] == 1) {
    length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    begin = 10;
  } else if ((bytes[6] == 2 || bytes[6] == 3) && size >= 12) {
    length = (size_t)bytes[8] | (size_t)bytes[9] << 8 | (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    begin = 12;
  } else {
    return "a version of .npy that is not known";
  }
  if (length > size - begin) return "the header is longer than the file";
  text_t text = {(const char *)bytes + begin, (const char *)bytes + begin + length};
  const char *problem = parse_dict(&text, h);
  h->offset = begin + length;
  return problem ? problem : check_size(h, size - h->offset);
}
