/* Prepares a quantised group: its operators in order, weights as the inner loops want them, places for what passes between them. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "cpu/quant/quant.h"

/* Bytes past a buffer that inner loops may read. */
enum { SLACK = 64 };

typedef struct maker {
  ob_kernel_setup_t *setup;
  ob_quant_plan_t *plan;
  size_t *slot_bytes, *slot_free; /* [slot]; the step after which it is free */
} maker_t;

static void set_end(const ob_quant_op_t *op, ob_quant_end_t *end) {
  const float zero = (float)op->y_scale.zero, scale = op->y_scale.scale;
  end->zero = op->y_scale.zero;
  end->low = fmaxf(-zero, rintf(op->low / scale));
  end->high = fminf(255 - zero, rintf(op->high / scale));
  if (end->low > 255 - zero) end->low = 255 - zero;
  if (end->high < -zero) end->high = -zero;
}

static int8_t weight_at(const ob_quant_op_t *op, size_t filter, size_t channel, size_t tap) {
  const size_t channels = (size_t)op->weight_dims[1], taps = (size_t)(op->weight_dims[2] * op->weight_dims[3]);
  if (op->transposed) return op->weights[channel * (size_t)op->weight_dims[0] + filter];
  return op->weights[(filter * channels + channel) * taps + tap];
}

static ob_status_t set_scales(ob_arena_t *arena, const ob_quant_op_t *op, ob_quant_conv_t *row) {
  const size_t padded = (row->channels + OB_QUANT_BLOCK - 1) / OB_QUANT_BLOCK * OB_QUANT_BLOCK;
  const size_t channels = (size_t)op->weight_dims[1], taps = (size_t)(op->weight_dims[2] * op->weight_dims[3]);
  int32_t *start;
  float *scale, *shift;
  OB_TRY(OB_ARENA_ARRAY(arena, padded, &start));
  OB_TRY(OB_ARENA_ARRAY(arena, padded, &scale));
  OB_TRY(OB_ARENA_ARRAY(arena, padded, &shift));
  for (size_t j = 0; j < row->channels; j++) {
    const float w = op->weight_scales[op->weight_scale_count > 1 ? j : 0];
    int32_t sum = 0;
    for (size_t c = 0; c < channels; c++)
      for (size_t t = 0; t < taps; t++) sum += weight_at(op, j, c, t);
    start[j] = -sum * op->x_scale[0].zero;
    scale[j] = (float)((double)op->x_scale[0].scale * (double)w / (double)op->y_scale.scale);
    shift[j] = op->bias ? op->bias[j] / op->y_scale.scale : 0;
  }
  row->start = start;
  row->scale = scale;
  row->shift = shift;
  return OB_OK;
}

/* Bytes of a kernel's row lie side by side, unless it is dilated. */
static ob_status_t pack(ob_arena_t *arena, const ob_quant_op_t *op, bool split, ob_quant_conv_t *row) {
  const size_t channels = (size_t)op->weight_dims[1], kw = (size_t)op->weight_dims[3];
  const size_t length = split ? channels : channels * kw, per_row = split ? kw : 1;
  const size_t padded = (row->channels + OB_QUANT_BLOCK - 1) / OB_QUANT_BLOCK * OB_QUANT_BLOCK;
  int8_t *to;
  row->quads = (length + 3) / 4;
  OB_TRY(ob_arena_alloc_array(arena, padded * row->run_count * row->quads * 4 + SLACK, 1, (void **)&to));
  memset(to, 0, padded * row->run_count * row->quads * 4 + SLACK);
  row->weights = to;
  for (size_t j = 0; j < row->channels; j++) {
    int8_t *block = to + j / OB_QUANT_BLOCK * OB_QUANT_BLOCK * row->run_count * row->quads * 4;
    for (size_t r = 0; r < row->run_count; r++)
      for (size_t i = 0; i < length; i++) {
        const size_t tap = r / per_row * kw + (split ? r % per_row : i / channels);
        const size_t quad = r * row->quads + i / 4;
        block[(quad * OB_QUANT_BLOCK + j % OB_QUANT_BLOCK) * 4 + i % 4] = weight_at(op, j, i % channels, tap);
      }
  }
  return OB_OK;
}

