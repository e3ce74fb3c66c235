/* JPEG by libjpeg-turbo, chroma upsampled smoothly as ONNX asks for. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "ref/image/image.h"

typedef struct failure {
  struct jpeg_error_mgr manager;
  jmp_buf back;
} failure_t;

static void leave(j_common_ptr info) { longjmp(((failure_t *)(void *)info->err)->back, 1); }
static void say_nothing(j_common_ptr info, int level) {
  (void)info;
  (void)level;
}

/* Inks of Adobe's are inverted: what is left of the light is the product. */
static void from_inks(uint8_t *row, const uint8_t *inks, size_t width) {
  for (size_t x = 0; x < width; x++)
    for (size_t c = 0; c < 3; c++) row[3 * x + c] = (uint8_t)((inks[4 * x + c] * inks[4 * x + 3] + 127) / 255);
}

static bool read_rows(struct jpeg_decompress_struct *info, ob_image_job_t *job, uint8_t *volatile *inks) {
  jpeg_mem_src(info, job->bytes, (unsigned long)job->size);
  jpeg_read_header(info, TRUE);
  bool four = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = four ? JCS_CMYK : JCS_RGB;
  if (!ob_image_begin(job, info->image_width, info->image_height)) return false;
  if (four && !(*inks = malloc(4 * job->width))) return false;
  jpeg_start_decompress(info);
  while (info->output_scanline < info->output_height) {
    uint8_t *row = job->pixels + 3 * job->width * info->output_scanline, *target = four ? *inks : row;
    if (jpeg_read_scanlines(info, &target, 1) != 1) return false;
    if (four) from_inks(row, *inks, job->width);
  }
  jpeg_finish_decompress(info);
  return true;
}

bool ob_image_jpeg(ob_image_job_t *job) {
  struct jpeg_decompress_struct info;
  failure_t failure;
  uint8_t *volatile inks = NULL;
  volatile bool done = false;
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = leave;
  failure.manager.emit_message = say_nothing;
  jpeg_create_decompress(&info);
  if (setjmp(failure.back) == 0) done = read_rows(&info, job, &inks);
  jpeg_destroy_decompress(&info);
  free(inks);
  return done;
}
