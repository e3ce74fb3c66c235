/* External data: files beside the model, never anywhere else. The path is walked folder by folder without following links. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "import/onnx/importer.h"

/* What external_data says. */
typedef struct place {
  const char *location;
  uint64_t offset, length;
  bool has_length;
} place_t;

static ob_status_t parse_number(const char *name, const char *key, const char *text, uint64_t *number) {
  uint64_t value = 0;
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || text[digits] != 0)
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data: %s is '%s', not a number", ob_quote(name), key, ob_quote(text));
  for (size_t i = 0; i < digits; i++)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
      return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data: %s is too large", ob_quote(name), key);
  *number = value;
  return OB_OK;
}

/* Keys of the ONNX standard. `checksum` is accepted and not verified: that would read whole files for what they promise about
 * themselves. Anything else is refused, since what it asks for is not known. */
static ob_status_t read_entry(ob_importer_t *importer, const char *name, ob_wire_span_t bytes, place_t *place) {
  onnx_entry_t entry;
  const char *text;
  OB_TRY(onnx_entry_read(bytes, &entry));
  OB_TRY(ob_import_text(importer, entry.value, &text));
  if (ob_wire_is(entry.key, "location")) {
    place->location = text;
  } else if (ob_wire_is(entry.key, "offset")) {
    OB_TRY(parse_number(name, "offset", text, &place->offset));
  } else if (ob_wire_is(entry.key, "length")) {
    OB_TRY(parse_number(name, "length", text, &place->length));
    place->has_length = true;
  } else if (!ob_wire_is(entry.key, "checksum")) {
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data: unknown key '%s'", ob_quote(name),
                   ob_quote_n((const char *)entry.key.data, entry.key.size));
  }
  return OB_OK;
}

static ob_status_t read_place(ob_importer_t *importer, const char *name, ob_wire_list_t entries, place_t *place) {
  ob_wire_span_t bytes;
  *place = (place_t){0};
  while (ob_wire_next_span(&entries, &bytes)) OB_TRY(read_entry(importer, name, bytes, place));
  if (!place->location || place->location[0] == 0)
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data without a location", ob_quote(name));
  return OB_OK;
}

/* ------------------------------------------------------------ opening */

static ob_status_t refuse(const char *name, const char *location, const char *why) {
  return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data '%s': %s", ob_quote(name), ob_quote(location), why);
}

static ob_status_t fail_open(const char *name, const char *location) {
  char text[128];
  int error = errno;
  if (error == ELOOP || error == EMLINK) return refuse(name, location, "symbolic links are not followed");
  return ob_fail(error == ENOENT || error == ENOTDIR ? OB_NOT_FOUND : OB_IO_ERROR, "tensor '%s': external data '%s': %s",
                 ob_quote(name), ob_quote(location), strerror_r(error, text, sizeof text));
}

/* A component of a path is a name, not a step up. "." is harmless and some writers put "./" in front. */
static bool is_step(const char *name) { return strcmp(name, ".") == 0 || name[0] == 0; }

/* Opens `location` below `folder` (taken over). `path` is a copy that is cut up. */
static ob_status_t walk(int folder, char *path, const char *name, const char *location, int *fd) {
  ob_status_t status = OB_OK;
  char *rest = path;
  *fd = -1;
  while (status == OB_OK && *fd < 0) {
    char *slash = strchr(rest, '/');
    if (slash) *slash = 0;
    if (strcmp(rest, "..") == 0) {
      status = refuse(name, location, "it leaves the model's folder");
    } else if (slash && is_step(rest)) {
      rest = slash + 1;
    } else {
      int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (slash ? O_DIRECTORY : O_NONBLOCK);
      int next = openat(folder, rest, flags);
      /* O_DIRECTORY on a link says ENOTDIR */
      struct stat info;
      if (next < 0 && errno == ENOTDIR && fstatat(folder, rest, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
        errno = ELOOP;
      if (next < 0) {
        status = fail_open(name, location);
      } else if (slash) {
        close(folder);
        folder = next;
        rest = slash + 1;
      } else {
        *fd = next;
      }
    }
  }
  close(folder);
  return status;
}

static ob_status_t open_file(ob_importer_t *importer, const char *name, const char *location, int *fd) {
  const char *base = importer->options->base_dir;
  char *path;
  if (strncmp(location, "*/_ORT_MEM_ADDR_", 16) == 0)
    return refuse(name, location, "a mark of ONNX Runtime for data in another program's memory");
  if (location[0] == '/') return refuse(name, location, "an absolute path");
  if (!base) return refuse(name, location, "the model was given as bytes, without a folder to look in");
  OB_TRY(ob_arena_copy(&importer->scratch, location, strlen(location) + 1, (void **)&path));
  int folder = open(base[0] ? base : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  if (folder < 0) return fail_open(name, base);
  return walk(folder, path, name, location, fd);
}

/* A second name elsewhere means that the file may not be the model's own. */
static ob_status_t check_file(int fd, const char *name, const char *location) {
  struct stat info;
  if (fstat(fd, &info) != 0) return fail_open(name, location);
  if (!S_ISREG(info.st_mode)) return refuse(name, location, "not a regular file");
  return info.st_nlink > 1 ? refuse(name, location, "hard links are not followed; copy the file") : OB_OK;
}

static ob_status_t map_file(ob_importer_t *importer, int fd, const char *name, const char *location, ob_external_file_t *file) {
  ob_mapping_t mapping;
  OB_TRY(check_file(fd, name, location));
  OB_TRY(ob_array_reserve(importer->allocator, &importer->files, 1));
  OB_TRY(ob_array_reserve(importer->module->allocator, &importer->module->mappings, 1));
  OB_TRY(ob_mapping_open_fd(fd, location, &mapping));
  importer->module->mappings.items[importer->module->mappings.count++] = mapping;
  *file = (ob_external_file_t){location, mapping.data, mapping.size};
  importer->files.items[importer->files.count++] = *file;
  return OB_OK;
}

static ob_status_t find_file(ob_importer_t *importer, const char *name, const char *location, ob_external_file_t *file) {
  int fd = -1;
  for (size_t i = importer->files.count; i-- > 0;)
    if (strcmp(importer->files.items[i].location, location) == 0) {
      *file = importer->files.items[i];
      return OB_OK;
    }
  OB_TRY(open_file(importer, name, location, &fd));
  ob_status_t status = map_file(importer, fd, name, location, file);
  close(fd);
  return status;
}

ob_status_t ob_import_external(ob_importer_t *importer, const char *name, const onnx_tensor_t *tensor, size_t size,
                               const uint8_t **data) {
  place_t place;
  ob_external_file_t file;
  OB_TRY(read_place(importer, name, tensor->external_data, &place));
  if (place.has_length && place.length != size)
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data: length is %llu, its shape and type need %zu", ob_quote(name),
                   (unsigned long long)place.length, size);
  OB_TRY(find_file(importer, name, place.location, &file));
  if (place.offset > file.size || size > file.size - place.offset)
    return ob_fail(OB_INVALID_MODEL, "tensor '%s': external data '%s' has %zu bytes, %zu at offset %llu are needed", ob_quote(name),
                   ob_quote(place.location), file.size, size, (unsigned long long)place.offset);
  *data = file.data + place.offset;
  return OB_OK;
}
