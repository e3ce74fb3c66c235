/* Shapes and attributes of convolutions and pooling. */
#include <string.h>

#include "cpu/gemm/conv.h"

/* Numbers of an attribute, one an axis, put at the inner end of three. */
static void read_ints(const ob_kernel_setup_t *setup, const char *name, int32_t spatial, int64_t fallback, int64_t *out) {
  size_t count;
  const int64_t *ints = ob_setup_ints(setup, name, &count);
  for (int32_t i = 0; i < 3; i++) {
    const int32_t own = i - (3 - spatial);
    out[i] = own >= 0 && ints && (size_t)own < count ? ints[own] : fallback;
  }
}

/* Padding before each axis. SAME_*: what the output size needs in all, halved. */
static void read_pads(const ob_kernel_setup_t *setup, int32_t spatial, ob_conv_t *conv) {
  const char *mode = ob_node_text(setup->node, "auto_pad", "NOTSET");
  read_ints(setup, "pads", spatial, 0, conv->pad);
  if (strcmp(mode, "NOTSET") == 0) return;
  for (int i = 0; i < 3; i++) {
    const int64_t reach = (int64_t)(conv->kernel[i] - 1) * conv->dilation[i] + 1;
    int64_t total = ((int64_t)conv->out[i] - 1) * conv->stride[i] + reach - (int64_t)conv->in[i];
    if (total < 0 || strncmp(mode, "SAME", 4) != 0) total = 0;
    conv->pad[i] = strcmp(mode, "SAME_LOWER") == 0 ? total - total / 2 : total / 2;
  }
}

/* An innermost axis of one element is moved outside, so that rows are as long as they can be. */
void ob_conv_fold(ob_conv_t *c) {
  for (int turns = 0; turns < 2 && c->in[2] == 1 && c->out[2] == 1 && c->kernel[2] == 1 && c->pad[2] == 0; turns++) {
    for (int i = 2; i > 0; i--) {
      c->in[i] = c->in[i - 1];
      c->out[i] = c->out[i - 1];
      c->kernel[i] = c->kernel[i - 1];
      c->stride[i] = c->stride[i - 1];
      c->dilation[i] = c->dilation[i - 1];
      c->pad[i] = c->pad[i - 1];
    }
    c->in[0] = c->out[0] = c->kernel[0] = 1;
    c->stride[0] = c->dilation[0] = 1;
    c->pad[0] = 0;
  }
}

ob_status_t ob_conv_read(const ob_kernel_setup_t *setup, const int64_t *kernel, int32_t spatial, ob_conv_t *conv) {
  const ob_tensor_t *x = setup->inputs[0], *y = setup->outputs[0];
  if (x->rank != spatial + 2 || y->rank != spatial + 2 || spatial < 1 || spatial > 3)
    return ob_fail(OB_INTERNAL, "a window of rank %d on a tensor of rank %d", (int)spatial, (int)x->rank);
  *conv = (ob_conv_t){.batch = (size_t)x->dims[0], .groups = 1, .channels = (size_t)x->dims[1], .filters = (size_t)y->dims[1]};
  read_ints(setup, "strides", spatial, 1, conv->stride);
  read_ints(setup, "dilations", spatial, 1, conv->dilation);
  conv->in_size = conv->out_size = conv->taps = 1;
  for (int32_t i = 0; i < 3; i++) {
    const int32_t own = i - (3 - spatial);
    conv->in[i] = own < 0 ? 1 : (size_t)x->dims[own + 2];
    conv->out[i] = own < 0 ? 1 : (size_t)y->dims[own + 2];
    conv->kernel[i] = own < 0 ? 1 : (size_t)kernel[own];
    conv->in_size *= conv->in[i];
    conv->out_size *= conv->out[i];
    conv->taps *= conv->kernel[i];
  }
  read_pads(setup, spatial, conv);
  for (int i = 0; i < 3; i++)
    if (conv->stride[i] < 1 || conv->dilation[i] < 1 || conv->pad[i] < 0 || conv->kernel[i] < 1)
      return ob_fail(OB_INVALID_MODEL, "a stride, dilation, pad or kernel size is out of range");
  return OB_OK;
}

bool ob_conv_supports(const ob_node_view_t *node, char *reason, size_t size) {
  const int32_t spatial = node->inputs[0]->rank - 2;
  if (spatial < 1 || spatial > 3) return ob_cpu_refuse(node, reason, size, "%d spatial dims, 1 to 3 are taken", (int)spatial);
  return true;
}
