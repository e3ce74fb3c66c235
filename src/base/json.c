/* jansson, bounded. */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

/* Nesting is checked before jansson recurses: its own limit of 2048 levels needs more stack than a small thread has. */
static bool too_deep(const char *text, size_t size) {
  int depth = 0;
  bool inside = false;
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if (inside) {
      if (c == '\\') i++;
      else if (c == '"') inside = false;
    } else if (c == '"') {
      inside = true;
    } else if (c == '[' || c == '{') {
      if (++depth > MAX_DEPTH) return true;
    } else if (c == ']' || c == '}') {
      depth--;
    }
  }
  return false;
}

ob_status_t ob_json_parse(const char *text, size_t size, const char *what, ob_status_t failure, json_t **json) {
  json_error_t error;
  *json = NULL;
  if (too_deep(text, size)) return ob_fail(failure, "%s: JSON is nested deeper than %d levels", what, MAX_DEPTH);
  *json = ob_json_read(text, size);
  if (!*json) *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  if (*json) return OB_OK;
  if (json_error_code(&error) == json_error_out_of_memory) return ob_fail_memory();
  return ob_fail(failure, "%s: JSON, line %d, column %d: %s", what, error.line, error.column, ob_quote(error.text));
}

/* Writes the path of `place` into `text`, root first. */
static void print_place(const ob_json_place_t *place, char *text, size_t size) {
  if (!place) return;
  print_place(place->parent, text, size);
  size_t used = strlen(text);
  if (place->key)
    snprintf(text + used, size - used, "%s%s", used > 0 ? "." : "", ob_quote(place->key));
  else
    snprintf(text + used, size - used, "[%zu]", place->index);
}

ob_status_t ob_json_fail(const ob_json_place_t *place, const char *format, ...) {
  char path[256] = "", words[512];
  va_list args;
  va_start(args, format);
  vsnprintf(words, sizeof words, format, args);
  va_end(args);
  print_place(place, path, sizeof path);
  while (place->parent) place = place->parent;
  return ob_fail(place->failure, "%s: %s", path, words);
}

static const char *type_name(json_type type) {
  static const char *const names[] = {"an object", "an array", "a string", "an integer", "a number", "true", "false", "null"};
  return names[type];
}

ob_status_t ob_json_find(const ob_json_place_t *place, const json_t *object, const char *key, json_type type,
                         const json_t **member) {
  *member = NULL;
  if (!json_is_object(object)) return ob_json_fail(place, "expected an object");
  const json_t *found = json_object_get(object, key);
  if (!found) return OB_OK;
  bool same = json_typeof(found) == type || (type == JSON_TRUE && json_is_boolean(found)) ||
              (type == JSON_REAL && json_is_integer(found));
  if (!same) return ob_json_fail(place, "'%s' is %s, expected %s", key, type_name(json_typeof(found)), type_name(type));
  *member = found;
  return OB_OK;
}

ob_status_t ob_json_get(const ob_json_place_t *place, const json_t *object, const char *key, json_type type,
                        const json_t **member) {
  OB_TRY(ob_json_find(place, object, key, type, member));
  return *member ? OB_OK : ob_json_fail(place, "'%s' is missing", key);
}

ob_status_t ob_json_get_int(const ob_json_place_t *place, const json_t *object, const char *key, int64_t low, int64_t high,
                            int64_t *value) {
  const json_t *member;
  OB_TRY(ob_json_get(place, object, key, JSON_INTEGER, &member));
  *value = json_integer_value(member);
  if (*value < low || *value > high)
    return ob_json_fail(place, "'%s' is %lld, expected %lld to %lld", key, (long long)*value, (long long)low, (long long)high);
  return OB_OK;
}

ob_status_t ob_json_get_string(const ob_json_place_t *place, const json_t *object, const char *key, const char **value) {
  const json_t *member;
  OB_TRY(ob_json_get(place, object, key, JSON_STRING, &member));
  *value = json_string_value(member);
  return OB_OK;
}

ob_status_t ob_json_dump(const json_t *json, const ob_allocator_t *allocator, char **text, size_t *size) {
  const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17);
  *text = NULL;
  *size = json_dumpb(json, NULL, 0, flags);
  if (*size == 0) return ob_fail_memory();
  OB_TRY(ob_alloc(allocator, *size + 1, (void **)text));
  if (json_dumpb(json, *text, *size, flags) == *size) return OB_OK;
  ob_free(allocator, *text);
  *text = NULL;
  return ob_fail_memory();
}
