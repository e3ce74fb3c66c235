/* NumPy's .npy files (format 1 to 3), read and written. Pickles are refused. */
#ifndef CLI_NPY_H
#define CLI_NPY_H

#include <outboard/types.h>

/* Reads a file as a tensor of element type `wanted`. The file's type must be the same; 16-bit and smaller types that NumPy does not
 * have (bfloat16, float8, ...) come as raw items of their size, 2- and 4-bit integers as int8 or uint8, strings as str or bytes.
 * Fortran order and big-endian data are converted. Gives NULL, or what is wrong (a static text or one valid until the next call on
 * this thread). Release with npy_free(). */
const char *npy_read(const char *path, ob_dtype_t wanted, ob_tensor_t *tensor);
/* The same from memory. */
const char *npy_parse(const void *data, size_t size, ob_dtype_t wanted, ob_tensor_t *tensor);
/* Writes a tensor, with the conversions of npy_read the other way round. */
const char *npy_write(const char *path, const ob_tensor_t *tensor);
void npy_free(ob_tensor_t *tensor);

#endif
