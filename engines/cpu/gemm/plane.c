/* Padded planes: see plane.h. */
#include "cpu/gemm/plane.h"

ob_status_t ob_padded_plan(ob_arena_t *arena, const ob_conv_t *c, ob_padded_t *padded) {
  size_t floats = 1, t = 0;
  for (int i = 0; i < 3; i++) {
    padded->dims[i] = c->out[i] == 0 ? 0 : (c->out[i] - 1) * (size_t)c->stride[i] + (c->kernel[i] - 1) * (size_t)c->dilation[i] + 1;
    if (i == 2) padded->dims[i] = (padded->dims[i] + 15) / 16 * 16;
    if (!ob_mul_size(floats, padded->dims[i], &floats)) return ob_fail_memory();
  }
  const bool dense = c->kernel[0] == 1 && c->kernel[1] == c->kernel[2] && c->dilation[1] == 1 && c->dilation[2] == 1 && c->stride[1] == c->stride[2];
  padded->window = dense ? c->kernel[1] : 0;
  if (!ob_add_size(floats, (OB_PLANE_SLACK + 1) * (size_t)c->stride[2], &floats) || !ob_mul_size(floats, sizeof(float), &floats) ||
      !ob_align_size(floats, 64, &padded->bytes))
    return ob_fail_memory();
  OB_TRY(OB_ARENA_ARRAY(arena, c->taps, &padded->taps));
  for (size_t z = 0; z < c->kernel[0]; z++)
    for (size_t y = 0; y < c->kernel[1]; y++)
      for (size_t x = 0; x < c->kernel[2]; x++)
        padded->taps[t++] = (z * (size_t)c->dilation[0] * padded->dims[1] + y * (size_t)c->dilation[1]) * padded->dims[2] + x * (size_t)c->dilation[2];
  return OB_OK;
}

/* What of [0, size) an axis with `pad` before it shows in `all` places: the rest is padding. */
static size_t visible(size_t size, int64_t pad, size_t all) {
  const size_t before = (size_t)pad < all ? (size_t)pad : all;
  return all - before < size ? all - before : size;
}

void ob_padded_fill(const ob_conv_t *c, const ob_padded_t *padded, const float *x, float value, float *to) {
  const ob_isa_t *isa = ob_cpu_isa();
  const size_t width = padded->dims[2], n = visible(c->in[2], c->pad[2], width), rows = visible(c->in[1], c->pad[1], padded->dims[1]);
  const size_t before = width < (size_t)c->pad[2] ? width : (size_t)c->pad[2], above = padded->dims[1] < (size_t)c->pad[1] ? padded->dims[1] : (size_t)c->pad[1];
  for (size_t z = 0; z < padded->dims[0]; z++, to += padded->dims[1] * width) {
    const int64_t in_z = (int64_t)z - c->pad[0];
    if (in_z < 0 || in_z >= (int64_t)c->in[0]) {
      isa->pad_rows(NULL, 1, 0, to, 0, padded->dims[1] * width, value);
      continue;
    }
    isa->pad_rows(NULL, 1, 0, to, 0, above * width, value);
    if (n == c->in[2]) {
      isa->pad_rows(x + (size_t)in_z * c->in[1] * c->in[2], rows, n, to + above * width, before, width, value);
    } else { /* the windows do not reach the ends of the rows */
      for (size_t y = 0; y < rows; y++)
        isa->pad_rows(x + ((size_t)in_z * c->in[1] + y) * c->in[2], 1, n, to + (above + y) * width, before, width, value);
    }
    isa->pad_rows(NULL, 1, 0, to + (above + rows) * width, 0, (padded->dims[1] - above - rows) * width, value);
  }
  isa->pad_rows(NULL, 1, 0, to, 0, (size_t)c->stride[2], value);
}

void ob_padded_run(const ob_conv_t *c, const ob_padded_t *padded, const float *from, float *y, void (*loop)(const ob_plane_t *), ob_plane_t plane) {
  plane.taps = padded->taps;
  plane.tap_count = c->taps;
  plane.rows = c->out[1];
  plane.columns = c->out[2];
  plane.row_step = (size_t)c->stride[1] * padded->dims[2];
  plane.stride = (size_t)c->stride[2];
  plane.pitch = padded->dims[2];
  plane.window = padded->window;
  for (size_t z = 0; z < c->out[0]; z++) {
    plane.x = from + z * (size_t)c->stride[0] * padded->dims[1] * padded->dims[2];
    plane.y = y + z * c->out[1] * c->out[2];
    loop(&plane);
  }
}
