/* .npy files: header, then elements. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include "npy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <outboard/outboard.h>

#include "npy_header.h"

static _Thread_local char message[256];

/* How an element type lies in a file: the letter and size of its descr. */
typedef struct {
  char kind; /* f i u b c V U S */
  size_t size;
} form_t;

static form_t form_of(ob_dtype_t dtype) {
  switch (dtype) {
    case OB_FLOAT16: return (form_t){'f', 2};
    case OB_FLOAT32: return (form_t){'f', 4};
    case OB_FLOAT64: return (form_t){'f', 8};
    case OB_INT8: return (form_t){'i', 1};
    case OB_INT16: return (form_t){'i', 2};
    case OB_INT32: return (form_t){'i', 4};
    case OB_INT64: return (form_t){'i', 8};
    case OB_UINT8: return (form_t){'u', 1};
    case OB_UINT16: return (form_t){'u', 2};
    case OB_UINT32: return (form_t){'u', 4};
    case OB_UINT64: return (form_t){'u', 8};
    case OB_BOOL: return (form_t){'b', 1};
    case OB_COMPLEX64: return (form_t){'c', 8};
    case OB_COMPLEX128: return (form_t){'c', 16};
    case OB_STRING: return (form_t){'U', 0};
    case OB_INT4:
    case OB_INT2: return (form_t){'i', 1};
    case OB_UINT4:
    case OB_UINT2: return (form_t){'u', 1};
    default: return (form_t){'V', dtype == OB_BFLOAT16 ? 2 : 1};
  }
}

static bool fits(ob_dtype_t wanted, const npy_header_t *header) {
  form_t form = form_of(wanted);
  if (wanted == OB_STRING) return header->kind == 'U' || header->kind == 'S';
  if (form.kind == 'V') return header->size == form.size && (header->kind == 'V' || header->kind == 'u');
  return header->kind == form.kind && header->size == form.size;
}

static void reverse(uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size / 2; i++) {
    uint8_t byte = bytes[i];
    bytes[i] = bytes[size - 1 - i];
    bytes[size - 1 - i] = byte;
  }
}

/* Copies elements into row-major order and this machine's byte order. */
static void copy_elements(const npy_header_t *h, const uint8_t *from, uint8_t *to, size_t count) {
  size_t strides[OB_MAX_RANK], stride = 1;
  for (int32_t i = 0; i < h->rank; i++) {
    strides[i] = stride;
    stride *= (size_t)h->dims[i];
  }
  size_t swap = h->kind == 'c' ? h->size / 2 : h->kind == 'U' ? 4 : h->size;
  for (size_t i = 0; i < count; i++) {
    size_t at = i;
    if (h->fortran) {
      size_t rest = i;
      at = 0;
      for (int32_t d = h->rank - 1; d >= 0; d--) {
        at += rest % (size_t)h->dims[d] * strides[d];
        rest /= (size_t)h->dims[d];
      }
    }
    memcpy(to + i * h->size, from + at * h->size, h->size);
    for (size_t k = 0; h->big_endian && k < h->size; k += swap) reverse(to + i * h->size + k, swap);
  }
}

/* Bits of the types that are packed in memory and take a byte an element in the file; 8 for all others. */
static unsigned bits_of(ob_dtype_t dtype) {
  size_t bytes = ob_dtype_bytes(dtype, 8); /* of eight elements: as many as an element has bits */
  return bytes < 8 ? (unsigned)bytes : 8;
}

/* Packs elements in place; false when one is out of the type's range. */
static bool pack(ob_dtype_t dtype, uint8_t *data, size_t count) {
  unsigned bits = bits_of(dtype), mask = (1u << bits) - 1, per = 8 / bits;
  bool is_signed = dtype == OB_INT4 || dtype == OB_INT2;
  for (size_t i = 0; i < count; i++) {
    unsigned value = data[i] & mask, shift = (unsigned)(i % per) * bits;
    unsigned whole = is_signed && value >> (bits - 1) ? value | (0xffu & ~mask) : value;
    if (whole != data[i]) return false;
    data[i / per] = (uint8_t)(shift == 0 ? value : data[i / per] | value << shift);
  }
  return true;
}

