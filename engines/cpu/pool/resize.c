/* Resize, nearest and linear: a table for each axis, made when the instance is, then one pass over rows (nearest) or one an axis. */
#include <math.h>
#include <string.h>

#include "cpu/move/copy.h"

typedef struct axis {
  size_t in, out;
  bool same;
  int64_t *low, *high; /* where the two neighbours are; nearest: low only */
  float *weight;       /* of `high` */
} axis_t;

typedef struct plan {
  bool nearest;
  int32_t rank;
  axis_t *axes;
  size_t size, largest; /* bytes of an element; elements of the largest intermediate */
} plan_t;

typedef struct grid {
  const char *coordinates, *rounding;
  double in, out, scale, width;
} grid_t;

/* Where output `o` comes from: ONNX's formulas. */
static double coordinate(const grid_t *g, double o) {
  if (strcmp(g->coordinates, "align_corners") == 0) return g->width == 1 ? 0 : o * (g->in - 1) / (g->width - 1);
  if (strcmp(g->coordinates, "asymmetric") == 0) return o / g->scale;
  if (strcmp(g->coordinates, "pytorch_half_pixel") == 0 && g->width == 1) return -0.5;
  const double offset = strcmp(g->coordinates, "half_pixel_symmetric") == 0 ? g->in / 2 * (1 - g->out / g->width) : 0;
  return offset + (o + 0.5) / g->scale - 0.5;
}

static double rounded(const grid_t *g, double x) {
  if (strcmp(g->rounding, "floor") == 0) return floor(x);
  if (strcmp(g->rounding, "ceil") == 0) return ceil(x);
  return strcmp(g->rounding, "round_prefer_ceil") == 0 ? floor(x + 0.5) : ceil(x - 0.5);
}

static int64_t clamped(double x, double in) { return !(x > 0) ? 0 : x >= in ? (int64_t)in - 1 : (int64_t)x; }

static ob_status_t fill_axis(ob_arena_t *arena, const grid_t *g, bool nearest, axis_t *axis) {
  OB_TRY(OB_ARENA_ARRAY(arena, axis->out, &axis->low));
  OB_TRY(OB_ARENA_ARRAY(arena, axis->out, &axis->high));
  OB_TRY(OB_ARENA_ARRAY(arena, axis->out, &axis->weight));
  for (size_t o = 0; o < axis->out; o++) {
    const double x = axis->same ? (double)o : coordinate(g, (double)o), first = floor(x);
    axis->low[o] = clamped(nearest ? rounded(g, x) : first, g->in);
    axis->high[o] = clamped(first + 1, g->in);
    axis->weight[o] = (float)(x - first);
  }
  return OB_OK;
}

/* Which given scale or size is for axis `i`; -1: none. */
static int64_t given_index(const ob_kernel_setup_t *setup, int32_t i, int32_t rank) {
  size_t count;
  const int64_t *axes = ob_setup_ints(setup, "axes", &count);
  if (!axes || count == 0) return i;
  for (size_t k = 0; k < count; k++)
    if (ob_cpu_axis(axes[k], rank) == i) return (int64_t)k;
  return -1;
}

