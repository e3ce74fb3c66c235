/* Any bytes as a .npy file, asked for as every element type. */
#include <stdlib.h>

#include "../cli/npy.c" /* the command is no library: its reader is compiled in here */
#include "../cli/npy_header.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (int dtype = 1; dtype < OB_DTYPE_COUNT; dtype++) {
    ob_tensor_t tensor;
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact) return 0;
    if (size > 0) memcpy(exact, data, size);
    const char *problem = npy_parse(exact, size, (ob_dtype_t)dtype, &tensor);
    free(exact);
    if (!problem && !tensor.data) abort();
    if (problem && tensor.data) abort();
    npy_free(&tensor);
  }
  return 0;
}