static ob_status_t pack_depthwise(ob_arena_t *arena, const ob_quant_op_t *op, ob_quant_conv_t *row) {
  int32_t *to;
  OB_TRY(OB_ARENA_ARRAY(arena, row->run_count * row->channels, &to));
  for (size_t t = 0; t < row->run_count; t++)
    for (size_t j = 0; j < row->channels; j++) to[t * row->channels + j] = weight_at(op, j, 0, t);
  row->tap_weights = to;
  return OB_OK;
}

ob_status_t ob_quant_prepare_conv(ob_arena_t *arena, const ob_quant_op_t *op, const ob_quant_buffer_t *x, ob_quant_step_t *step,
                                  ob_quant_buffer_t *y) {
  int64_t pads[4] = {0}, strides[2] = {1, 1}, dilations[2] = {1, 1}, group = 1;
  if (op->kind == OB_QUANT_CONV) {
    ob_quant_ints(op->core, "pads", 4, 0, pads);
    ob_quant_ints(op->core, "strides", 2, 1, strides);
    ob_quant_ints(op->core, "dilations", 2, 1, dilations);
    ob_quant_ints(op->core, "group", 1, 1, &group);
  }
  const size_t kh = (size_t)op->weight_dims[2], kw = (size_t)op->weight_dims[3];
  const size_t height = x->h + (size_t)(pads[0] + pads[2]), width = x->w + (size_t)(pads[1] + pads[3]);
  const size_t reach_h = (kh - 1) * (size_t)dilations[0] + 1, reach_w = (kw - 1) * (size_t)dilations[1] + 1;
  step->depthwise = group > 1;
  if (height < reach_h || width < reach_w || x->c != (size_t)(op->weight_dims[1] * group))
    return ob_fail(OB_INVALID_ARGUMENT, "a window of %zu x %zu on %zu x %zu with padding, %zu channels", reach_h, reach_w, height, width, x->c);
  *y = (ob_quant_buffer_t){.n = x->n, .c = (size_t)op->weight_dims[0]};
  y->h = (height - reach_h) / (size_t)strides[0] + 1;
  y->w = (width - reach_w) / (size_t)strides[1] + 1;
  if (height != x->h || width != x->w) step->pad_height = height, step->pad_width = width;
  step->before[0] = (size_t)pads[0];
  step->before[1] = (size_t)pads[1];
  step->stride[0] = (size_t)strides[0];
  step->stride[1] = (size_t)strides[1];
  step->pad_value = (uint8_t)op->x_scale[0].zero;
  ob_quant_conv_t *row = &step->row;
  const bool split = step->depthwise || (dilations[1] != 1 && kw > 1);
  size_t *runs;
  row->step = (size_t)strides[1] * x->c;
  row->channels = y->c;
  row->run_count = split ? kh * kw : kh;
  OB_TRY(OB_ARENA_ARRAY(arena, row->run_count, &runs));
  for (size_t r = 0; r < row->run_count; r++) {
    const size_t i = split ? r / kw : r, k = split ? r % kw : 0;
    runs[r] = (i * (size_t)dilations[0] * width + k * (size_t)dilations[1]) * x->c;
  }
  row->runs = runs;
  set_end(op, &row->end);
  OB_TRY(set_scales(arena, op, row));
  return step->depthwise ? pack_depthwise(arena, op, row) : pack(arena, op, split, row);
}

