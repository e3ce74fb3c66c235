/* A quick reader for what Outboard writes itself: structure, plain strings and integers are read here, and jansson reads the tokens that are
 * not so plain. It takes no more than jansson does: wherever something looks odd it gives up, and jansson decides and words the error. */
#include <string.h>

#include "base/json.h"

typedef struct reader {
  const char *at, *end;
} reader_t;

static json_t *read_value(reader_t *r);

static void skip_space(reader_t *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

/* Takes `c` if it comes next. */
static bool take(reader_t *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c) return false;
  r->at++;
  return true;
}

static json_t *by_jansson(const char *token, size_t size) {
  return json_loadb(token, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

/* The string token that begins at the reader's place, quotes included; its size, or 0. `*plain`: printable ASCII without escapes. */
static size_t string_token(reader_t *r, const char **token, bool *plain) {
  skip_space(r);
  if (r->at == r->end || *r->at != '"') return 0;
  *token = r->at;
  *plain = true;
  for (const char *c = r->at + 1; c < r->end; c++) {
    if (*c == '"') {
      r->at = c + 1;
      return (size_t)(r->at - *token);
    }
    if (*c == '\\' && ++c == r->end) return 0;
    if (*c < 0x20 || *c > 0x7e || c[-1] == '\\') *plain = false;
  }
  return 0;
}

static json_t *read_string(reader_t *r) {
  const char *token;
  bool plain;
  size_t size = string_token(r, &token, &plain);
  if (size == 0) return NULL;
  return plain ? json_stringn_nocheck(token + 1, size - 2) : by_jansson(token, size);
}

/* Up to 18 digits are read here: they fit 64 bits. */
static json_t *read_number(reader_t *r) {
  const char *begin = r->at, *digits = begin + (*begin == '-'), *c = digits;
  json_int_t number = 0;
  for (; c < r->end && *c >= '0' && *c <= '9' && c - digits < 18; c++) number = number * 10 + (*c - '0');
  bool whole = c > digits && (*digits != '0' || c == digits + 1);
  for (r->at = c; r->at < r->end && *r->at && strchr("+-.eE0123456789", *r->at); r->at++) whole = false;
  return whole ? json_integer(*begin == '-' ? -number : number) : by_jansson(begin, (size_t)(r->at - begin));
}

static json_t *read_word(reader_t *r) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < 3; i++) {
    size_t size = strlen(words[i]);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, words[i], size) != 0) continue;
    r->at += size;
    return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
  }
  return NULL;
}

static bool read_items(reader_t *r, json_t *array) {
  if (take(r, ']')) return true;
  do
    if (json_array_append_new(array, read_value(r)) != 0) return false; /* also when there is no value */
  while (take(r, ','));
  return take(r, ']');
}

/* A member; one of that name must not be there yet. */
static bool read_member(reader_t *r, json_t *object) {
  char key[256];
  const char *token;
  bool plain;
  size_t size = string_token(r, &token, &plain), before = json_object_size(object);
  if (size == 0 || !plain || size - 2 >= sizeof key || !take(r, ':')) return false;
  memcpy(key, token + 1, size - 2);
  key[size - 2] = '\0';
  return json_object_set_new_nocheck(object, key, read_value(r)) == 0 && json_object_size(object) > before;
}

static bool read_members(reader_t *r, json_t *object) {
  if (take(r, '}')) return true;
  do
    if (!read_member(r, object)) return false;
  while (take(r, ','));
  return take(r, '}');
}

static json_t *read_nested(reader_t *r, json_t *json, bool (*read)(reader_t *, json_t *)) {
  r->at++;
  if (json && read(r, json)) return json;
  json_decref(json);
  return NULL;
}

static json_t *read_value(reader_t *r) {
  skip_space(r);
  if (r->at == r->end) return NULL;
  if (*r->at == '{') return read_nested(r, json_object(), read_members);
  if (*r->at == '[') return read_nested(r, json_array(), read_items);
  if (*r->at == '"') return read_string(r);
  return *r->at == '-' || (*r->at >= '0' && *r->at <= '9') ? read_number(r) : read_word(r);
}

json_t *ob_json_read(const char *text, size_t size) {
  reader_t r = {text, text + size};
  skip_space(&r);
  if (r.at == r.end || (*r.at != '{' && *r.at != '[')) return NULL;
  json_t *json = read_value(&r);
  skip_space(&r);
  if (json && r.at == r.end) return json;
  json_decref(json);
  return NULL;
}
