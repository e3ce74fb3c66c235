/* Finds out what form an image has and reads it. */
#include <string.h>

#include "ref/image/image.h"

/* What Pillow takes for an attack. */
#define MOST_PIXELS (UINT64_C(1) << 27)

bool ob_image_begin(ob_image_job_t *job, uint64_t width, uint64_t height) {
  if (width == 0 || height == 0 || width > MOST_PIXELS || height > MOST_PIXELS / width) return false;
  job->width = (size_t)width;
  job->height = (size_t)height;
  job->pixels = job->room(job->arg, job->width, job->height);
  return job->pixels != NULL;
}

static bool starts(const ob_image_job_t *job, size_t at, const char *magic, size_t size) {
  return job->size >= at + size && memcmp(job->bytes + at, magic, size) == 0;
}

static bool is_bmp(const ob_image_job_t *job) { return starts(job, 0, "BM", 2); }
static bool is_pnm(const ob_image_job_t *job) { return job->size > 2 && job->bytes[0] == 'P' && job->bytes[1] >= '1' && job->bytes[1] <= '6'; }
static bool is_jpeg(const ob_image_job_t *job) { return starts(job, 0, "\xff\xd8\xff", 3); }
static bool is_png(const ob_image_job_t *job) { return starts(job, 0, "\x89PNG\r\n\x1a\n", 8); }
static bool is_webp(const ob_image_job_t *job) { return starts(job, 0, "RIFF", 4) && starts(job, 8, "WEBP", 4); }
static bool is_tiff(const ob_image_job_t *job) {
  return starts(job, 0, "II*\0", 4) || starts(job, 0, "MM\0*", 4) || starts(job, 0, "II+\0", 4) || starts(job, 0, "MM\0+", 4);
}
static bool is_jpeg2000(const ob_image_job_t *job) {
  return starts(job, 0, "\0\0\0\x0cjP  \r\n\x87\n", 12) || starts(job, 0, "\xff\x4f\xff\x51", 4);
}

static const struct {
  bool (*is)(const ob_image_job_t *job);
  ob_image_reader_t *read; /* NULL: not in this build */
  const char *missing;
} forms[] = {
    {is_bmp, ob_image_bmp, NULL},
    {is_pnm, ob_image_pnm, NULL},
#ifdef OB_IMAGE_JPEG
    {is_jpeg, ob_image_jpeg, NULL},
#else
    {is_jpeg, NULL, "JPEG was left out of this build: libjpeg-turbo was not installed (apt install libjpeg62-turbo-dev)"},
#endif
#ifdef OB_IMAGE_PNG
    {is_png, ob_image_png, NULL},
#else
    {is_png, NULL, "PNG was left out of this build: libpng was not installed (apt install libpng-dev)"},
#endif
#ifdef OB_IMAGE_WEBP
    {is_webp, ob_image_webp, NULL},
#else
    {is_webp, NULL, "WebP was left out of this build: libwebp was not installed (apt install libwebp-dev)"},
#endif
#ifdef OB_IMAGE_TIFF
    {is_tiff, ob_image_tiff, NULL},
#else
    {is_tiff, NULL, "TIFF was left out of this build: libtiff was not installed (apt install libtiff-dev)"},
#endif
#ifdef OB_IMAGE_JPEG2000
    {is_jpeg2000, ob_image_jpeg2000, NULL},
#else
    {is_jpeg2000, NULL, "JPEG 2000 was left out of this build: OpenJPEG was not installed (apt install libopenjp2-7-dev)"},
#endif
};

static ob_image_result_t decode(const uint8_t *bytes, size_t size, ob_image_room_t room, void *arg, const char **reason) {
  ob_image_job_t job = {.bytes = bytes, .size = size, .room = room, .arg = arg};
  *reason = "";
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (!forms[i].is(&job)) continue;
    if (forms[i].read) return forms[i].read(&job) ? OB_IMAGE_DONE : OB_IMAGE_BROKEN;
    *reason = forms[i].missing;
    return OB_IMAGE_MISSING;
  }
  return OB_IMAGE_BROKEN;
}

extern const ob_image_part_t ob_image_part;
__attribute__((visibility("default"))) const ob_image_part_t ob_image_part = {.version = OB_IMAGE_PART, .decode = decode, .formats = OB_IMAGE_FORMATS};
