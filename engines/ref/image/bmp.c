/* BMP: 1, 4, 8, 16, 24 or 32 bits a pixel, uncompressed. */
#include "ref/image/image.h"

typedef struct bmp {
  const ob_image_job_t *job;
  size_t pixels, palette, palette_size, entry; /* offsets; bytes of a palette's entry */
  uint32_t bits, masks[3];                     /* masks of red, green, blue for 16 and 32 bits */
  size_t row;                                  /* bytes */
  bool top_down;
} bmp_t;

static uint32_t get(const ob_image_job_t *job, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | (at + i < job->size ? job->bytes[at + i] : 0);
  return value;
}

/* The bits under a mask, stretched to 0..255. */
static uint8_t under(uint32_t pixel, uint32_t mask) {
  if (mask == 0) return 0;
  uint32_t shift = (uint32_t)__builtin_ctz(mask), most = mask >> shift;
  return (uint8_t)(((uint64_t)((pixel & mask) >> shift) * 255 + most / 2) / most);
}

static void put(const bmp_t *bmp, size_t line, size_t x, uint8_t *out) {
  size_t at = bmp->pixels + line * bmp->row;
  if (bmp->bits == 24) {
    for (size_t c = 0; c < 3; c++) out[c] = (uint8_t)get(bmp->job, at + 3 * x + 2 - c, 1);
  } else if (bmp->bits > 8) {
    uint32_t pixel = get(bmp->job, at + x * bmp->bits / 8, bmp->bits / 8);
    for (size_t c = 0; c < 3; c++) out[c] = under(pixel, bmp->masks[c]);
  } else {
    uint32_t byte = get(bmp->job, at + x * bmp->bits / 8, 1), in_byte = 8 / bmp->bits;
    uint32_t index = byte >> (8 - bmp->bits - (uint32_t)(x % in_byte) * bmp->bits) & ((1u << bmp->bits) - 1);
    for (size_t c = 0; c < 3; c++) out[c] = index < bmp->palette_size ? (uint8_t)get(bmp->job, bmp->palette + index * bmp->entry + 2 - c, 1) : 0;
  }
}

static bool read_header(bmp_t *bmp, uint64_t *width, uint64_t *height) {
  const ob_image_job_t *job = bmp->job;
  uint32_t header = get(job, 14, 4), compression = header == 12 ? 0 : get(job, 30, 4), colours = header == 12 ? 0 : get(job, 46, 4);
  int64_t tall = header == 12 ? (int64_t)get(job, 20, 2) : (int32_t)get(job, 22, 4);
  if (header != 12 && header < 40) return false;
  *width = header == 12 ? get(job, 18, 2) : get(job, 18, 4);
  *height = (uint64_t)(tall < 0 ? -tall : tall);
  bmp->top_down = tall < 0;
  bmp->bits = get(job, header == 12 ? 24 : 28, 2);
  bmp->pixels = get(job, 10, 4);
  bmp->entry = header == 12 ? 3 : 4;
  bmp->palette = 14 + (size_t)header + (compression == 3 && header == 40 ? 12 : 0);
  bmp->palette_size = bmp->bits > 8 ? 0 : colours ? colours : (size_t)1 << bmp->bits;
  static const uint32_t plain[2][3] = {{0x7c00, 0x3e0, 0x1f}, {0xff0000, 0xff00, 0xff}};
  for (size_t c = 0; c < 3; c++) bmp->masks[c] = compression == 3 ? get(job, 54 + 4 * c, 4) : plain[bmp->bits == 32][c];
  bool known = bmp->bits == 1 || bmp->bits == 4 || bmp->bits == 8 || bmp->bits == 16 || bmp->bits == 24 || bmp->bits == 32;
  return known && (compression == 0 || (compression == 3 && (bmp->bits == 16 || bmp->bits == 32)));
}

bool ob_image_bmp(ob_image_job_t *job) {
  bmp_t bmp = {.job = job};
  uint64_t width, height;
  if (job->size < 26 || !read_header(&bmp, &width, &height)) return false;
  bmp.row = (size_t)((width * bmp.bits + 31) / 32 * 4);
  if (width > UINT32_MAX || bmp.pixels > job->size || (height > 0 && bmp.row > (job->size - bmp.pixels) / height)) return false;
  if (!ob_image_begin(job, width, height)) return false;
  for (size_t y = 0; y < job->height; y++)
    for (size_t x = 0; x < job->width; x++) put(&bmp, bmp.top_down ? y : job->height - 1 - y, x, job->pixels + 3 * (y * job->width + x));
  return true;
}