static size_t put_utf8(uint32_t code, char *out) {
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800) return out[0] = (char)(0xc0 | code >> 6), out[1] = (char)(0x80 | (code & 63)), 2;
  if (code < 0x10000)
    return out[0] = (char)(0xe0 | code >> 12), out[1] = (char)(0x80 | (code >> 6 & 63)), out[2] = (char)(0x80 | (code & 63)), 3;
  out[0] = (char)(0xf0 | code >> 18), out[1] = (char)(0x80 | (code >> 12 & 63));
  return out[2] = (char)(0x80 | (code >> 6 & 63)), out[3] = (char)(0x80 | (code & 63)), 4;
}

/* Fixed-width strings padded with zeros become ob_string_t followed by their bytes, in one block. */
static const char *make_strings(const npy_header_t *h, const uint8_t *elements, size_t count, ob_tensor_t *tensor) {
  size_t text = h->size, head = count * sizeof(ob_string_t); /* UTF-8 never takes more than UTF-32 */
  uint8_t *block = calloc(1, head + count * text + 1);
  if (!block) return "out of memory";
  ob_string_t *strings = (ob_string_t *)(void *)block;
  char *out = (char *)block + head;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *element = elements + i * h->size;
    size_t units = h->kind == 'U' ? h->size / 4 : h->size, used = 0;
    strings[i].data = out;
    for (size_t k = 0; k < units; k++) {
      uint32_t code = element[k];
      if (h->kind == 'U') memcpy(&code, element + 4 * k, 4);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        free(block);
        return "a string holds what is no character";
      }
      size_t n = h->kind == 'U' ? put_utf8(code, out) : (*out = (char)code, (size_t)1);
      if (code != 0) used = (size_t)(out + n - strings[i].data);
      out += n;
    }
    strings[i].size = used;
  }
  tensor->data = block;
  tensor->bytes = head;
  return NULL;
}

static const char *type_mismatch(const npy_header_t *h, ob_dtype_t wanted) {
  snprintf(message, sizeof message, "the file holds '%c%zu', the model wants %s", h->kind, h->kind == 'U' ? h->size / 4 : h->size,
           ob_dtype_name(wanted));
  return message;
}

static const char *take(const npy_header_t *h, const uint8_t *payload, ob_dtype_t wanted, ob_tensor_t *tensor) {
  size_t bytes = h->count * h->size;
  uint8_t *elements = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!elements) return "out of memory";
  copy_elements(h, payload, elements, h->count);
  if (wanted != OB_STRING) {
    tensor->data = elements;
    tensor->bytes = ob_dtype_bytes(wanted, h->count);
    if (bits_of(wanted) < 8 && !pack(wanted, elements, h->count)) return "a value is out of the range of its type";
    for (size_t i = 0; wanted == OB_BOOL && i < h->count; i++) elements[i] = elements[i] != 0;
    return NULL;
  }
  const char *problem = make_strings(h, elements, h->count, tensor);
  free(elements);
  return problem;
}

const char *npy_parse(const void *data, size_t size, ob_dtype_t wanted, ob_tensor_t *tensor) {
  npy_header_t header;
  const char *problem = npy_header_parse(data, size, &header);
  *tensor = (ob_tensor_t){.dtype = wanted, .rank = header.rank};
  if (problem) return problem;
  if (!fits(wanted, &header)) return type_mismatch(&header, wanted);
  int64_t *dims = malloc(sizeof *dims * (size_t)(header.rank + 1));
  if (!dims) return "out of memory";
  memcpy(dims, header.dims, sizeof *dims * (size_t)header.rank);
  tensor->dims = dims;
  problem = take(&header, (const uint8_t *)data + header.offset, wanted, tensor);
  if (problem) npy_free(tensor);
  return problem;
}

static const char *system_problem(void) {
  snprintf(message, sizeof message, "%s", strerror(errno));
  return message;
}

const char *npy_read(const char *path, ob_dtype_t wanted, ob_tensor_t *tensor) {
  const char *problem = NULL;
  uint8_t *data = NULL;
  struct stat info;
  *tensor = (ob_tensor_t){0};
  if (stat(path, &info) != 0) return system_problem();
  if (!S_ISREG(info.st_mode)) return "not a regular file";
  size_t size = (size_t)info.st_size;
  FILE *file = fopen(path, "rbe");
  if (!file) return system_problem();
  if (!(data = malloc(size + 1))) problem = "out of memory";
  else if (fread(data, 1, size, file) != size) problem = "cannot be read";
  else problem = npy_parse(data, size, wanted, tensor);
  free(data);
  fclose(file);
  return problem;
}

