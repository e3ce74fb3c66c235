/* Files: read-only mappings, and writing that leaves the old file or the new one, never half of one. */
#ifndef OB_BASE_FILE_H
#define OB_BASE_FILE_H

#include "base/watch.h"

typedef struct ob_mapping {
  const uint8_t *data;
  size_t size;
  void *base; /* the operating system's view of it; NULL for an empty file */
  ob_watch_t *watch; /* tells when the file has become shorter */
} ob_mapping_t;

/* Maps a regular file, shared and read-only. Where the file has become shorter since, zeros are read and ob_watch_broken() is true. Errors name the path: OB_NOT_FOUND, OB_IO_ERROR. */
OB_MUST_CHECK ob_status_t ob_mapping_open(const char *path, ob_mapping_t *mapping);
/* The same for an open descriptor, which stays the caller's. `path` is for messages. */
OB_MUST_CHECK ob_status_t ob_mapping_open_fd(int fd, const char *path, ob_mapping_t *mapping);
void ob_mapping_close(ob_mapping_t *mapping);

/* Writes to a temporary file beside `path`, which takes its name at commit. */
typedef struct ob_writer {
  int fd;
  char *path, *temporary;
  const ob_allocator_t *allocator;
  uint64_t size;
  uint8_t *buffer; /* pieces are gathered so that the disk sees writes of 2 MB */
  size_t buffered;
} ob_writer_t;
OB_MUST_CHECK ob_status_t ob_writer_open(ob_writer_t *writer, const char *path, const ob_allocator_t *allocator);
OB_MUST_CHECK ob_status_t ob_writer_write(ob_writer_t *writer, const void *data, size_t size);
/* Flushes, syncs, renames. The writer is closed whatever comes back. */
OB_MUST_CHECK ob_status_t ob_writer_commit(ob_writer_t *writer);
/* Closes and removes the temporary file; after a commit it does nothing. */
void ob_writer_abort(ob_writer_t *writer);

#endif
