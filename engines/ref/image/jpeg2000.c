/* JPEG 2000 by OpenJPEG: files (JP2) and bare codestreams. */
#include <string.h>

#include <openjpeg.h>

#include "ref/image/image.h"

typedef struct source {
  ob_image_job_t *job;
  size_t at;
} source_t;

static OPJ_SIZE_T take(void *out, OPJ_SIZE_T size, void *user) {
  source_t *source = user;
  size_t left = source->job->size - source->at;
  if (left == 0) return (OPJ_SIZE_T)-1;
  if (size > left) size = left;
  memcpy(out, source->job->bytes + source->at, size);
  source->at += size;
  return size;
}

static OPJ_BOOL seek(OPJ_OFF_T to, void *user) {
  source_t *source = user;
  if (to < 0 || (uint64_t)to > source->job->size) return OPJ_FALSE;
  source->at = (size_t)to;
  return OPJ_TRUE;
}

static OPJ_OFF_T skip(OPJ_OFF_T by, void *user) {
  source_t *source = user;
  if (by < 0 || (uint64_t)by > source->job->size - source->at) return -1;
  source->at += (size_t)by;
  return by;
}

/* Element of a component, which may be of lower resolution, as 0..255. */
static uint8_t element(const opj_image_t *image, size_t c, size_t x, size_t y) {
  const opj_image_comp_t *component = &image->comps[c];
  size_t column = x * component->w / image->comps[0].w, row = y * component->h / image->comps[0].h;
  int64_t value = component->data[row * component->w + column];
  if (component->sgnd) value += INT64_C(1) << (component->prec - 1);
  value = component->prec > 8 ? value >> (component->prec - 8) : value * 255 / ((INT64_C(1) << component->prec) - 1);
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static bool copy_pixels(const opj_image_t *image, ob_image_job_t *job) {
  bool grey = image->numcomps < 3;
  for (size_t c = 0; c < (grey ? 1 : 3); c++)
    if (image->numcomps == 0 || !image->comps[c].data || image->comps[c].w == 0 || image->comps[c].h == 0 || image->comps[c].prec < 1 ||
        image->comps[c].prec > 31)
      return false;
  if (!ob_image_begin(job, image->comps[0].w, image->comps[0].h)) return false;
  for (size_t y = 0; y < job->height; y++)
    for (size_t x = 0; x < job->width; x++)
      for (size_t c = 0; c < 3; c++) job->pixels[3 * (y * job->width + x) + c] = element(image, grey ? 0 : c, x, y);
  return true;
}

/* What the header says must be bounded before the library makes room for it. */
static bool is_sane(const opj_image_t *image) {
  return image->x1 > image->x0 && image->y1 > image->y0 && image->numcomps <= 4 &&
         (uint64_t)(image->x1 - image->x0) * (image->y1 - image->y0) <= UINT64_C(1) << 27;
}

static bool read_image(opj_codec_t *codec, opj_stream_t *stream, ob_image_job_t *job) {
  opj_dparameters_t parameters;
  opj_image_t *image = NULL;
  opj_set_default_decoder_parameters(&parameters);
  bool done = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image) && is_sane(image) &&
              opj_decode(codec, stream, image) && copy_pixels(image, job);
  opj_image_destroy(image);
  return done;
}

bool ob_image_jpeg2000(ob_image_job_t *job) {
  source_t source = {job, 0};
  opj_codec_t *codec = opj_create_decompress(job->bytes[0] == 0xff ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
  bool done = false;
  if (codec && stream) {
    opj_stream_set_user_data(stream, &source, NULL);
    opj_stream_set_user_data_length(stream, job->size);
    opj_stream_set_read_function(stream, take);
    opj_stream_set_seek_function(stream, seek);
    opj_stream_set_skip_function(stream, skip);
    done = read_image(codec, stream, job);
  }
  if (stream) opj_stream_destroy(stream);
  if (codec) opj_destroy_codec(codec);
  return done;
}
