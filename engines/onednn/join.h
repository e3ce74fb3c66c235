/* What the files of the plan share with each other but not with the operators. */
#ifndef OB_ONEDNN_JOIN_H
#define OB_ONEDNN_JOIN_H

#include "onednn/onednn.h"

/* Finds, for each Concat whose parts lie one behind the other, the values that can be made right in their place. */
OB_MUST_CHECK ob_status_t dn_join_find(dn_plan_t *plan);
/* When `value` is such a part and `md` suits, makes `buffer` a part of the joined value's. */
OB_MUST_CHECK ob_status_t dn_join_write(dn_plan_t *plan, uint32_t value, dn_md_t md, dn_buffer_t *buffer, bool *joined);

/* bind without what only a run needs. `trial`: layouts of weights are written down in the executable. */
OB_MUST_CHECK ob_status_t dn_instance_create(ob_executable_t *executable, const ob_binding_t *binding, bool trial,
                                             ob_instance_t **instance);

#endif
