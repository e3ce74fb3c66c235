/* Finds a shared library at run time: by a variable, by the loader, in folders of Python packages. */
#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/whole/whole.h"

enum { FLAGS = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE, PATH_ROOM = 4096 };

/* What the search looks for, and the loader's words about a file that is there and does not load. */
typedef struct search {
  const ob_whole_place_t *place;
  void *handle;
  char problem[512];
} search_t;

static void try_file(search_t *search, const char *file) {
  search->handle = dlopen(file, FLAGS);
  if (search->handle) return;
  const char *words = dlerror();
  snprintf(search->problem, sizeof search->problem, "%s", words ? words : "dlopen failed");
}

/* Files of the pattern below `packages`, the newest name first. */
static void try_packages(search_t *search, const char *packages) {
  char pattern[PATH_ROOM];
  glob_t found;
  if (search->handle || (size_t)snprintf(pattern, sizeof pattern, "%s/%s", packages, search->place->packaged) >= sizeof pattern) return;
  if (glob(pattern, 0, NULL, &found) != 0) return;
  for (size_t i = found.gl_pathc; i > 0 && !search->handle; i--) try_file(search, found.gl_pathv[i - 1]);
  globfree(&found);
}

/* Folders of packages that this engine's own library lies in: a wheel of Outboard has its engines there. */
static void try_around(search_t *search) {
  static const char *const names[] = {"/site-packages/", "/dist-packages/"};
  Dl_info here;
  char folder[PATH_ROOM];
  if (search->handle || !dladdr((void *)(uintptr_t)&ob_whole_dlopen, &here) || !here.dli_fname) return;
  for (size_t i = 0; i < sizeof names / sizeof *names && !search->handle; i++) {
    const char *at = strstr(here.dli_fname, names[i]);
    size_t length = at ? (size_t)(at - here.dli_fname) + strlen(names[i]) - 1 : 0;
    if (!at || length >= sizeof folder) continue;
    memcpy(folder, here.dli_fname, length);
    folder[length] = 0;
    try_packages(search, folder);
  }
}

/* `root`'s value followed by `tail`, a pattern. */
static void try_below(search_t *search, const char *root, const char *tail) {
  char folder[PATH_ROOM];
  if (!root || root[0] != '/' || strpbrk(root, "*?[")) return;
  if ((size_t)snprintf(folder, sizeof folder, "%s/%s", root, tail) < sizeof folder) try_packages(search, folder);
}

ob_status_t ob_whole_dlopen(const ob_whole_place_t *place, void **handle) {
  search_t search = {.place = place};
  const char *file = secure_getenv(place->variable);
  *handle = NULL;
  if (file && *file) {
    try_file(&search, file);
    *handle = search.handle;
    return *handle ? OB_OK : ob_fail(OB_NOT_FOUND, "$%s: %s", place->variable, search.problem);
  }
  for (size_t i = 0; place->names[i] && !search.handle; i++) search.handle = dlopen(place->names[i], FLAGS);
  try_around(&search);
  try_below(&search, secure_getenv("VIRTUAL_ENV"), "lib/python3*/site-packages");
  try_below(&search, secure_getenv("HOME"), ".local/lib/python3*/site-packages");
  try_below(&search, "/usr/local/lib", "python3*/dist-packages");
  try_below(&search, "/usr/local/lib", "python3*/site-packages");
  try_below(&search, "/usr/lib", "python3*/site-packages");
  *handle = search.handle;
  if (*handle) return OB_OK;
  if (search.problem[0]) return ob_fail(OB_NOT_FOUND, "%s; %s, or set $%s to the library's file", search.problem, place->advice, place->variable);
  return ob_fail(OB_NOT_FOUND, "%s not found: %s, or set $%s to the library's file", place->names[0], place->advice, place->variable);
}

ob_status_t ob_whole_resolve(const char *engine, void *handle, const ob_whole_symbol_t *symbols, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *symbol = dlsym(handle, symbols[i].name);
    if (!symbol) return ob_fail(OB_UNSUPPORTED, "%s: this version of the library has no %s", engine, symbols[i].name);
    memcpy(symbols[i].pointer, &symbol, sizeof symbol); /* ISO C has no cast from an object to a function pointer */
  }
  return OB_OK;
}
