/* The shim over oneDNN 2.x: op descriptors behind functions of the 3.x shape. */
#include <string.h>

#include "onednn/shim/shim.h"

/* A descriptor is 700 bytes of numbers, and a plan asks for the same few again and again. */
ob_status_t dn_md_keep(dn_store_t *store, dn_md_t md, dn_md_t *copy) {
  enum { LOOKED_AT = 64 };
  void *block;
  for (size_t i = store->kept.count; i-- > 0 && i + LOOKED_AT >= store->kept.count;)
    if (memcmp(store->kept.items[i], md, sizeof *md) == 0) {
      *copy = store->kept.items[i];
      return OB_OK;
    }
  OB_TRY(ob_arena_copy(&store->arena, md, sizeof *md, &block));
  *copy = block;
  return ob_array_push(store->arena.allocator, &store->kept, *copy);
}

ob_status_t dn_md_any(dn_store_t *store, int32_t rank, const int64_t *dims, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  OB_TRY(dn_check(dnnl_memory_desc_init_by_tag(&desc, rank, dims, dnnl_f32, dnnl_format_tag_any), "memory descriptor"));
  return dn_md_keep(store, &desc, md);
}

ob_status_t dn_md_strided(dn_store_t *store, int32_t rank, const int64_t *dims, const int64_t *strides, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  OB_TRY(dn_check(dnnl_memory_desc_init_by_strides(&desc, rank, dims, dnnl_f32, strides), "memory descriptor"));
  return dn_md_keep(store, &desc, md);
}

ob_status_t dn_md_layout(dn_store_t *store, const ob_layout_t *layout, const int64_t *dims, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  OB_TRY(dn_check(dnnl_memory_desc_init_by_strides(&desc, layout->rank, dims, dnnl_f32, NULL), "memory descriptor"));
  dnnl_blocking_desc_t *blocking = &desc.format_desc.blocking;
  int64_t inner[DN_MAX_RANK], stride = 1;
  for (int32_t d = 0; d < layout->rank; d++) inner[d] = 1;
  blocking->inner_nblks = layout->block_count;
  for (int32_t b = 0; b < layout->block_count; b++) {
    blocking->inner_blks[b] = layout->block_size[b];
    blocking->inner_idxs[b] = layout->block_dim[b];
    inner[layout->block_dim[b]] *= layout->block_size[b];
    stride *= layout->block_size[b];
  }
  for (int32_t o = layout->rank; o-- > 0;) {
    int32_t d = layout->order[o];
    int64_t blocks = (dims[d] + inner[d] - 1) / inner[d];
    blocking->strides[d] = stride;
    desc.padded_dims[d] = blocks * inner[d];
    stride *= blocks;
  }
  return dn_md_keep(store, &desc, md);
}

ob_status_t dn_md_part(dn_store_t *store, dn_md_t parent, const int64_t *dims, const int64_t *offsets, dn_md_t *md) {
  dnnl_memory_desc_t desc;
  *md = NULL;
  if (dnnl_memory_desc_init_submemory(&desc, parent, dims, offsets) != dnnl_success) return OB_OK;
  return dn_md_keep(store, &desc, md);
}

bool dn_md_shape(dn_md_t md, dn_shape_t *shape) {
  if (md->format_kind != dnnl_blocked || md->extra.flags != 0 || md->data_type != dnnl_f32) return false;
  const dnnl_blocking_desc_t *blocking = &md->format_desc.blocking;
  *shape = (dn_shape_t){.rank = md->ndims, .block_count = blocking->inner_nblks, .offset = md->offset0};
  for (int32_t d = 0; d < md->ndims; d++) {
    if (md->padded_offsets[d] != 0) return false;
    shape->dims[d] = md->dims[d];
    shape->padded[d] = md->padded_dims[d];
    shape->strides[d] = blocking->strides[d];
  }
  for (int32_t b = 0; b < blocking->inner_nblks; b++) {
    shape->block_dim[b] = (int32_t)blocking->inner_idxs[b];
    shape->block_size[b] = blocking->inner_blks[b];
  }
  return true;
}

