/* ImageDecoder: the pixels of a file, by ob_part_image.so, which lies next to this library. What can't be decoded gives an empty
 * matrix, as ONNX says. */
#include <stdio.h>
#include <threads.h>

#include "ref/image/part.h"
#include "ref/support/element.h"
#include "ref/support/part.h"

static const ob_image_part_t *part;
static char missing[600];
static once_flag once = ONCE_FLAG_INIT;

static void find_part(void) { part = ob_ref_part("ImageDecoder", "ob_part_image.so", "ob_image_part", OB_IMAGE_PART, missing, sizeof missing); }

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t reason_size) {
  (void)region;
  (void)node;
  call_once(&once, find_part);
  if (!part) snprintf(reason, reason_size, "%s", missing);
  return part != NULL;
}

/* A picture as it comes: three channels. */
typedef struct picture {
  const ob_kernel_call_t *call;
  uint8_t *pixels;
  size_t width, height;
  ob_status_t status;
} picture_t;

static uint8_t *make_room(void *arg, size_t width, size_t height) {
  picture_t *picture = arg;
  picture->width = width;
  picture->height = height;
  picture->status = ob_kernel_memory(picture->call, 3 * width * height, (void **)&picture->pixels);
  return picture->status == OB_OK ? picture->pixels : NULL;
}

/* ITU-R 601, in the integers that Pillow and OpenCV compute with. */
static uint8_t grey(const uint8_t *p) { return (uint8_t)((p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16); }

static ob_status_t give(const picture_t *picture, const char *format) {
  const ob_kernel_call_t *call = picture->call;
  size_t channels = format[0] == 'G' ? 1 : 3, count = picture->width * picture->height;
  OB_TRY(ob_kernel_allocate(call, 0, 3, (const int64_t[]){(int64_t)picture->height, (int64_t)picture->width, (int64_t)channels}));
  uint8_t *out = call->outputs[0]->data;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *pixel = picture->pixels + 3 * i;
    if (channels == 1) out[i] = grey(pixel);
    for (size_t c = 0; channels == 3 && c < 3; c++) out[3 * i + c] = pixel[format[0] == 'B' ? 2 - c : c];
  }
  return OB_OK;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  picture_t picture = {.call = call};
  const char *reason, *format = ob_kernel_string(call, "pixel_format", "RGB");
  call_once(&once, find_part);
  if (!part) return ob_fail(OB_UNSUPPORTED, "%s", missing);
  ob_image_result_t result = part->decode(x->data, ob_tensor_count(x), make_room, &picture, &reason);
  OB_TRY(picture.status);
  if (result == OB_IMAGE_MISSING) return ob_fail(OB_UNSUPPORTED, "%s", reason);
  if (result != OB_IMAGE_DONE) picture.width = picture.height = 0;
  return give(&picture, format);
}

const ob_kernel_t ob_ref_ImageDecoder = {.op = "ImageDecoder", .domain = "", .supports = supports, .run = run};
