/* Where engine libraries lie: the folders that are searched, and advice for what is missing there. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engines.h"

enum { DEFAULT_FOLDERS = 3 };

bool ob_engine_name_is_valid(const char *name) {
  size_t n = 0;
  for (; name[n]; n++) {
    char c = name[n];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') || n >= 32) return false;
  }
  return n > 0;
}

/* Entry `index` of a list with ':' between. */
static bool list_entry(const char *list, size_t index, char *entry, size_t size) {
  const char *begin = list;
  for (size_t i = 0;; i++) {
    const char *end = strchr(begin, ':');
    size_t length = end ? (size_t)(end - begin) : strlen(begin);
    if (i == index) {
      if (length == 0 || length >= size) return false;
      memcpy(entry, begin, length);
      entry[length] = 0;
      return true;
    }
    if (!end) return false;
    begin = end + 1;
  }
}

static size_t list_count(const char *list) {
  size_t count = 1;
  for (const char *c = list; *c; c++) count += *c == ':';
  return count;
}

/* `file`'s folder followed by `tail`. */
static bool beside(const char *file, const char *tail, char *folder, size_t size) {
  const char *slash = strrchr(file, '/');
  int length = slash ? (int)(slash - file) : 1;
  int got = snprintf(folder, size, "%.*s/%s", length, slash ? file : ".", tail);
  return got > 0 && (size_t)got < size;
}

/* The folders that an installation or a build tree uses. */
static bool default_folder(size_t index, char *folder, size_t size) {
  Dl_info here;
  char program[4096];
  if (index == 0)
    return dladdr((void *)(uintptr_t)&ob_engine_find, &here) != 0 && here.dli_fname &&
           beside(here.dli_fname, "outboard", folder, size);
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return false;
  program[length] = 0;
  return beside(program, index == 1 ? "../lib/outboard" : "lib/outboard", folder, size);
}

bool ob_engine_folder(const char *path, size_t index, char *folder, size_t size) {
  if (path) return index < list_count(path) && (list_entry(path, index, folder, size) || (folder[0] = 0, true));
  const char *variable = secure_getenv("OUTBOARD_ENGINE_PATH");
  if (variable && *variable) {
    size_t count = list_count(variable);
    if (index < count) return list_entry(variable, index, folder, size) || (folder[0] = 0, true);
    index -= count;
  }
  if (index >= DEFAULT_FOLDERS) return false;
  if (!default_folder(index, folder, size)) folder[0] = 0;
  return true;
}

ob_status_t ob_engine_find(const char *name, const char *path, char *file, size_t size) {
  char folder[4096], searched[512] = "";
  for (size_t i = 0; ob_engine_folder(path, i, folder, sizeof folder); i++) {
    if (!*folder) continue;
    int got = snprintf(file, size, "%s/ob_engine_%s.so", folder, name);
    if (got > 0 && (size_t)got < size && access(file, R_OK) == 0) return OB_OK;
    size_t used = strlen(searched);
    snprintf(searched + used, sizeof searched - used, "%s%s", used > 0 ? ", " : "", folder);
  }
  const char *advice = ob_engine_advice(name, NULL);
  return ob_fail(OB_NOT_FOUND, "engine '%s' is not installed: no ob_engine_%s.so in %s%s%s", name, name, searched,
                 *advice ? "; " : "", advice);
}

typedef struct advice {
  const char *engine, *library, *words; /* library NULL: the engine itself is not there */
} advice_t;

static const advice_t advices[] = {
    {"onednn", NULL, "install oneDNN (apt install libdnnl-dev) and build Outboard again"},
    {"onednn", "libdnnl", "install oneDNN: apt install libdnnl2"},
    {"xnnpack", NULL, "install XNNPACK (apt install libxnnpack-dev libpthreadpool-dev) and build Outboard again"},
    {"xnnpack", "libXNNPACK", "install XNNPACK: apt install libxnnpack0"},
    {NULL, "libgomp", "install OpenMP: apt install libgomp1"},
};

const char *ob_engine_advice(const char *name, const char *loader) {
  for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
    const advice_t *a = &advices[i];
    if (a->engine && strcmp(a->engine, name) != 0) continue;
    if (loader ? a->library && strstr(loader, a->library) : !a->library) return a->words;
  }
  return "";
}