static ob_status_t read_grid(const ob_kernel_setup_t *setup, int32_t i, grid_t *g) {
  const ob_tensor_t *x = setup->inputs[0], *y = setup->outputs[0];
  const ob_tensor_t *scales = ob_cpu_has(setup->node, 2) ? setup->inputs[2] : NULL;
  const bool by_scale = scales && ob_tensor_count(scales) > 0;
  const int64_t index = given_index(setup, i, x->rank);
  *g = (grid_t){.coordinates = ob_node_text(setup->node, "coordinate_transformation_mode", "half_pixel"),
                .rounding = ob_node_text(setup->node, "nearest_mode", "round_prefer_floor"),
                .in = (double)x->dims[i],
                .out = (double)y->dims[i],
                .width = (double)y->dims[i]};
  if (by_scale && !scales->data) return ob_fail(OB_UNSUPPORTED, "the scales are not known when the shapes are");
  if (by_scale && index >= (int64_t)ob_tensor_count(scales)) return ob_fail(OB_OUT_OF_RANGE, "too few scales");
  g->scale = g->in > 0 ? g->out / g->in : 1;
  if (by_scale) g->scale = index < 0 ? 1 : (double)((const float *)scales->data)[index];
  if (by_scale) g->width = g->scale * g->in;
  if (!(g->scale > 0) && g->out > 0) return ob_fail(OB_OUT_OF_RANGE, "axis %d has scale %g", (int)i, g->scale);
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *x = setup->inputs[0], *y = setup->outputs[0];
  plan_t *plan;
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  plan->nearest = strcmp(ob_node_text(setup->node, "mode", "nearest"), "nearest") == 0;
  plan->rank = x->rank;
  plan->size = ob_cpu_size(x->dtype);
  plan->largest = 1;
  OB_TRY(OB_ARENA_ARRAY(setup->arena, (size_t)x->rank, &plan->axes));
  for (int32_t i = 0; i < x->rank; i++) {
    axis_t *axis = &plan->axes[i];
    grid_t grid;
    OB_TRY(read_grid(setup, i, &grid));
    axis->in = (size_t)x->dims[i];
    axis->out = (size_t)y->dims[i];
    axis->same = axis->in == axis->out && grid.scale == 1;
    if (axis->in == 0 && axis->out > 0) return ob_fail(OB_OUT_OF_RANGE, "axis %d has no elements", (int)i);
    OB_TRY(fill_axis(setup->arena, &grid, plan->nearest, axis));
    plan->largest *= axis->in > axis->out ? axis->in : axis->out;
  }
  setup->state = plan;
  if (!plan->nearest && !ob_mul_size(2 * plan->largest, sizeof(float), &setup->scratch_bytes)) return ob_fail_memory();
  return OB_OK;
}

typedef struct job {
  const plan_t *plan;
  const char *x;
  char *y;
  /* linear: one axis */
  const axis_t *axis;
  const float *from;
  float *to;
  size_t inner;
} job_t;

#define ROW(T) \
  for (size_t i = 0; i < axis->out; i++) ((T *)(void *)to)[i] = ((const T *)(const void *)from)[axis->low[i]];

static void nearest_row(const axis_t *axis, const char *from, char *to, size_t size) {
  switch (size) {
    case 1: ROW(uint8_t) break;
    case 2: ROW(uint16_t) break;
    case 4: ROW(uint32_t) break;
    default:
      for (size_t i = 0; i < axis->out; i++) memcpy(to + i * size, from + (size_t)axis->low[i] * size, size);
  }
}

/* Rows of the output; a row like the one before is copied from it. */
static void nearest_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const plan_t *plan = job->plan;
  const axis_t *last = &plan->axes[plan->rank - 1];
  const size_t bytes = last->out * plan->size;
  size_t previous = SIZE_MAX;
  (void)piece;
  for (size_t row = begin; row < end; row++) {
    size_t rest = row, offset = 0, stride = last->in;
    for (int32_t i = plan->rank - 2; i >= 0; i--) {
      offset += (size_t)plan->axes[i].low[rest % plan->axes[i].out] * stride;
      rest /= plan->axes[i].out;
      stride *= plan->axes[i].in;
    }
    char *to = job->y + row * bytes;
    if (offset == previous)
      memcpy(to, to - bytes, bytes);
    else
      nearest_row(last, job->x + offset * plan->size, to, plan->size);
    previous = offset;
  }
}

/* Outputs of one axis: rows of `inner` elements, or single ones. */
static void linear_rows(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  const axis_t *axis = job->axis;
  const size_t inner = job->inner;
  (void)piece;
  for (size_t row = begin; row < end; row++) {
    const float *from = job->from + row / axis->out * axis->in * inner;
    const size_t o = row % axis->out;
    const float *a = from + (size_t)axis->low[o] * inner, *b = from + (size_t)axis->high[o] * inner;
    const float high = axis->weight[o], low = 1.0f - high;
    float *to = job->to + row * inner;
    for (size_t i = 0; i < inner; i++) to[i] = low * a[i] + high * b[i];
  }
}