void npy_free(ob_tensor_t *tensor) {
  free(tensor->data);
  free((void *)(uintptr_t)tensor->dims);
  *tensor = (ob_tensor_t){0};
}

/* ---------------------------------------------------------------- writing */

static size_t count_of(const ob_tensor_t *tensor) {
  size_t count = 1;
  for (int32_t i = 0; i < tensor->rank; i++) count *= (size_t)tensor->dims[i];
  return count;
}

/* Code points of a string; bytes that are no UTF-8 stand for themselves. */
static size_t decode(const ob_string_t *string, uint32_t *codes) {
  size_t count = 0;
  for (size_t i = 0; i < string->size; count++) {
    const unsigned char *s = (const unsigned char *)string->data + i;
    size_t n = *s < 0xc2 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 1;
    uint32_t code = n == 1 ? *s : *s & (0x7fu >> n);
    for (size_t k = 1; n > 1 && k < n; k++) {
      if (i + k >= string->size || (s[k] & 0xc0) != 0x80) n = 1, code = *s;
      else code = code << 6 | (s[k] & 63u);
    }
    if (codes) codes[count] = code;
    i += n;
  }
  return count;
}

static bool write_strings(FILE *file, const ob_tensor_t *tensor, size_t count, size_t width) {
  const ob_string_t *strings = tensor->data;
  uint32_t *codes = calloc(width + 1, sizeof *codes);
  bool right = codes != NULL;
  for (size_t i = 0; right && i < count; i++) {
    memset(codes, 0, width * sizeof *codes);
    decode(&strings[i], codes);
    right = fwrite(codes, sizeof *codes, width, file) == width;
  }
  free(codes);
  return right;
}

static bool write_unpacked(FILE *file, const ob_tensor_t *tensor, size_t count) {
  bool is_signed = tensor->dtype == OB_INT4 || tensor->dtype == OB_INT2;
  unsigned bits = bits_of(tensor->dtype), per = 8 / bits;
  for (size_t i = 0; i < count; i++) {
    int value = ((const uint8_t *)tensor->data)[i / per] >> (i % per * bits) & ((1 << bits) - 1);
    if (is_signed && value >> (bits - 1)) value -= 1 << bits;
    if (fputc(value & 255, file) == EOF) return false;
  }
  return true;
}

static bool write_header(FILE *file, const ob_tensor_t *tensor, size_t width) {
  char text[1024], dims[800] = "";
  form_t form = form_of(tensor->dtype);
  for (int32_t i = 0; i < tensor->rank; i++) {
    size_t used = strlen(dims);
    snprintf(dims + used, sizeof dims - used, "%lld%s", (long long)tensor->dims[i], tensor->rank == 1 ? "," : i + 1 < tensor->rank ? ", " : "");
  }
  int size = snprintf(text, sizeof text, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': (%s), }",
                      form.size == 1 || form.kind == 'V' ? '|' : '<', form.kind, tensor->dtype == OB_STRING ? width : form.size, dims);
  size_t room = ((size_t)size + 10 + 1 + 63) / 64 * 64 - 10; /* magic, version and length take 10 bytes; a newline ends the header */
  uint8_t head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)room, (uint8_t)(room >> 8)};
  return fwrite(head, 1, sizeof head, file) == sizeof head && fprintf(file, "%s%*s\n", text, (int)room - size - 1, "") == (int)room;
}

const char *npy_write(const char *path, const ob_tensor_t *tensor) {
  size_t count = count_of(tensor), width = 1;
  if (tensor->kind != OB_TENSOR) return "only tensors can be saved as .npy";
  for (size_t i = 0; tensor->dtype == OB_STRING && i < count; i++) {
    size_t n = decode((const ob_string_t *)tensor->data + i, NULL);
    width = n > width ? n : width;
  }
  FILE *file = fopen(path, "wbe");
  if (!file) return system_problem();
  bool right = write_header(file, tensor, width);
  size_t bytes = ob_dtype_bytes(tensor->dtype, count);
  if (tensor->dtype == OB_STRING) right = right && write_strings(file, tensor, count, width);
  else if (bits_of(tensor->dtype) < 8) right = right && write_unpacked(file, tensor, count);
  else right = right && fwrite(tensor->data, 1, bytes, file) == bytes;
  right = fclose(file) == 0 && right;
  return right ? NULL : system_problem();
}
