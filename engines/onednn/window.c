/* Windows of convolutions and pools in oneDNN's terms: dilation 0 is dense, and the padding at the end follows from the sizes. */
#include <string.h>

#include "onednn/onednn.h"

static void copy_or(const int64_t *ints, size_t have, int32_t count, int64_t fallback, int64_t *out) {
  for (int32_t d = 0; d < count; d++) out[d] = ints && have >= (size_t)count ? ints[d] : fallback;
}

/* Which part of the whole padding comes first: SAME_UPPER puts the odd one at the end. */
static int64_t same_begin(const char *auto_pad, int64_t total) {
  if (total < 0) total = 0;
  return strcmp(auto_pad, "SAME_LOWER") == 0 ? (total + 1) / 2 : total / 2;
}

/* Where a transposed convolution states the size of its output, the whole padding follows, output_padding counted; the odd one is at
   the end for SAME_UPPER only. */
static void fit_output(const dn_plan_t *plan, const dn_window_in_t *in, const char *auto_pad, dn_window_t *window) {
  size_t have;
  const int64_t *stated = dn_plan_ints(plan, in->node, "output_shape", &have);
  if (!(stated && have > 0) && strncmp(auto_pad, "SAME", 4) != 0) return;
  const int64_t *extra = dn_plan_ints(plan, in->node, "output_padding", &have);
  for (int32_t d = 0; d < in->count; d++) {
    int64_t more = extra && have == (size_t)in->count ? extra[d] : 0;
    int64_t total = window->pad_begin[d] + window->pad_end[d] + more;
    if (total < 0) total = 0;
    int64_t begin = strcmp(auto_pad, "SAME_UPPER") == 0 ? total / 2 : total - total / 2;
    window->pad_end[d] += window->pad_begin[d] - begin;
    window->pad_begin[d] = begin;
  }
}

ob_status_t dn_window_read(const dn_plan_t *plan, const dn_window_in_t *in, dn_window_t *window) {
  size_t have;
  const int64_t *ints = dn_plan_ints(plan, in->node, "strides", &have);
  copy_or(ints, have, in->count, 1, window->strides);
  ints = dn_plan_ints(plan, in->node, "dilations", &have);
  copy_or(ints, have, in->count, 1, window->dilates);
  ints = dn_plan_ints(plan, in->node, "pads", &have);
  copy_or(ints, have, in->count, 0, window->pad_begin);
  const char *auto_pad = ob_node_text(in->node, "auto_pad", "NOTSET");
  bool same = strncmp(auto_pad, "SAME", 4) == 0;
  for (int32_t d = 0; d < in->count; d++) {
    int64_t stride = window->strides[d], dilation = window->dilates[d];
    int64_t small = in->transposed ? in->in[d] : in->out[d], large = in->transposed ? in->out[d] : in->in[d];
    if (stride < 1 || dilation < 1 || in->kernel[d] < 1)
      return ob_fail(OB_INVALID_MODEL, "node '%s': stride, dilation and kernel must be positive", ob_quote(in->node->name));
    int64_t total = (small - 1) * stride + (in->kernel[d] - 1) * dilation + 1 - large;
    if (same) window->pad_begin[d] = same_begin(auto_pad, total);
    if (strcmp(auto_pad, "VALID") == 0) window->pad_begin[d] = 0;
    window->kernel[d] = in->kernel[d];
    window->dilates[d] = dilation - 1;
    window->pad_end[d] = total - window->pad_begin[d];
  }
  if (in->transposed) fit_output(plan, in, auto_pad, window);
  return OB_OK;
}
