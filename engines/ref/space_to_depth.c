/* SpaceToDepth: blocks of pixels become channels, block index before the channel (DCR) or after it (CRD). */
#include <string.h>

#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  int64_t b = ob_kernel_int(call, "blocksize", 1);
  bool crd = strcmp(ob_kernel_string(call, "mode", "DCR"), "CRD") == 0;
  if (x->rank != 4 || b < 1 || b > 65536 || x->dims[2] % b != 0 || x->dims[3] % b != 0)
    return ob_fail(OB_INVALID_ARGUMENT, "blocks of %lld do not fit the input", (long long)b);
  int64_t n = x->dims[0], c = x->dims[1], h = x->dims[2] / b, w = x->dims[3] / b, plane = h * w;
  int64_t dims[4] = {n, c * b * b, h, w}, box[6] = {n, c, h, b, w, b};
  OB_TRY(ob_kernel_allocate(call, 0, 4, dims));
  /* the input's axes split into (n, c, h, block row, w, block column) */
  ob_ref_place_t from = {.data = x->data}, to = {.data = call->outputs[0]->data};
  int64_t steps[6] = {c * b * b * plane, crd ? b * b * plane : plane, w, crd ? b * plane : b * c * plane, 1, crd ? plane : c * plane};
  memcpy(to.strides, steps, sizeof steps);
  ob_ref_strides(6, box, from.strides);
  ob_ref_move(x->dtype, 6, box, &to, &from);
  return OB_OK;
}

const ob_kernel_t ob_ref_SpaceToDepth = {.op = "SpaceToDepth", .domain = "", .run = run};