static ob_status_t buffer_size(const ob_quant_buffer_t *b, size_t *bytes) {
  return ob_mul_size(b->n, b->h, bytes) && ob_mul_size(*bytes, b->w, bytes) && ob_mul_size(*bytes, b->c, bytes) && ob_add_size(*bytes, 2 * SLACK, bytes)
             ? OB_OK
             : ob_fail_memory();
}

static ob_quant_buffer_t shape_of(const ob_tensor_t *t) {
  ob_quant_buffer_t b = {.n = (size_t)t->dims[0], .h = 1, .w = 1, .c = (size_t)t->dims[1]};
  if (t->rank == 4) b.h = (size_t)t->dims[2], b.w = (size_t)t->dims[3];
  return b;
}

static size_t tensor_of(const maker_t *m, const ob_value_view_t *value) {
  for (size_t i = 0; i < m->setup->node->input_count; i++)
    if (m->setup->node->inputs[i]->index == value->index) return i;
  return SIZE_MAX;
}

static size_t add_buffer(maker_t *m, const ob_value_view_t *value, ob_quant_buffer_t shape) {
  shape.value = value->index;
  shape.dtype = value->dtype;
  m->plan->buffers[m->plan->buffer_count] = shape;
  return m->plan->buffer_count++;
}

/* The buffer with a value of bytes; one that comes from outside enters first. */
static ob_status_t find_buffer(maker_t *m, const ob_value_view_t *value, size_t *buffer) {
  ob_quant_plan_t *plan = m->plan;
  for (*buffer = 0; *buffer < plan->buffer_count; ++*buffer)
    if (plan->buffers[*buffer].value == value->index) return OB_OK;
  const size_t tensor = tensor_of(m, value);
  if (tensor == SIZE_MAX) return ob_fail(OB_INTERNAL, "nobody makes '%s'", ob_quote(value->name));
  *buffer = add_buffer(m, value, shape_of(m->setup->inputs[tensor]));
  plan->steps[plan->step_count++] = (ob_quant_step_t){.step = OB_QUANT_STEP_ENTER, .tensor = tensor, .y = *buffer};
  return OB_OK;
}

static ob_status_t add_op(maker_t *m, const ob_quant_op_t *op) {
  ob_quant_plan_t *plan = m->plan;
  ob_quant_buffer_t y = {0};
  ob_quant_step_t step = {.step = OB_QUANT_STEP_OP, .kind = op->kind};
  for (size_t i = 0; i < op->x_count; i++) OB_TRY(find_buffer(m, op->x[i], &step.x[i]));
  const ob_quant_buffer_t *x = &plan->buffers[step.x[0]];
  set_end(op, &step.row.end);
  if (op->kind == OB_QUANT_INPUT) {
    step.tensor = tensor_of(m, op->x[0]);
    if (step.tensor == SIZE_MAX) return ob_fail(OB_INTERNAL, "nobody makes '%s'", ob_quote(op->x[0]->name));
    step.scale = op->y_scale.scale;
    y = shape_of(m->setup->inputs[step.tensor]);
  } else if (op->kind == OB_QUANT_ADD) {
    for (size_t i = 0; i < 2; i++) {
      step.factors[i] = op->x_scale[i].scale / op->y_scale.scale;
      step.factors[2] -= step.factors[i] * (float)op->x_scale[i].zero;
    }
    y = *x;
  } else if (op->kind == OB_QUANT_MEAN) {
    const float factor = op->x_scale[0].scale / op->y_scale.scale;
    step.factors[0] = factor / (float)(x->h * x->w);
    step.factors[1] = -factor * (float)op->x_scale[0].zero;
    y = (ob_quant_buffer_t){.n = x->n, .h = 1, .w = 1, .c = x->c};
  } else {
    OB_TRY(ob_quant_prepare_conv(m->setup->arena, op, x, &step, &y));
  }
  step.y = add_buffer(m, op->y, y);
  plan->steps[plan->step_count++] = step;
  return OB_OK;
}

