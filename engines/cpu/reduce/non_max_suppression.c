/* NonMaxSuppression: a heap gives the boxes of an image and class by falling score; those that overlap a chosen one are left out. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"

typedef struct box {
  double y0, x0, y1, x1, area;
} box_t;

typedef struct job {
  size_t batches, classes, count, most; /* most: of an image and class */
  const float *scores;
  const box_t *boxes; /* [batch][count] */
  double overlap, threshold;
  bool thresholded;
  int64_t *heaps;  /* [piece][count] */
  int64_t *chosen; /* [batch][class][most] */
  size_t *found;   /* [batch][class] */
} job_t;

static box_t read_box(const float *v, bool centered) {
  box_t b;
  if (centered) {
    const double x = (double)v[0], y = (double)v[1], w = (double)v[2] / 2, h = (double)v[3] / 2;
    b = (box_t){.y0 = y - h, .x0 = x - w, .y1 = y + h, .x1 = x + w};
  } else {
    const double y = (double)v[0], x = (double)v[1], z = (double)v[2], w = (double)v[3];
    b = (box_t){.y0 = fmin(y, z), .x0 = fmin(x, w), .y1 = fmax(y, z), .x1 = fmax(x, w)};
  }
  b.area = (b.y1 - b.y0) * (b.x1 - b.x0);
  return b;
}

/* Intersection over union. */
static double overlap_of(const box_t *a, const box_t *b) {
  const double height = fmin(a->y1, b->y1) - fmax(a->y0, b->y0), width = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
  if (!(height > 0 && width > 0 && a->area > 0 && b->area > 0)) return 0;
  return height * width / (a->area + b->area - height * width);
}

/* The higher score comes first; of equal ones the first. */
static inline bool precedes(const float *scores, int64_t a, int64_t b) {
  return scores[a] > scores[b] || (!(scores[b] > scores[a]) && a < b);
}

static void sift(const float *scores, int64_t *heap, size_t at, size_t count) {
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= count) return;
    if (child + 1 < count && precedes(scores, heap[child + 1], heap[child])) child++;
    if (!precedes(scores, heap[child], heap[at])) return;
    const int64_t kept = heap[at];
    heap[at] = heap[child];
    heap[child] = kept;
    at = child;
  }
}

static size_t choose(const job_t *job, const float *scores, const box_t *boxes, int64_t *heap, int64_t *chosen) {
  size_t left = 0, found = 0;
  for (size_t i = 0; i < job->count; i++)
    if (!job->thresholded || (double)scores[i] > job->threshold) heap[left++] = (int64_t)i;
  for (size_t i = left / 2; i-- > 0;) sift(scores, heap, i, left);
  while (left > 0 && found < job->most) {
    const int64_t best = heap[0];
    bool keep = true;
    heap[0] = heap[--left];
    sift(scores, heap, 0, left);
    for (size_t k = 0; keep && k < found; k++) keep = !(overlap_of(&boxes[best], &boxes[chosen[k]]) > job->overlap);
    if (keep) chosen[found++] = best;
  }
  return found;
}

static void run_units(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  for (size_t i = begin; i < end; i++)
    job->found[i] = choose(job, job->scores + i * job->count, job->boxes + i / job->classes * job->count, job->heaps + piece * job->count,
                           job->chosen + i * job->most);
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_tensor_t *boxes = setup->inputs[0], *scores = setup->inputs[1];
  size_t units, room;
  if (boxes->rank != 3 || boxes->dims[2] != 4 || scores->rank != 3 || scores->dims[0] != boxes->dims[0] || scores->dims[2] != boxes->dims[1])
    return ob_fail(OB_INVALID_ARGUMENT, "boxes and scores do not fit each other");
  const size_t count = (size_t)boxes->dims[1];
  if (!ob_mul_size((size_t)boxes->dims[0] * count, sizeof(box_t), &room) ||
      !ob_mul_size((size_t)boxes->dims[0], (size_t)scores->dims[1] * sizeof(size_t), &units) || !ob_add_size(room, units, &room) ||
      !ob_add_size(room, count * setup->threads * sizeof(int64_t), &setup->scratch_bytes))
    return ob_fail_memory();
  return OB_OK;
}

static const ob_tensor_t *number(const ob_kernel_call_t *call, size_t input) {
  const ob_tensor_t *tensor = ob_cpu_has(call->node, input) ? call->inputs[input] : NULL;
  return tensor && ob_tensor_count(tensor) > 0 ? tensor : NULL;
}

/* Shapes, numbers and the parts of the scratch. */
static ob_status_t begin(const ob_kernel_call_t *call, job_t *job) {
  const ob_tensor_t *boxes = call->inputs[0], *scores = call->inputs[1];
  const ob_tensor_t *most = number(call, 2), *overlap = number(call, 3), *threshold = number(call, 4);
  const bool centered = ob_kernel_int(call, "center_point_box", 0) != 0;
  const int64_t asked = most ? ob_cpu_index(most, 0) : 0;
  *job = (job_t){.batches = (size_t)boxes->dims[0], .classes = (size_t)scores->dims[1], .count = (size_t)boxes->dims[1], .scores = scores->data};
  job->most = asked < 0 ? 0 : (uint64_t)asked > job->count ? job->count : (size_t)asked;
  job->overlap = overlap ? (double)*(const float *)overlap->data : 0;
  job->thresholded = threshold != NULL;
  if (threshold) job->threshold = (double)*(const float *)threshold->data;
  box_t *all = call->scratch;
  for (size_t i = 0; i < job->batches * job->count; i++) all[i] = read_box((const float *)boxes->data + 4 * i, centered);
  job->boxes = all;
  job->found = (size_t *)(void *)(all + job->batches * job->count);
  job->heaps = (int64_t *)(void *)(job->found + job->batches * job->classes);
  size_t bytes;
  if (!ob_mul_size(job->batches * job->classes * job->most, sizeof *job->chosen, &bytes)) return ob_fail_memory();
  return ob_kernel_memory(call, bytes, (void **)&job->chosen);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  job_t job;
  int64_t dims[2] = {0, 3}, at = 0;
  OB_TRY(begin(call, &job));
  const size_t units = job.batches * job.classes;
  ob_cpu_split(call->host, call->threads, units, ob_cpu_row_grain(8 * job.count), run_units, &job);
  for (size_t i = 0; i < units; i++) dims[0] += (int64_t)job.found[i];
  OB_TRY(ob_kernel_allocate(call, 0, 2, dims));
  int64_t *y = call->outputs[0]->data;
  for (size_t i = 0; i < units; i++)
    for (size_t k = 0; k < job.found[i]; k++) {
      y[at++] = (int64_t)(i / job.classes);
      y[at++] = (int64_t)(i % job.classes);
      y[at++] = job.chosen[i * job.most + k];
    }
  return OB_OK;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  (void)region;
  for (size_t i = 0; i < node->input_count; i++)
    if (i != 2 && node->inputs[i] && node->inputs[i]->dtype != OB_FLOAT32)
      return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(node->inputs[i]->dtype));
  return true;
}

const ob_kernel_t ob_cpu_kernel_NonMaxSuppression = {.op = "NonMaxSuppression", .domain = "", .supports = supports, .prepare = prepare, .run = run};