static void run_linear(const ob_kernel_call_t *call, const plan_t *plan, job_t *job) {
  float *rooms[2] = {call->scratch, (float *)call->scratch + plan->largest};
  const float *from = (const float *)(const void *)job->x;
  size_t inner = 1, outer = 1, left = 0;
  int room = 0;
  for (int32_t i = 0; i < plan->rank; i++) {
    outer *= plan->axes[i].in;
    left += !plan->axes[i].same;
  }
  if (left == 0) {
    memcpy(job->y, job->x, outer * sizeof(float));
    return;
  }
  for (int32_t i = plan->rank - 1; i >= 0; i--) {
    const axis_t *axis = &plan->axes[i];
    outer /= axis->in;
    if (!axis->same) {
      job->axis = axis;
      job->from = from;
      job->to = --left == 0 ? (float *)(void *)job->y : rooms[room];
      job->inner = inner;
      ob_cpu_split(call->host, call->threads, outer * axis->out, ob_cpu_row_grain(inner), linear_rows, job);
      from = job->to;
      room = !room;
    }
    inner *= axis->out;
  }
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const ob_tensor_t *y = call->outputs[0];
  job_t job = {.plan = plan, .x = call->inputs[0]->data, .y = y->data};
  if (ob_tensor_count(y) == 0) return OB_OK;
  if (plan->rank == 0) {
    memcpy(y->data, job.x, plan->size);
    return OB_OK;
  }
  const size_t width = plan->axes[plan->rank - 1].out;
  if (plan->nearest)
    ob_cpu_split(call->host, call->threads, ob_tensor_count(y) / width, ob_cpu_row_grain(width), nearest_rows, &job);
  else
    run_linear(call, plan, &job);
  return OB_OK;
}

static bool is_known(const ob_node_view_t *node, size_t input) {
  return !ob_cpu_has(node, input) || node->inputs[input]->is_constant || node->inputs[input]->has_content;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const char *mode = ob_node_text(node, "mode", "nearest"), *coordinates = ob_node_text(node, "coordinate_transformation_mode", "half_pixel");
  const ob_attribute_view_t *antialias = ob_node_attribute(node, "antialias"), *outside = ob_node_attribute(node, "exclude_outside");
  (void)region;
  if (strcmp(mode, "cubic") == 0) return ob_cpu_refuse(node, reason, size, "mode cubic");
  if (strcmp(coordinates, "tf_crop_and_resize") == 0) return ob_cpu_refuse(node, reason, size, "coordinates tf_crop_and_resize");
  if (antialias && antialias->ints[0] != 0) return ob_cpu_refuse(node, reason, size, "antialias");
  if (outside && outside->ints[0] != 0) return ob_cpu_refuse(node, reason, size, "exclude_outside");
  if (strcmp(ob_node_text(node, "keep_aspect_ratio_policy", "stretch"), "stretch") != 0)
    return ob_cpu_refuse(node, reason, size, "keep_aspect_ratio_policy is not stretch");
  if (!is_known(node, 2)) return ob_cpu_refuse(node, reason, size, "the scales are not known when the shapes are");
  const ob_dtype_t dtype = node->inputs[0]->dtype;
  if (dtype == OB_FLOAT32) return true;
  if (strcmp(mode, "nearest") != 0 || ob_dtype_bits(dtype) % 8 != 0 || dtype == OB_STRING)
    return ob_cpu_refuse(node, reason, size, "mode %s of %s", mode, ob_dtype_name(dtype));
  return true;
}

const ob_kernel_t ob_cpu_kernel_Resize = {.op = "Resize", .domain = "", .supports = supports, .prepare = prepare, .run = run};
