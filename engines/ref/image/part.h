/* The border between ref and ob_part_image.so. */
#ifndef OB_REF_IMAGE_PART_H
#define OB_REF_IMAGE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OB_IMAGE_PART 1 /* version of this border */

typedef enum ob_image_result {
  OB_IMAGE_DONE,
  OB_IMAGE_BROKEN, /* no form that is known, or damaged */
  OB_IMAGE_MISSING /* the library for the form was not there when this was built: *reason says so */
} ob_image_result_t;

/* Gives room for width * height * 3 bytes; NULL: there is none. */
typedef uint8_t *(*ob_image_room_t)(void *arg, size_t width, size_t height);
typedef ob_image_result_t (*ob_image_decode_t)(const uint8_t *bytes, size_t size, ob_image_room_t room, void *arg, const char **reason);

/* What the library exports under the name "ob_image_part". */
typedef struct ob_image_part {
  uint32_t version;
  ob_image_decode_t decode;
  const char *formats; /* "BMP, PNM, JPEG" */
} ob_image_part_t;

#endif
