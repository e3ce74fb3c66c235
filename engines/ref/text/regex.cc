// ob_part_text.so: regular expressions by RE2, the library that ONNX's text names; it has no interface in C.
#include <re2/re2.h>

#include <cstdio>

extern "C" {
#include "ref/text/part.h"
}

static void *compile(const char *pattern, size_t size, char *reason, size_t reason_size) {
  try {
    RE2::Options options;
    options.set_log_errors(false);
    RE2 *regex = new RE2(re2::StringPiece(pattern, size), options);
    if (regex->ok()) return regex;
    std::snprintf(reason, reason_size, "%s", regex->error().c_str());
    delete regex;
  } catch (...) {
    std::snprintf(reason, reason_size, "out of memory");
  }
  return nullptr;
}

static bool matches(const void *regex, const char *text, size_t size) {
  return RE2::FullMatch(re2::StringPiece(text, size), *static_cast<const RE2 *>(regex));
}

static void release(void *regex) { delete static_cast<RE2 *>(regex); }

extern "C" __attribute__((visibility("default"))) const ob_text_part_t ob_text_part = {OB_TEXT_PART, compile, matches, release};