void dn_md_dims(dn_md_t md, int32_t *rank, int64_t *dims) {
  *rank = md->ndims;
  memcpy(dims, md->dims, (size_t)md->ndims * sizeof *dims);
}

bool dn_md_equal(dn_md_t a, dn_md_t b) { return a == b || dnnl_memory_desc_equal(a, b) == 1; }
size_t dn_md_bytes(dn_md_t md) { return dnnl_memory_desc_get_size(md); }

static dnnl_status_t append(dnnl_post_ops_t ops, const dn_post_t *post) {
  float one = 1;
  switch (post->kind) {
    case DN_POST_ELTWISE: return dnnl_post_ops_append_eltwise(ops, 1, post->algorithm, post->alpha, post->beta);
    case DN_POST_SUM: return dnnl_post_ops_append_sum(ops, 1);
    case DN_POST_BINARY: return dnnl_post_ops_append_binary(ops, post->algorithm, post->md);
    default:
      return dnnl_post_ops_append_dw(ops, dnnl_f32, post->bias ? dnnl_f32 : dnnl_data_type_undef, dnnl_f32, 3, post->stride, 1, 1,
                                     0, &one);
  }
}

dnnl_status_t dn_attr(const dn_post_t *posts, size_t count, dnnl_primitive_attr_t *attr) {
  dnnl_post_ops_t ops = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(attr);
  if (status != dnnl_success) return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && count > 0) status = dnnl_post_ops_create(&ops);
  for (size_t i = 0; status == dnnl_success && i < count; i++) status = append(ops, &posts[i]);
  if (status == dnnl_success && ops) status = dnnl_primitive_attr_set_post_ops(*attr, ops);
  dnnl_post_ops_destroy(ops);
  if (status != dnnl_success) dnnl_primitive_attr_destroy(*attr);
  return status;
}

static dnnl_status_t create(dnnl_engine_t engine, const void *op, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  return dnnl_primitive_desc_create(pd, op, attr, engine, NULL);
}

