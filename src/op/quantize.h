/* Scales and zero points: for a whole tensor, along an axis, or for blocks of it. */
#ifndef OB_OP_QUANTIZE_H
#define OB_OP_QUANTIZE_H

#include "op/infer_util.h"

/* Output 0 has the shape of input 0 and this type; scale (input 1) and zero point (input 2) fit to it (QuantizeLinear). */
ob_status_t ob_infer_quantization(ob_infer_t *infer, ob_dtype_t dtype);

#endif
