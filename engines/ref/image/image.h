/* Decoding of images: the inside of ob_part_image.so, a library of its own, so that a machine without one of the libraries behind it
 * still has everything else. BMP and PNM are read here; the other forms need a library each, found when this is built. */
#ifndef OB_REF_IMAGE_IMAGE_H
#define OB_REF_IMAGE_IMAGE_H

#include "ref/image/part.h"

/* The file, and where its pixels go. */
typedef struct ob_image_job {
  const uint8_t *bytes;
  size_t size;
  ob_image_room_t room;
  void *arg;
  uint8_t *pixels; /* 3 bytes a pixel, rows from the top */
  size_t width, height;
} ob_image_job_t;

/* Asks for room; false when the size is out of bounds or there is none. */
bool ob_image_begin(ob_image_job_t *job, uint64_t width, uint64_t height);

/* Each: true when the picture is there. */
typedef bool ob_image_reader_t(ob_image_job_t *job);
ob_image_reader_t ob_image_bmp, ob_image_pnm, ob_image_jpeg, ob_image_png, ob_image_webp, ob_image_tiff, ob_image_jpeg2000;

#endif
