/* A run: blocks of tiles, or the filters of one block, over the threads. */
#include "winograd/simd.h"

typedef struct job {
  const ob_winograd_t *plan;
  const ob_winograd_call_t *call;
  ob_winograd_part_t part; /* by_filter: of all threads */
  size_t pieces;
} job_t;

static size_t spectrum_floats(const ob_winograd_t *p) { return p->spectrum_step * p->points; }
static size_t product_floats(const ob_winograd_t *p) { return p->product_step * p->points; }

static void first_of(const job_t *job, size_t count, size_t piece, size_t *begin, size_t *end) {
  *begin = count * piece / job->pieces;
  *end = count * (piece + 1) / job->pieces;
}

static size_t tiles_from(const ob_winograd_t *p, size_t first) { return p->tiles - first < p->block ? p->tiles - first : p->block; }

static void run_blocks(void *arg, size_t first_piece, size_t end_piece) {
  const job_t *job = arg;
  const ob_winograd_t *p = job->plan;
  for (size_t piece = first_piece; piece < end_piece; piece++) {
    float *room = (float *)job->call->scratch + piece * (spectrum_floats(p) + product_floats(p));
    size_t begin, end;
    first_of(job, p->blocks, piece, &begin, &end);
    for (size_t b = begin; b < end; b++) {
      const ob_winograd_part_t part = {.plan = p,
                                       .call = job->call,
                                       .first = b * p->block,
                                       .count = tiles_from(p, b * p->block),
                                       .spectrum = room,
                                       .products = room + spectrum_floats(p)};
      for (size_t c = 0; c < p->channels / p->isa->lanes; c++) p->isa->analyse(&part, c);
      for (size_t f = 0; f < p->filters / p->isa->panel; f++) p->isa->synthesise(&part, f);
    }
  }
}

static void analyse_some(void *arg, size_t begin, size_t end) {
  const job_t *job = arg;
  for (size_t c = begin; c < end; c++) job->plan->isa->analyse(&job->part, c);
}

static void synthesise_some(void *arg, size_t first_piece, size_t end_piece) {
  const job_t *job = arg;
  for (size_t piece = first_piece; piece < end_piece; piece++) {
    ob_winograd_part_t part = job->part;
    size_t begin, end;
    part.products += piece * product_floats(job->plan);
    first_of(job, job->plan->filters / job->plan->isa->panel, piece, &begin, &end);
    for (size_t f = begin; f < end; f++) job->plan->isa->synthesise(&part, f);
  }
}

void ob_winograd_run(const ob_host_t *host, const ob_winograd_t *plan, const ob_winograd_call_t *call) {
  job_t job = {.plan = plan, .call = call, .pieces = plan->threads};
  if (!plan->by_filter) {
    host->parallel_for(plan->threads, job.pieces, 1, run_blocks, &job);
    return;
  }
  for (size_t b = 0; b < plan->blocks; b++) {
    job.part = (ob_winograd_part_t){.plan = plan,
                                    .call = call,
                                    .first = b * plan->block,
                                    .count = tiles_from(plan, b * plan->block),
                                    .spectrum = call->scratch,
                                    .products = (float *)call->scratch + spectrum_floats(plan)};
    host->parallel_for(plan->threads, plan->channels / plan->isa->lanes, 1, analyse_some, &job);
    host->parallel_for(plan->threads, job.pieces, 1, synthesise_some, &job);
  }
}
