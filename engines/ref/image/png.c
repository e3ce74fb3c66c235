/* PNG by libpng: palettes, grey and 16 bits become 8-bit colours; alpha is left out. */
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "ref/image/image.h"

typedef struct source {
  ob_image_job_t *job;
  size_t at;
} source_t;

static void take(png_structp png, png_bytep out, size_t size) {
  source_t *source = png_get_io_ptr(png);
  if (size > source->job->size - source->at) png_error(png, "the end");
  memcpy(out, source->job->bytes + source->at, size);
  source->at += size;
}

static void leave(png_structp png, png_const_charp words) {
  (void)words;
  longjmp(png_jmpbuf(png), 1);
}
static void say_nothing(png_structp png, png_const_charp words) {
  (void)png;
  (void)words;
}

static bool read_rows(png_structp png, png_infop info, ob_image_job_t *job) {
  png_read_info(png, info);
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (!ob_image_begin(job, png_get_image_width(png, info), png_get_image_height(png, info))) return false;
  if (png_get_rowbytes(png, info) != 3 * job->width) return false;
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < job->height; y++) png_read_row(png, job->pixels + 3 * job->width * y, NULL);
  return true;
}

bool ob_image_png(ob_image_job_t *job) {
  source_t source = {job, 0};
  volatile bool done = false;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, leave, say_nothing);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (info && setjmp(png_jmpbuf(png)) == 0) {
    png_set_read_fn(png, &source, take);
    done = read_rows(png, info, job);
  }
  png_destroy_read_struct(&png, &info, NULL);
  return done;
}
