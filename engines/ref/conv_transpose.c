/* ConvTranspose: each input element adds its multiple of the kernel to the output; sums are in double. */
#include <string.h>

#include "ref/support/window.h"

typedef struct plan {
  ob_ref_window_t window; /* `in` and `out` as in the definition: in is the smaller side */
  size_t groups, in_channels, out_channels, in_size, out_size, kernel_size;
  double *image, *weights, *result;
} plan_t;

static size_t aligned(size_t doubles) { return (doubles + 7) / 8 * 8; }

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0], *w = setup->inputs[1], *y = setup->outputs[0];
  size_t offset;
  if (x->rank < 2 || y->rank < 2) return ob_fail(OB_INVALID_ARGUMENT, "input has rank %d, output %d", (int)x->rank, (int)y->rank);
  OB_TRY(ob_ref_reserve(setup, ob_ref_product(x->dims, 1, x->rank), sizeof(double), &offset));
  OB_TRY(ob_ref_reserve(setup, ob_tensor_count(w), sizeof(double), &offset));
  return ob_ref_reserve(setup, ob_ref_product(y->dims, 1, y->rank), sizeof(double), &offset);
}

/* Padding that gives the output its size, where the model states the size and not the padding. */
static ob_status_t pad_for_output(const ob_kernel_call_t *call, ob_ref_window_t *w) {
  const char *mode = ob_kernel_string(call, "auto_pad", "NOTSET");
  size_t shape_count, extra_count;
  const int64_t *extra = ob_kernel_ints(call, "output_padding", &extra_count);
  bool same = strncmp(mode, "SAME_", 5) == 0;
  bool stated = ob_kernel_ints(call, "output_shape", &shape_count) != NULL && shape_count > 0;
  if (extra_count != 0 && extra_count != (size_t)w->rank) return ob_fail(OB_INVALID_ARGUMENT, "output_padding has %zu entries", extra_count);
  for (int32_t i = 0; (stated || same) && i < w->rank; i++) {
    int64_t total = w->stride[i] * (w->in[i] - 1) + (extra_count ? extra[i] : 0) + (w->kernel[i] - 1) * w->dilation[i] + 1 - w->out[i];
    if (total < 0) total = 0;
    w->begin[i] = strcmp(mode, "SAME_UPPER") == 0 ? total / 2 : total - total / 2;
  }
  return OB_OK;
}

static ob_status_t begin(const ob_kernel_call_t *call, plan_t *p) {
  const ob_tensor_t *x = call->inputs[0], *w = call->inputs[1], *y = call->outputs[0];
  int64_t groups = ob_kernel_int(call, "group", 1);
  if (w->rank != x->rank) return ob_fail(OB_INVALID_ARGUMENT, "weights have rank %d, the input %d", (int)w->rank, (int)x->rank);
  OB_TRY(ob_ref_window(call, x, y, w->dims + 2, &p->window));
  OB_TRY(pad_for_output(call, &p->window));
  if (groups < 1 || w->dims[0] != x->dims[1] || w->dims[0] % groups != 0 || y->dims[0] != x->dims[0] || y->dims[1] != w->dims[1] * groups)
    return ob_fail(OB_INVALID_ARGUMENT, "%lld channels, weights for %lld in %lld groups, %lld outputs", (long long)x->dims[1],
                   (long long)w->dims[0], (long long)groups, (long long)y->dims[1]);
  p->groups = (size_t)groups;
  p->in_channels = (size_t)x->dims[1];
  p->out_channels = (size_t)y->dims[1];
  p->in_size = ob_ref_product(x->dims, 2, x->rank);
  p->out_size = ob_ref_product(y->dims, 2, y->rank);
  p->kernel_size = ob_ref_product(w->dims, 2, w->rank);
  p->image = call->scratch;
  p->weights = p->image + aligned(p->in_channels * p->in_size);
  p->result = p->weights + aligned(ob_tensor_count(w));
  return OB_OK;
}

/* Adds weight * image, shifted by kernel element `k`, to one output channel. */
static void add_kernel_element(const ob_ref_window_t *w, const int64_t *k, double weight, const double *image, double *result) {
  int64_t i[OB_MAX_RANK] = {0};
  do {
    int64_t at = 0;
    bool inside = true;
    for (int32_t a = 0; a < w->rank; a++) { /* the window's own arithmetic, with input and output changing places */
      int64_t o = ob_ref_window_at(w, a, i[a], k[a]);
      inside = inside && o >= 0 && o < w->out[a];
      at = at * w->out[a] + o;
    }
    if (inside) result[at] += weight * *image;
    image++;
  } while (ob_ref_next(w->rank, w->in, i));
}

static void add_channels(void *arg, size_t first, size_t last) {
  const plan_t *p = arg;
  size_t in = p->in_channels / p->groups, out = p->out_channels / p->groups;
  for (size_t m = first; m < last; m++) {
    double *result = p->result + m * p->out_size;
    memset(result, 0, p->out_size * sizeof *result);
    for (size_t c = m / out * in; c < (m / out + 1) * in; c++) {
      const double *weight = p->weights + (c * out + m % out) * p->kernel_size;
      int64_t k[OB_MAX_RANK] = {0};
      do add_kernel_element(&p->window, k, *weight++, p->image + c * p->in_size, result);
      while (ob_ref_next(p->window.rank, p->window.kernel, k));
    }
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *w = call->inputs[1], *bias = ob_ref_input(call, 2);
  ob_tensor_t *y = call->outputs[0];
  plan_t p;
  OB_TRY(begin(call, &p));
  if (bias && ob_tensor_count(bias) != p.out_channels)
    return ob_fail(OB_INVALID_ARGUMENT, "the bias has %zu elements for %zu channels", ob_tensor_count(bias), p.out_channels);
  if (p.kernel_size == 0 || p.in_size == 0) return ob_fail(OB_INVALID_ARGUMENT, "an empty kernel or image");
  ob_ref_load(w->dtype, w->data, 0, 1, ob_tensor_count(w), p.weights);
  for (size_t n = 0; n < (size_t)x->dims[0]; n++) {
    OB_TRY(ob_kernel_poll(call));
    ob_ref_load(x->dtype, x->data, n * p.in_channels * p.in_size, 1, p.in_channels * p.in_size, p.image);
    call->host->parallel_for(call->threads, p.out_channels, 1, add_channels, &p);
    for (size_t m = 0; m < p.out_channels; m++) {
      double offset = bias ? ob_ref_get(bias->dtype, bias->data, m) : 0;
      for (size_t i = 0; i < p.out_size; i++) p.result[m * p.out_size + i] += offset;
    }
    ob_ref_store(y->dtype, y->data, n * p.out_channels * p.out_size, p.out_channels * p.out_size, p.result);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_ConvTranspose = {.op = "ConvTranspose", .domain = "", .prepare = prepare, .run = run};
