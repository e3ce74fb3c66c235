/* Split: cuts a tensor along an axis, into parts of given sizes or as equal ones as can be (the last may be smaller). */
#include "ref/support/move.h"

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0], *sizes = ob_ref_input(call, 1);
  int32_t axis;
  OB_TRY(ob_ref_axis(ob_kernel_int(call, "axis", 0), x->rank, &axis));
  int64_t parts = (int64_t)call->node->output_count, done = 0, even = (x->dims[axis] + parts - 1) / parts;
  if (sizes && ob_tensor_count(sizes) != (size_t)parts) return ob_fail(OB_OUT_OF_RANGE, "%zu sizes for %lld parts", ob_tensor_count(sizes), (long long)parts);
  ob_ref_place_t from = ob_ref_whole(x);
  for (int64_t p = 0; p < parts; p++) {
    int64_t dims[OB_MAX_RANK], left = x->dims[axis] - done, size = sizes ? ob_ref_get_int(sizes->dtype, sizes->data, (size_t)p) : even < left ? even : left;
    if (size < 0 || size > left) return ob_fail(OB_OUT_OF_RANGE, "part %lld shall have %lld of %lld elements", (long long)p, (long long)size, (long long)left);
    if (p == parts - 1 && size != left) return ob_fail(OB_OUT_OF_RANGE, "%lld elements of axis %d are left over", (long long)(left - size), (int)axis);
    for (int32_t i = 0; i < x->rank; i++) dims[i] = i == axis ? size : x->dims[i];
    if (call->outputs[p]) {
      OB_TRY(ob_kernel_allocate(call, (size_t)p, x->rank, dims));
      ob_ref_place_t to = ob_ref_whole(call->outputs[p]);
      ob_ref_move(x->dtype, x->rank, dims, &to, &from);
    }
    from.at += size * from.strides[axis];
    done += size;
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Split = {.op = "Split", .domain = "", .run = run};
