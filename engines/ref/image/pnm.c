/* PBM, PGM and PPM, as text (P1 to P3) or bytes (P4 to P6). */
#include "ref/image/image.h"

typedef struct pnm {
  const ob_image_job_t *job;
  size_t at;
} pnm_t;

static int peek(const pnm_t *p) { return p->at < p->job->size ? p->job->bytes[p->at] : -1; }
static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void skip(pnm_t *p) {
  while (is_space(peek(p)) || peek(p) == '#')
    if (peek(p) == '#')
      while (peek(p) >= 0 && peek(p) != '\n') p->at++;
    else
      p->at++;
}

static bool number(pnm_t *p, uint32_t *value) {
  skip(p);
  if (peek(p) < '0' || peek(p) > '9') return false;
  for (*value = 0; peek(p) >= '0' && peek(p) <= '9'; p->at++) {
    if (*value > 100000000) return false;
    *value = *value * 10 + (uint32_t)(peek(p) - '0');
  }
  return true;
}

/* The next sample as 0..255. */
static bool sample(pnm_t *p, bool text, uint32_t most, uint8_t *out) {
  uint32_t value;
  if (text) {
    if (!number(p, &value)) return false;
  } else {
    size_t bytes = most > 255 ? 2 : 1;
    if (p->job->size - p->at < bytes) return false;
    value = p->job->bytes[p->at++];
    if (bytes == 2) value = value << 8 | p->job->bytes[p->at++];
  }
  if (value > most) value = most;
  *out = (uint8_t)(((uint64_t)value * 255 + most / 2) / most);
  return true;
}

/* P1: digits, perhaps without spaces; P4: bits, rows begin at bytes. 1 is black. */
static bool read_bits(pnm_t *p, ob_image_job_t *job, bool text) {
  size_t row = (job->width + 7) / 8;
  if (!text && job->height > (job->size - p->at) / row) return false;
  for (size_t y = 0; y < job->height; y++)
    for (size_t x = 0; x < job->width; x++) {
      bool black;
      if (text) skip(p);
      if (text && peek(p) != '0' && peek(p) != '1') return false;
      black = text ? job->bytes[p->at++] == '1' : job->bytes[p->at + y * row + x / 8] >> (7 - x % 8) & 1;
      for (size_t c = 0; c < 3; c++) job->pixels[3 * (y * job->width + x) + c] = black ? 0 : 255;
    }
  return true;
}

bool ob_image_pnm(ob_image_job_t *job) {
  pnm_t p = {job, 2};
  uint32_t width, height, most = 1;
  int kind = job->bytes[1] - '0';
  bool text = kind <= 3, bits = kind == 1 || kind == 4, grey = kind == 2 || kind == 5;
  if (!number(&p, &width) || !number(&p, &height) || (!bits && !number(&p, &most)) || most == 0 || most > 65535) return false;
  if (!text && !is_space(peek(&p))) return false;
  p.at += !text;
  /* a pixel takes a bit at least, so that a small file can't ask for much */
  if ((uint64_t)width * height / 8 > job->size - p.at || !ob_image_begin(job, width, height)) return false;
  if (bits) return read_bits(&p, job, text);
  for (size_t i = 0; i < job->width * job->height; i++) {
    uint8_t *out = job->pixels + 3 * i;
    for (size_t c = 0; c < 3; c++)
      if (grey && c > 0)
        out[c] = out[0];
      else if (!sample(&p, text, most, &out[c]))
        return false;
  }
  return true;
}
