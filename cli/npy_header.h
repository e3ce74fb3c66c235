/* The header of .npy files: a Python dict literal, parsed by its few allowed forms. */
#ifndef CLI_NPY_HEADER_H
#define CLI_NPY_HEADER_H

#include <outboard/types.h>

typedef struct npy_header {
  char kind;   /* letter of the descr: f i u b c V U S */
  size_t size; /* bytes of an element */
  bool big_endian, fortran;
  int32_t rank;
  int64_t dims[OB_MAX_RANK];
  size_t count, offset; /* elements; first byte of the elements */
} npy_header_t;

/* NULL, or what is wrong. Checks that the elements are there. */
const char *npy_header_parse(const void *data, size_t size, npy_header_t *header);

#endif
