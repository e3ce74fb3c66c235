/* Runs quantised groups: step after step, rows of convolutions over threads. */
#include <string.h>

#include "cpu/quant/quant.h"

/* Multiplications that are worth a thread: with VNNI some 50 microseconds, for waking a thread costs up to as much. */
enum { GRAIN = 20000000 };

static uint8_t *buffer_at(const ob_kernel_call_t *call, const ob_quant_plan_t *plan, size_t buffer) {
  return (uint8_t *)call->scratch + plan->slots[plan->buffers[buffer].slot];
}

/* Channels first outside, last inside; int8 has its sign bit turned. */
static void move(const uint8_t *x, uint8_t *y, const ob_quant_buffer_t *b, bool inwards) {
  const size_t pixels = b->h * b->w;
  const uint8_t turn = b->dtype == OB_INT8 ? 0x80 : 0;
  for (size_t n = 0; n < b->n; n++, x += pixels * b->c, y += pixels * b->c) {
    const size_t outer = inwards ? pixels : b->c, inner = inwards ? b->c : pixels;
    for (size_t i = 0; i < outer; i++)
      for (size_t j = 0; j < inner; j++) y[i * inner + j] = x[j * outer + i] ^ turn;
  }
}

static void from_float(const ob_quant_step_t *step, const ob_quant_buffer_t *b, const float *x, uint8_t *y) {
  const ob_isa_t *isa = ob_cpu_isa();
  const size_t pixels = b->h * b->w;
  if (pixels == 1 || b->c == 1) {
    isa->quant_from_float(x, b->n * b->c * pixels, step->scale, &step->row.end, 1, y);
    return;
  }
  for (size_t n = 0; n < b->n; n++)
    for (size_t c = 0; c < b->c; c++)
      isa->quant_from_float(x + (n * b->c + c) * pixels, pixels, step->scale, &step->row.end, b->c, y + n * pixels * b->c + c);
}

static void pad(const ob_quant_step_t *step, const ob_quant_buffer_t *x, const uint8_t *from, uint8_t *to) {
  const size_t line = step->pad_width * x->c, inner = x->w * x->c, left = step->before[1] * x->c;
  memset(to, step->pad_value, step->before[0] * line);
  for (size_t i = 0; i < step->pad_height; i++, to += line) {
    if (i < step->before[0] || i >= step->before[0] + x->h) {
      memset(to, step->pad_value, line);
      continue;
    }
    memset(to, step->pad_value, left);
    memcpy(to + left, from + (i - step->before[0]) * inner, inner);
    memset(to + left + inner, step->pad_value, line - left - inner);
  }
}

typedef struct job {
  const ob_quant_step_t *step;
  const uint8_t *x;
  uint8_t *y;
  size_t line, width; /* bytes from one row of windows to the next, outputs a row */
} job_t;

static void run_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const ob_isa_t *isa = ob_cpu_isa();
  ob_quant_conv_t row = job->step->row;
  (void)piece;
  for (size_t i = begin; i < end; i++) {
    row.x = job->x + i * job->line;
    row.y = job->y + i * job->width * row.channels;
    row.pixels = job->width;
    (job->step->depthwise ? isa->quant_depthwise : isa->quant_convolve)(&row);
  }
}

/* A window of one pixel at each pixel: the whole image is one row, and threads get pieces of it. */
static void run_pixels(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  ob_quant_conv_t row = job->step->row;
  (void)piece;
  row.x = job->x + begin * job->line;
  row.y = job->y + begin * row.channels;
  row.pixels = end - begin;
  (job->step->depthwise ? ob_cpu_isa()->quant_depthwise : ob_cpu_isa()->quant_convolve)(&row);
}

static void convolve(const ob_kernel_call_t *call, const ob_quant_plan_t *plan, const ob_quant_step_t *step) {
  const ob_quant_buffer_t *x = &plan->buffers[step->x[0]], *y = &plan->buffers[step->y];
  const uint8_t *from = buffer_at(call, plan, step->x[0]);
  uint8_t *to = buffer_at(call, plan, step->y), *padded = (uint8_t *)call->scratch + plan->pad_at;
  const size_t terms = step->row.run_count * (step->depthwise ? 1 : step->row.quads * 4) * step->row.channels + 1;
  if (step->row.run_count == 1 && !step->pad_height && step->row.step == x->c && y->h == x->h && y->w == x->w) {
    job_t job = {step, from, to, x->c, 1};
    ob_cpu_split(call->host, call->threads, y->n * y->h * y->w, GRAIN / terms + 1, run_pixels, &job);
    return;
  }
  for (size_t n = 0; n < x->n; n++) {
    const uint8_t *image = from + n * x->h * x->w * x->c;
    if (step->pad_height) pad(step, x, image, padded);
    job_t job = {step, step->pad_height ? padded : image, to + n * y->h * y->w * y->c, 0, y->w};
    job.line = step->stride[0] * (step->pad_height ? step->pad_width : x->w) * x->c;
    ob_cpu_split(call->host, call->threads, y->h, GRAIN / (terms * y->w) + 1, run_rows, &job);
  }
}

static void run_op(const ob_kernel_call_t *call, const ob_quant_plan_t *plan, const ob_quant_step_t *step) {
  const ob_isa_t *isa = ob_cpu_isa();
  const ob_quant_buffer_t *x = &plan->buffers[step->x[0]], *y = &plan->buffers[step->y];
  const size_t count = y->n * y->h * y->w * y->c;
  if (count == 0) return;
  if (step->kind == OB_QUANT_INPUT) {
    from_float(step, y, call->inputs[step->tensor]->data, buffer_at(call, plan, step->y));
  } else if (step->kind == OB_QUANT_ADD) {
    isa->quant_add(buffer_at(call, plan, step->x[0]), buffer_at(call, plan, step->x[1]), count, step->factors, &step->row.end, buffer_at(call, plan, step->y));
  } else if (step->kind == OB_QUANT_MEAN) {
    for (size_t n = 0; n < x->n; n++)
      isa->quant_mean(buffer_at(call, plan, step->x[0]) + n * x->h * x->w * x->c, x->h * x->w, x->c, step->factors, &step->row.end,
                      buffer_at(call, plan, step->y) + n * x->c);
  } else {
    convolve(call, plan, step);
  }
}

ob_status_t ob_quant_run(const ob_kernel_call_t *call, const ob_quant_plan_t *plan) {
  for (size_t s = 0; s < plan->step_count; s++) {
    const ob_quant_step_t *step = &plan->steps[s];
    OB_TRY(ob_kernel_poll(call));
    if (step->step == OB_QUANT_STEP_ENTER)
      move(call->inputs[step->tensor]->data, buffer_at(call, plan, step->y), &plan->buffers[step->y], true);
    else if (step->step == OB_QUANT_STEP_LEAVE)
      move(buffer_at(call, plan, step->x[0]), call->outputs[step->tensor]->data, &plan->buffers[step->x[0]], false);
    else
      run_op(call, plan, step);
  }
  return OB_OK;
}
