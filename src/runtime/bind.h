/* Numbers for a region: what an engine is told at bind. */
#ifndef OB_RUNTIME_BIND_H
#define OB_RUNTIME_BIND_H

#include "runtime/model.h"

/* Fills `binding` from numbers for the symbols. Everything lives in `arena`. */
OB_MUST_CHECK ob_status_t ob_binding_from_symbols(const ob_backend_t *backend, const ob_bind_request_t *request,
                                                  ob_arena_t *arena, ob_binding_t *binding);
/* The same from the actual inputs: the region is inferred again with them. */
OB_MUST_CHECK ob_status_t ob_binding_from_inputs(const ob_backend_t *backend, const ob_bind_request_t *request,
                                                 ob_arena_t *arena, ob_binding_t *binding);

/* True for a value that is nothing but symbolic content: no input, no constant, no producer. */
bool ob_value_is_symbolic(const ob_graph_t *graph, const ob_value_t *value);

/* Element `index` of an integer or bool tensor. */
int64_t ob_tensor_element(ob_dtype_t dtype, const void *data, size_t index);
/* Writes an integer or bool element. */
void ob_tensor_set_element(ob_dtype_t dtype, void *data, size_t index, int64_t value);
/* True for the types whose elements the two above read. */
bool ob_dtype_is_integer(ob_dtype_t dtype);
/* True when a region input of this type is one whose contents shapes may follow from: small, rank 0 or 1. */
bool ob_content_is_small(ob_dtype_t dtype, int32_t rank, const int64_t *dims);
/* True for tensors of fixed-size elements: what engines get as a bare pointer. */
static inline bool ob_type_is_plain(ob_kind_t kind, ob_dtype_t dtype) { return kind == OB_TENSOR && dtype != OB_STRING; }

#endif
