/* Finding parts. */
#include "ref/support/part.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

const void *ob_ref_part(const char *op, const char *file, const char *symbol, uint32_t version, char *missing, size_t size) {
  static const char here;
  Dl_info own;
  char path[4096];
  const char *name = dladdr(&here, &own) && own.dli_fname ? own.dli_fname : "", *slash = strrchr(name, '/');
  snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash + 1 - name) : 0, name, file);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const uint32_t *part = library ? dlsym(library, symbol) : NULL;
  if (part && *part == version) return part;
  const char *words = dlerror();
  snprintf(missing, size, "%s needs %s: %s", op, file, part ? "it is of another version" : words ? words : "not found");
  return NULL;
}
