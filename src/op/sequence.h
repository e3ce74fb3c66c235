/* Sequences: types of their elements. */
#ifndef OB_OP_SEQUENCE_H
#define OB_OP_SEQUENCE_H

#include "op/control.h"

/* The element type of a sequence input; fails, and gives NULL, where it is no sequence. */
const ob_type_t *ob_infer_element(ob_infer_t *infer, size_t input);
/* Output is a sequence of this. */
ob_status_t ob_infer_set_sequence(ob_infer_t *infer, size_t output, const ob_type_t *element);
/* Makes `type` general enough for `other` too: sizes that differ make the rank unknown, since elements may differ. */
void ob_type_join(ob_type_t *type, const ob_type_t *other);

#endif
