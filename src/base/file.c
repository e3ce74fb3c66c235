/* Mappings and atomic writing. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 2 << 20 };

static ob_status_t fail_errno(const char *what, const char *path) {
  char text[128];
  const char *words = strerror_r(errno, text, sizeof text);
  return ob_fail(errno == ENOENT || errno == ENOTDIR ? OB_NOT_FOUND : OB_IO_ERROR, "%s: cannot %s: %s", ob_quote(path), what, words);
}

ob_status_t ob_mapping_open_fd(int fd, const char *path, ob_mapping_t *mapping) {
  struct stat info;
  *mapping = (ob_mapping_t){0};
  if (fstat(fd, &info) != 0) return fail_errno("read", path);
  if (!S_ISREG(info.st_mode)) return ob_fail(OB_IO_ERROR, "%s: not a regular file", ob_quote(path));
  mapping->size = (size_t)info.st_size;
  mapping->data = (const uint8_t *)"";
  if (mapping->size == 0) return OB_OK;
  mapping->base = mmap(NULL, mapping->size, PROT_READ, MAP_SHARED, fd, 0);
  if (mapping->base == MAP_FAILED) {
    *mapping = (ob_mapping_t){0};
    return fail_errno("map", path);
  }
  mapping->data = mapping->base;
  ob_status_t status = ob_watch_add(mapping->base, mapping->size, &mapping->watch);
  if (status != OB_OK) ob_mapping_close(mapping);
  return status;
}

ob_status_t ob_mapping_open(const char *path, ob_mapping_t *mapping) {
  *mapping = (ob_mapping_t){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail_errno("open", path);
  ob_status_t status = ob_mapping_open_fd(fd, path, mapping);
  close(fd);
  return status;
}

void ob_mapping_close(ob_mapping_t *mapping) {
  ob_watch_remove(mapping->watch);
  if (mapping->base) munmap(mapping->base, mapping->size);
  *mapping = (ob_mapping_t){0};
}

/* A new file "PATH.tmp-PID-N"; mkstemp would leave it readable by its owner alone, and asking for the umask is not thread-safe. */
static int create_beside(const char *path, char *name, size_t size) {
  static atomic_uint counter;
  int fd;
  do {
    snprintf(name, size, "%s.tmp-%ld-%u", path, (long)getpid(), atomic_fetch_add(&counter, 1));
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (fd < 0 && errno == EEXIST);
  return fd;
}

ob_status_t ob_writer_open(ob_writer_t *writer, const char *path, const ob_allocator_t *allocator) {
  *writer = (ob_writer_t){.fd = -1, .allocator = allocator};
  ob_status_t status = ob_strdup(allocator, path, &writer->path);
  size_t size = strlen(path) + 48;
  if (status == OB_OK) status = ob_alloc(allocator, size, (void **)&writer->temporary);
  if (status == OB_OK) status = ob_alloc_aligned(allocator, CHUNK, 64, (void **)&writer->buffer);
  if (status == OB_OK) {
    writer->fd = create_beside(path, writer->temporary, size);
    if (writer->fd < 0) {
      ob_free(allocator, writer->temporary);
      writer->temporary = NULL;
      status = fail_errno("create a file beside it", path);
    }
  }
  if (status != OB_OK) ob_writer_abort(writer);
  return status;
}

static ob_status_t write_all(ob_writer_t *writer, const uint8_t *data, size_t size) {
  while (size > 0) {
    ssize_t n = write(writer->fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write", writer->path);
    data += n, size -= (size_t)n;
  }
  return OB_OK;
}

static ob_status_t flush(ob_writer_t *writer) {
  size_t size = writer->buffered;
  writer->buffered = 0;
  return write_all(writer, writer->buffer, size);
}

ob_status_t ob_writer_write(ob_writer_t *writer, const void *data, size_t size) {
  const uint8_t *bytes = data;
  writer->size += size;
  while (size > 0) {
    if (writer->buffered == 0 && size >= CHUNK) {
      size_t whole = size / CHUNK * CHUNK;
      OB_TRY(write_all(writer, bytes, whole));
      bytes += whole, size -= whole;
      continue;
    }
    size_t n = CHUNK - writer->buffered < size ? CHUNK - writer->buffered : size;
    memcpy(writer->buffer + writer->buffered, bytes, n);
    writer->buffered += n, bytes += n, size -= n;
    if (writer->buffered == CHUNK) OB_TRY(flush(writer));
  }
  return OB_OK;
}

/* A file that is replaced hands its permissions on. */
static void set_mode(const ob_writer_t *writer) {
  struct stat old;
  if (stat(writer->path, &old) == 0 && fchmod(writer->fd, old.st_mode & 07777) != 0) return; /* some file systems have none */
}

ob_status_t ob_writer_commit(ob_writer_t *writer) {
  ob_status_t status = flush(writer);
  if (status == OB_OK) {
    set_mode(writer);
    if (fsync(writer->fd) != 0) status = fail_errno("write", writer->path);
    else if (rename(writer->temporary, writer->path) != 0) status = fail_errno("replace", writer->path);
  }
  if (status == OB_OK) {
    ob_free(writer->allocator, writer->temporary);
    writer->temporary = NULL;
  }
  ob_writer_abort(writer);
  return status;
}

void ob_writer_abort(ob_writer_t *writer) {
  if (!writer->path) return;
  if (writer->fd >= 0) close(writer->fd);
  if (writer->temporary && writer->fd >= 0) unlink(writer->temporary);
  ob_free(writer->allocator, writer->path);
  ob_free(writer->allocator, writer->temporary);
  ob_free(writer->allocator, writer->buffer);
  *writer = (ob_writer_t){.fd = -1};
}
