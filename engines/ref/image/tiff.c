/* TIFF by libtiff: the first picture of the file. */
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "ref/image/image.h"

typedef struct source {
  ob_image_job_t *job;
  uint64_t at;
} source_t;

static tmsize_t take(thandle_t handle, void *out, tmsize_t size) {
  source_t *source = handle;
  uint64_t left = source->at < source->job->size ? source->job->size - source->at : 0;
  if (size < 0) return -1;
  if ((uint64_t)size > left) size = (tmsize_t)left;
  if (size > 0) memcpy(out, source->job->bytes + source->at, (size_t)size);
  source->at += (uint64_t)size;
  return size;
}

static tmsize_t refuse(thandle_t handle, void *data, tmsize_t size) {
  (void)handle;
  (void)data;
  (void)size;
  return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  source_t *source = handle;
  source->at = whence == SEEK_SET ? offset : whence == SEEK_CUR ? source->at + offset : source->job->size + offset;
  return source->at;
}

static int close_source(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((source_t *)handle)->job->size; }

#if TIFFLIB_VERSION >= 20221213
/* Handled: the library's own handler, which prints, is not asked. */
static int say_nothing(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
  (void)tiff;
  (void)user;
  (void)module;
  (void)format;
  (void)values;
  return 1;
}
#endif

static TIFF *open_source(source_t *source) {
#if TIFFLIB_VERSION >= 20221213
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, say_nothing, NULL);
  TIFFOpenOptionsSetWarningHandlerExtR(options, say_nothing, NULL);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)1 << 30);
  TIFF *tiff = TIFFClientOpenExt("image", "rm", source, take, refuse, seek, close_source, size_of, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
#else
  TIFFSetErrorHandler(NULL); /* there are none of a file's own */
  TIFFSetWarningHandler(NULL);
  return TIFFClientOpen("image", "rm", source, take, refuse, seek, close_source, size_of, NULL, NULL);
#endif
}

static bool read_pixels(TIFF *tiff, ob_image_job_t *job) {
  uint32_t width = 0, height = 0;
  char words[1024];
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  if (!TIFFRGBAImageOK(tiff, words) || !ob_image_begin(job, width, height)) return false;
  uint32_t *colours = malloc(job->width * job->height * sizeof *colours);
  bool done = colours && TIFFReadRGBAImageOriented(tiff, width, height, colours, ORIENTATION_TOPLEFT, 1);
  for (size_t i = 0; done && i < job->width * job->height; i++) {
    job->pixels[3 * i] = (uint8_t)TIFFGetR(colours[i]);
    job->pixels[3 * i + 1] = (uint8_t)TIFFGetG(colours[i]);
    job->pixels[3 * i + 2] = (uint8_t)TIFFGetB(colours[i]);
  }
  free(colours);
  return done;
}

bool ob_image_tiff(ob_image_job_t *job) {
  source_t source = {job, 0};
  TIFF *tiff = open_source(&source);
  bool done = tiff && read_pixels(tiff, job);
  if (tiff) TIFFClose(tiff);
  return done;
}