static ob_status_t add_ops(maker_t *m, const ob_kit_group_t *group) {
  const ob_quant_nodes_t nodes = {group->members, group->member_count};
  for (size_t i = 0; i < group->member_count; i++) {
    ob_quant_op_t op;
    if (strcmp(group->members[i]->op, "QuantizeLinear") != 0) continue;
    if (!ob_quant_read(&nodes, group->members[i], &op)) return ob_fail(OB_INTERNAL, "'%s' is no operator of bytes", ob_quote(group->members[i]->name));
    OB_TRY(add_op(m, &op));
  }
  for (size_t o = 0; o < m->setup->node->output_count; o++) {
    size_t buffer;
    OB_TRY(find_buffer(m, m->setup->node->outputs[o], &buffer));
    m->plan->steps[m->plan->step_count++] = (ob_quant_step_t){.step = OB_QUANT_STEP_LEAVE, .tensor = o, .x = {buffer}};
  }
  return OB_OK;
}

/* Buffers share memory when one is read for the last time before the other is written. */
static ob_status_t place(maker_t *m) {
  ob_quant_plan_t *plan = m->plan;
  size_t pad = 0, bytes;
  for (size_t s = 0; s < plan->step_count; s++)
    for (size_t i = 0; i < 2; i++) plan->buffers[plan->steps[s].x[i]].last = s;
  for (size_t s = 0; s < plan->step_count; s++) {
    const ob_quant_step_t *step = &plan->steps[s];
    if (step->step == OB_QUANT_STEP_LEAVE) continue;
    if (step->pad_height) {
      const ob_quant_buffer_t *x = &plan->buffers[step->x[0]];
      const ob_quant_buffer_t padded = {.n = 1, .h = step->pad_height, .w = step->pad_width, .c = x->c};
      OB_TRY(buffer_size(&padded, &bytes));
      if (bytes > pad) pad = bytes;
    }
    ob_quant_buffer_t *y = &plan->buffers[step->y];
    OB_TRY(buffer_size(y, &bytes));
    for (y->slot = 0; y->slot < plan->slot_count && m->slot_free[y->slot] >= s; y->slot++) {}
    if (y->slot == plan->slot_count) plan->slot_count++;
    m->slot_free[y->slot] = y->last > s ? y->last : s;
    if (bytes > m->slot_bytes[y->slot]) m->slot_bytes[y->slot] = bytes;
  }
  size_t *total = &m->setup->scratch_bytes;
  *total = 0;
  for (size_t i = 0; i < plan->slot_count; i++) {
    plan->slots[i] = *total;
    if (!ob_add_size(*total, (m->slot_bytes[i] + 63) / 64 * 64, total)) return ob_fail_memory();
  }
  plan->pad_at = *total;
  return ob_add_size(*total, pad, total) ? OB_OK : ob_fail_memory();
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_kit_group_t *group = (const ob_kit_group_t *)(const void *)setup->node;
  maker_t m = {.setup = setup};
  const size_t most = group->member_count + setup->node->input_count + setup->node->output_count;
  OB_TRY(OB_ARENA_NEW(setup->arena, &m.plan));
  OB_TRY(OB_ARENA_ARRAY(setup->arena, most, &m.plan->buffers));
  OB_TRY(OB_ARENA_ARRAY(setup->arena, most, &m.plan->steps));
  OB_TRY(OB_ARENA_ARRAY(setup->arena, most, &m.plan->slots));
  OB_TRY(OB_ARENA_ARRAY(setup->arena, most, &m.slot_bytes));
  OB_TRY(OB_ARENA_ARRAY(setup->arena, most, &m.slot_free));
  setup->state = m.plan;
  OB_TRY(add_ops(&m, group));
  return place(&m);
}

static ob_status_t run(const ob_kernel_call_t *call) { return ob_quant_run(call, call->state); }

const ob_kernel_t ob_quant_group_kernel = {.op = "quantised", .domain = "", .prepare = prepare, .run = run};
