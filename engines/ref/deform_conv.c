/* DeformConv: convolution whose kernel elements read beside their places, by offsets that are data; linear between pixels. */
#include "ref/support/sample.h"
#include "ref/support/window.h"

typedef struct deform {
  const ob_tensor_t *x, *w, *offsets, *bias, *mask;
  ob_ref_window_t window;
  ob_ref_sampler_t sampler;
  size_t groups, offset_groups, in, out, kernel, points, size; /* in, out: channels; kernel, points, size: elements */
} deform_t;

static ob_status_t begin(const ob_kernel_call_t *call, deform_t *d) {
  int64_t groups = ob_kernel_int(call, "group", 1), offset_groups = ob_kernel_int(call, "offset_group", 1);
  const ob_tensor_t *x = call->inputs[0], *w = call->inputs[1], *y = call->outputs[0];
  *d = (deform_t){.x = x, .w = w, .offsets = call->inputs[2], .bias = ob_ref_input(call, 3), .mask = ob_ref_input(call, 4)};
  if (w->rank != x->rank || x->rank < 3) return ob_fail(OB_INVALID_ARGUMENT, "weights have rank %d, the input %d", (int)w->rank, (int)x->rank);
  OB_TRY(ob_ref_window(call, x, y, w->dims + 2, &d->window));
  if (groups < 1 || offset_groups < 1 || x->dims[1] != w->dims[1] * groups || w->dims[0] % groups != 0 || x->dims[1] % offset_groups != 0 ||
      y->dims[1] != w->dims[0] || y->dims[0] != x->dims[0])
    return ob_fail(OB_INVALID_ARGUMENT, "channels, groups and offset groups do not fit");
  d->groups = (size_t)groups;
  d->offset_groups = (size_t)offset_groups;
  d->in = (size_t)x->dims[1];
  d->out = (size_t)w->dims[0];
  d->size = ob_ref_product(x->dims, 2, x->rank);
  d->kernel = ob_ref_product(w->dims, 2, w->rank);
  d->points = ob_ref_product(y->dims, 2, y->rank);
  size_t places = (size_t)x->dims[0] * d->offset_groups * d->kernel * d->points;
  if (ob_tensor_count(d->offsets) != places * (size_t)d->window.rank || (d->mask && ob_tensor_count(d->mask) != places) ||
      (d->bias && ob_tensor_count(d->bias) != d->out))
    return ob_fail(OB_INVALID_ARGUMENT, "offset, mask or bias do not fit");
  d->sampler = (ob_ref_sampler_t){.image = x, .rank = d->window.rank, .dims = x->dims + 2, .mode = OB_REF_SAMPLE_LINEAR, .align_corners = true};
  return OB_OK;
}

/* What kernel element `k` (number `number`) of input channel c sees from output point o. */
static double look(const deform_t *d, size_t n, size_t c, const int64_t *k, size_t number, const int64_t *o, size_t point) {
  double place[OB_MAX_RANK];
  size_t group = c / (d->in / d->offset_groups), slot = (n * d->offset_groups + group) * d->kernel + number, rank = (size_t)d->window.rank;
  for (int32_t i = 0; i < d->window.rank; i++)
    place[i] = (double)ob_ref_window_at(&d->window, i, o[i], k[i]) +
               ob_ref_get(d->offsets->dtype, d->offsets->data, (slot * rank + (size_t)i) * d->points + point);
  double value = ob_ref_sample(&d->sampler, (n * d->in + c) * d->size, place);
  return d->mask ? value * ob_ref_get(d->mask->dtype, d->mask->data, slot * d->points + point) : value;
}

static double one_output(const deform_t *d, size_t n, size_t m, const int64_t *o, size_t point) {
  size_t in = d->in / d->groups, first = m / (d->out / d->groups) * in;
  double sum = d->bias ? ob_ref_get(d->bias->dtype, d->bias->data, m) : 0;
  for (size_t c = 0; c < in; c++) {
    int64_t k[OB_MAX_RANK] = {0};
    size_t number = 0;
    do {
      double weight = ob_ref_get(d->w->dtype, d->w->data, (m * in + c) * d->kernel + number);
      sum += weight * look(d, n, first + c, k, number, o, point);
      number++;
    } while (ob_ref_next(d->window.rank, d->window.kernel, k));
  }
  return sum;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  deform_t d;
  ob_tensor_t *y = call->outputs[0];
  OB_TRY(begin(call, &d));
  if (ob_tensor_count(y) == 0) return OB_OK;
  if (d.kernel == 0) return ob_fail(OB_INVALID_ARGUMENT, "an empty kernel");
  for (size_t row = 0; row < (size_t)y->dims[0] * d.out; row++) {
    int64_t o[OB_MAX_RANK] = {0};
    size_t point = 0;
    OB_TRY(ob_kernel_poll(call));
    do {
      ob_ref_set(y->dtype, y->data, row * d.points + point, one_output(&d, row / d.out, row % d.out, o, point));
      point++;
    } while (ob_ref_next(d.window.rank, d.window.out, o));
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_DeformConv = {.op = "DeformConv", .domain = "", .run = run};
