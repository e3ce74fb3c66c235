/* WebP by libwebp. */
#include <webp/decode.h>

#include "ref/image/image.h"

bool ob_image_webp(ob_image_job_t *job) {
  int width, height;
  if (!WebPGetInfo(job->bytes, job->size, &width, &height) || width < 1 || height < 1) return false;
  if (!ob_image_begin(job, (uint64_t)width, (uint64_t)height) || job->width > INT32_MAX / 3) return false;
  return WebPDecodeRGBInto(job->bytes, job->size, job->pixels, 3 * job->width * job->height, width * 3) != NULL;
}
