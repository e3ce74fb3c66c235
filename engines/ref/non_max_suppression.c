/* NonMaxSuppression: for each image and class the boxes with the highest scores, leaving out those that overlap a chosen one. */
#include <math.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

typedef struct box {
  double y0, x0, y1, x1;
} box_t;

typedef struct suppression {
  const ob_tensor_t *boxes, *scores;
  int64_t batches, classes, count, most;
  double overlap, threshold;
  bool thresholded, centered;
  int64_t *chosen; /* of one image and class */
  bool *done;
} suppression_t;

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  size_t offset, count = setup->inputs[0]->rank == 3 ? (size_t)setup->inputs[0]->dims[1] : 0;
  return ob_ref_reserve(setup, count, sizeof(int64_t) + sizeof(bool), &offset);
}

static ob_status_t begin(const ob_kernel_call_t *call, suppression_t *s) {
  const ob_tensor_t *most = ob_ref_input(call, 2), *overlap = ob_ref_input(call, 3), *threshold = ob_ref_input(call, 4);
  *s = (suppression_t){.boxes = call->inputs[0], .scores = call->inputs[1], .centered = ob_kernel_int(call, "center_point_box", 0) != 0};
  if (s->boxes->rank != 3 || s->boxes->dims[2] != 4 || s->scores->rank != 3 || s->scores->dims[0] != s->boxes->dims[0] ||
      s->scores->dims[2] != s->boxes->dims[1])
    return ob_fail(OB_INVALID_ARGUMENT, "boxes and scores do not fit each other");
  s->batches = s->boxes->dims[0];
  s->count = s->boxes->dims[1];
  s->classes = s->scores->dims[1];
  s->most = most && ob_tensor_count(most) > 0 ? ob_ref_get_int(most->dtype, most->data, 0) : 0;
  s->overlap = overlap && ob_tensor_count(overlap) > 0 ? ob_ref_get(overlap->dtype, overlap->data, 0) : 0;
  s->thresholded = threshold && ob_tensor_count(threshold) > 0;
  if (s->thresholded) s->threshold = ob_ref_get(threshold->dtype, threshold->data, 0);
  s->chosen = call->scratch;
  s->done = (bool *)(void *)(s->chosen + s->count);
  return OB_OK;
}

static box_t read_box(const suppression_t *s, int64_t batch, int64_t i) {
  double v[4];
  ob_ref_load(s->boxes->dtype, s->boxes->data, (size_t)((batch * s->count + i) * 4), 1, 4, v);
  if (s->centered) return (box_t){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
  return (box_t){fmin(v[0], v[2]), fmin(v[1], v[3]), fmax(v[0], v[2]), fmax(v[1], v[3])};
}

/* Intersection over union. */
static double overlap_of(box_t a, box_t b) {
  double height = fmin(a.y1, b.y1) - fmax(a.y0, b.y0), width = fmin(a.x1, b.x1) - fmax(a.x0, b.x0);
  double first = (a.y1 - a.y0) * (a.x1 - a.x0), second = (b.y1 - b.y0) * (b.x1 - b.x0);
  if (!(height > 0 && width > 0 && first > 0 && second > 0)) return 0;
  return height * width / (first + second - height * width);
}

static double score_of(const suppression_t *s, int64_t batch, int64_t class, int64_t i) {
  return ob_ref_get(s->scores->dtype, s->scores->data, (size_t)((batch * s->classes + class) * s->count + i));
}

/* The box with the highest score that was not looked at yet, the first of equal ones; -1: none. */
static int64_t next_best(const suppression_t *s, int64_t batch, int64_t class) {
  int64_t best = -1;
  for (int64_t i = 0; i < s->count; i++) {
    double score = score_of(s, batch, class, i);
    if (s->done[i] || (s->thresholded && !(score > s->threshold))) continue;
    if (best < 0 || score > score_of(s, batch, class, best)) best = i;
  }
  return best;
}

/* Fills s->chosen for one image and class. */
static int64_t choose(const suppression_t *s, int64_t batch, int64_t class) {
  int64_t count = 0;
  for (int64_t i = 0; i < s->count; i++) s->done[i] = false;
  for (int64_t best; count < s->most && (best = next_best(s, batch, class)) >= 0;) {
    bool keep = true;
    s->done[best] = true;
    for (int64_t k = 0; keep && k < count; k++) keep = !(overlap_of(read_box(s, batch, best), read_box(s, batch, s->chosen[k])) > s->overlap);
    if (keep) s->chosen[count++] = best;
  }
  return count;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  suppression_t s;
  int64_t dims[2] = {0, 3}, at = 0;
  OB_TRY(begin(call, &s));
  for (int64_t bc = 0; bc < s.batches * s.classes; bc++) {
    OB_TRY(ob_kernel_poll(call));
    dims[0] += choose(&s, bc / s.classes, bc % s.classes);
  }
  OB_TRY(ob_kernel_allocate(call, 0, 2, dims));
  int64_t *y = call->outputs[0]->data;
  for (int64_t bc = 0; bc < s.batches * s.classes; bc++) {
    int64_t count = choose(&s, bc / s.classes, bc % s.classes);
    for (int64_t k = 0; k < count; k++) {
      y[at++] = bc / s.classes;
      y[at++] = bc % s.classes;
      y[at++] = s.chosen[k];
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_NonMaxSuppression = {.op = "NonMaxSuppression", .domain = "", .prepare = prepare, .run = run};