dnnl_status_t dn_conv(dnnl_engine_t engine, const dn_conv_desc_t *desc, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  const dn_window_t *w = &desc->window;
  dnnl_status_t status;
  if (desc->transposed) {
    dnnl_deconvolution_desc_t op;
    status = dnnl_dilated_deconvolution_forward_desc_init(&op, dnnl_forward_inference, desc->algorithm, desc->src, desc->weights,
                                                          desc->bias, desc->dst, w->strides, w->dilates, w->pad_begin, w->pad_end);
    return status == dnnl_success ? create(engine, &op, attr, pd) : status;
  }
  dnnl_convolution_desc_t op;
  status = dnnl_dilated_convolution_forward_desc_init(&op, dnnl_forward_inference, desc->algorithm, desc->src, desc->weights, desc->bias,
                                                      desc->dst, w->strides, w->dilates, w->pad_begin, w->pad_end);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_matmul(dnnl_engine_t engine, dn_md_t src, dn_md_t weights, dn_md_t bias, dn_md_t dst,
                        const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_matmul_desc_t op;
  dnnl_status_t status = dnnl_matmul_desc_init(&op, src, weights, bias, dst);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_pool(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t src, dn_md_t dst, const dn_window_t *window,
                      const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  bool dilated = false;
  for (int32_t d = 0; d < src->ndims - 2; d++) dilated |= window->dilates[d] != 0;
  dnnl_status_t status;
  if (dilated) {
    dnnl_pooling_v2_desc_t op;
    status = dnnl_pooling_v2_forward_desc_init(&op, dnnl_forward_inference, algorithm, src, dst, window->strides, window->kernel,
                                               window->dilates, window->pad_begin, window->pad_end);
    return status == dnnl_success ? create(engine, &op, attr, pd) : status;
  }
  dnnl_pooling_desc_t op;
  status = dnnl_pooling_forward_desc_init(&op, dnnl_forward_inference, algorithm, src, dst, window->strides, window->kernel,
                                          window->pad_begin, window->pad_end);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_eltwise(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, float alpha, float beta, dn_md_t md,
                         const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_eltwise_desc_t op;
  dnnl_status_t status = dnnl_eltwise_forward_desc_init(&op, dnnl_forward_inference, algorithm, md, alpha, beta);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_binary(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t a, dn_md_t b, dn_md_t dst,
                        const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_binary_desc_t op;
  dnnl_status_t status = dnnl_binary_desc_init(&op, algorithm, a, b, dst);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_softmax(dnnl_engine_t engine, bool log, dn_md_t md, int axis, const_dnnl_primitive_attr_t attr,
                         dnnl_primitive_desc_t *pd) {
  dnnl_softmax_v2_desc_t op;
  dnnl_status_t status = dnnl_softmax_v2_forward_desc_init(&op, dnnl_forward_inference, log ? dnnl_softmax_log : dnnl_softmax_accurate,
                                                           md, md, axis);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_batch_norm(dnnl_engine_t engine, dn_md_t md, float epsilon, const_dnnl_primitive_attr_t attr,
                            dnnl_primitive_desc_t *pd) {
  dnnl_batch_normalization_desc_t op;
  dnnl_status_t status = dnnl_batch_normalization_forward_desc_init(&op, dnnl_forward_inference, md, epsilon,
                                                                    dnnl_use_global_stats | dnnl_use_scale | dnnl_use_shift);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_layer_norm(dnnl_engine_t engine, dn_md_t md, dn_md_t stat, float epsilon, bool shift,
                            const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_layer_normalization_desc_t op;
  unsigned flags = shift ? dnnl_use_scale | dnnl_use_shift : dnnl_use_scale;
  dnnl_status_t status = dnnl_layer_normalization_forward_desc_init(&op, dnnl_forward_inference, md, stat, epsilon, flags);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_lrn(dnnl_engine_t engine, dn_md_t md, int64_t size, float alpha, float beta, float k,
                     const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_lrn_desc_t op;
  dnnl_status_t status = dnnl_lrn_forward_desc_init(&op, dnnl_forward_inference, dnnl_lrn_across_channels, md, size, alpha, beta, k);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_resample(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, dn_md_t src, dn_md_t dst,
                          const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_resampling_desc_t op;
  dnnl_status_t status = dnnl_resampling_forward_desc_init(&op, dnnl_forward_inference, algorithm, NULL, src, dst);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

dnnl_status_t dn_reorder(dnnl_engine_t engine, dn_md_t src, dn_md_t dst, const_dnnl_primitive_attr_t attr,
                         dnnl_primitive_desc_t *pd) {
  return dnnl_reorder_primitive_desc_create(pd, src, engine, dst, engine, attr);
}

dnnl_status_t dn_rnn(dnnl_engine_t engine, const dn_rnn_desc_t *d, const_dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *pd) {
  dnnl_rnn_desc_t op;
  dnnl_status_t status;
  if (d->cell == DN_LSTM)
    status = dnnl_lstm_forward_desc_init(&op, dnnl_forward_inference, d->direction, d->src, d->src_state, d->src_cell, d->weights,
                                         d->recurrence, d->bias, d->dst, d->dst_state, d->dst_cell, dnnl_rnn_flags_undef);
  else if (d->cell == DN_GRU)
    status = dnnl_gru_forward_desc_init(&op, dnnl_forward_inference, d->direction, d->src, d->src_state, d->weights, d->recurrence,
                                        d->bias, d->dst, d->dst_state, dnnl_rnn_flags_undef);
  else
    status = dnnl_lbr_gru_forward_desc_init(&op, dnnl_forward_inference, d->direction, d->src, d->src_state, d->weights,
                                            d->recurrence, d->bias, d->dst, d->dst_state, dnnl_rnn_flags_undef);
  return status == dnnl_success ? create(engine, &op, attr, pd) : status;
}

