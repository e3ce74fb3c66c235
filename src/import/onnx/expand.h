/* Operators that are taken apart when they are imported, because a subgraph or a part of the graph belongs to them: FlexAttention,
 * SequenceMap, Gradient. They are made with the builder of contrib/contrib.h. */
#ifndef OB_IMPORT_ONNX_EXPAND_H
#define OB_IMPORT_ONNX_EXPAND_H

#include "import/onnx/contrib/contrib.h"

/* The subgraph of the record called `name`, or NULL. */
const ob_body_t *ob_expand_body(const ob_record_t *record, const char *name);
/* Puts the body's nodes at the end of `graph` and infers their types. `arguments`: one value for each formal input; `captures`:
 * values of `graph` for what the body captures. `results` gets one value for each output. Errors: other numbers of inputs or outputs. */
OB_MUST_CHECK ob_status_t ob_expand_inline(ob_graph_t *graph, const ob_body_t *body, ob_value_t *const *arguments, size_t count,
                                           ob_value_t *const *captures, ob_value_t **results, size_t result_count);

#endif
