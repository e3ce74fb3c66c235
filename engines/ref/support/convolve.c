/* Convolution of doubles with the plain loops; the innermost runs over a row of the output. */
#include "ref/support/convolve.h"

#include <string.h>

ob_status_t ob_ref_convolution_prepare(ob_kernel_setup_t *setup, size_t x, size_t w) {
  const ob_tensor_t *input = setup->inputs[x], *weights = setup->inputs[w], *output = setup->outputs[0];
  size_t offset;
  if (input->rank < 2 || output->rank < 2) return ob_fail(OB_INVALID_ARGUMENT, "input has rank %d, output %d", (int)input->rank, (int)output->rank);
  OB_TRY(ob_ref_reserve(setup, ob_ref_product(input->dims, 1, input->rank), sizeof(double), &offset));
  OB_TRY(ob_ref_reserve(setup, ob_tensor_count(weights), sizeof(double), &offset));
  return ob_ref_reserve(setup, ob_ref_product(output->dims, 1, output->rank), sizeof(double), &offset);
}

static size_t aligned(size_t doubles) { return (doubles + 7) / 8 * 8; } /* as ob_ref_reserve does */

ob_status_t ob_ref_convolution_begin(const ob_kernel_call_t *call, const ob_tensor_t *x, const ob_tensor_t *w, ob_ref_convolution_t *c) {
  const ob_tensor_t *y = call->outputs[0];
  int64_t groups = ob_kernel_int(call, "group", 1);
  memset(c, 0, sizeof *c);
  if (w->rank != x->rank) return ob_fail(OB_INVALID_ARGUMENT, "weights have rank %d, the input %d", (int)w->rank, (int)x->rank);
  OB_TRY(ob_ref_window(call, x, y, w->dims + 2, &c->window));
  if (groups < 1 || x->dims[1] != w->dims[1] * groups || w->dims[0] % groups != 0 || y->dims[0] != x->dims[0] || y->dims[1] != w->dims[0])
    return ob_fail(OB_INVALID_ARGUMENT, "%lld channels, weights for %lld in %lld groups, %lld outputs", (long long)x->dims[1],
                   (long long)w->dims[1], (long long)groups, (long long)w->dims[0]);
  /* last axes of one element change nothing; without them the innermost loop has a row to run over */
  ob_ref_window_t *last = &c->window;
  while (last->rank > 1 && last->in[last->rank - 1] == 1 && last->out[last->rank - 1] == 1 && last->kernel[last->rank - 1] == 1 &&
         last->begin[last->rank - 1] == 0)
    last->rank--;
  c->batch = (size_t)x->dims[0];
  c->groups = (size_t)groups;
  c->in_channels = (size_t)x->dims[1];
  c->out_channels = (size_t)w->dims[0];
  c->in_size = ob_ref_product(x->dims, 2, x->rank);
  c->out_size = ob_ref_product(y->dims, 2, y->rank);
  c->kernel_size = ob_ref_product(w->dims, 2, w->rank);
  c->image = call->scratch;
  c->weights = c->image + aligned(c->in_channels * c->in_size);
  c->result = c->weights + aligned(ob_tensor_count(w));
  return OB_OK;
}

ob_status_t ob_ref_convolution_image(const ob_ref_convolution_t *c, const ob_tensor_t *x, size_t n, const ob_tensor_t *zero) {
  size_t count = c->in_channels * c->in_size;
  if (zero && ob_tensor_count(zero) != 1) return ob_fail(OB_INVALID_ARGUMENT, "%zu zero points for the input", ob_tensor_count(zero));
  ob_ref_load(x->dtype, x->data, n * count, 1, count, c->image);
  double minus = zero ? ob_ref_get(zero->dtype, zero->data, 0) : 0;
  for (size_t i = 0; zero && i < count; i++) c->image[i] -= minus;
  return OB_OK;
}

ob_status_t ob_ref_convolution_weights(const ob_ref_convolution_t *c, const ob_tensor_t *w, const ob_tensor_t *zero) {
  size_t count = ob_tensor_count(w), zeros = zero ? ob_tensor_count(zero) : 0;
  if (zeros > 1 && zeros != c->out_channels) return ob_fail(OB_INVALID_ARGUMENT, "%zu zero points for %zu channels", zeros, c->out_channels);
  ob_ref_load(w->dtype, w->data, 0, 1, count, c->weights);
  for (size_t i = 0; zeros > 0 && i < count; i++)
    c->weights[i] -= ob_ref_get(zero->dtype, zero->data, zeros == 1 ? 0 : i / (count / c->out_channels));
  return OB_OK;
}

/* Smallest and one past the largest output index of the last axis whose input index, from + o * stride, is inside. */
static void row_bounds(int64_t from, int64_t stride, int64_t in, int64_t out, int64_t *low, int64_t *high) {
  *low = from < 0 ? (-from + stride - 1) / stride : 0;
  *high = from >= in ? 0 : (in - 1 - from) / stride + 1;
  if (*high > out) *high = out;
}

/* Adds weight * (the image seen through kernel element `k`) to one output channel. */
static void add_kernel_element(const ob_ref_window_t *w, const int64_t *k, double weight, const double *image, double *result) {
  int32_t last = w->rank - 1;
  int64_t o[OB_MAX_RANK] = {0}, low, high, row = last < 0 ? 1 : w->out[last], width = last < 0 ? 1 : w->in[last];
  int64_t from = last < 0 ? 0 : ob_ref_window_at(w, last, 0, k[last]), stride = last < 0 ? 1 : w->stride[last];
  row_bounds(from, stride, width, row, &low, &high);
  do {
    int64_t line = 0;
    bool inside = true;
    for (int32_t i = 0; i < last; i++) {
      int64_t at = ob_ref_window_at(w, i, o[i], k[i]);
      inside = inside && at >= 0 && at < w->in[i];
      line = line * w->in[i] + at;
    }
    if (inside) {
      const double *source = image + line * width;
      for (int64_t i = low; i < high; i++) result[i] += weight * source[from + i * stride];
    }
    result += row;
  } while (ob_ref_next(last, w->out, o));
}

static void convolve_channels(void *arg, size_t begin, size_t end) {
  const ob_ref_convolution_t *c = arg;
  size_t in = c->in_channels / c->groups, out = c->out_channels / c->groups;
  for (size_t m = begin; m < end; m++) {
    const double *image = c->image + m / out * in * c->in_size, *weight = c->weights + m * in * c->kernel_size;
    double *result = c->result + m * c->out_size;
    for (size_t i = 0; i < c->out_size; i++) result[i] = 0;
    for (size_t i = 0; c->in_size > 0 && c->kernel_size > 0 && i < in; i++) {
      int64_t k[OB_MAX_RANK] = {0};
      do add_kernel_element(&c->window, k, *weight++, image + i * c->in_size, result);
      while (ob_ref_next(c->window.rank, c->window.kernel, k));
    }
  }
}

ob_status_t ob_ref_convolve(const ob_kernel_call_t *call, ob_ref_convolution_t *c) {
  OB_TRY(ob_kernel_poll(call));
  call->host->parallel_for(call->threads, c->out_channels, 1, convolve_channels, c);
  return OB_OK;
}
