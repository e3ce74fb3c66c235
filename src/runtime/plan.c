/* Plans: a segment of a program with numbers for its symbols: shapes, engine instances, offsets in one arena. Cached. */
#include <string.h>

#include "base/checked.h"
#include "base/dtype.h"
#include "base/str.h"
#include "plan/memory.h"
#include "runtime/bind.h"
#include "runtime/program.h"

enum { ALIGNMENT = 64 };

/* While a plan is made. */
typedef struct planner {
  const ob_plan_request_t *request;
  const ob_program_t *program;
  ob_segment_t *segment;
  ob_plan_t *plan;
  ob_arena_t scratch;
  int32_t *buffer_of; /* [value]: its buffer, or -1 */
  uint32_t *value_of; /* [buffer]: OB_NO_VALUE for workspaces */
  ob_plan_buffer_t *buffers;
  size_t buffer_count;
  bool *taken;        /* [buffer]: its memory was given to an output */
} planner_t;

/* ---------------------------------------------------------------- shapes and contents */

/* The symbols of an expression, each once, as far as there is room. */
typedef struct symbol_list {
  uint32_t items[8];
  size_t count;
} symbol_list_t;

static void list_symbols(const ob_expr_t *expr, symbol_list_t *list) {
  for (uint32_t i = 0; i < expr->count; i++) list_symbols(expr->args[i], list);
  if (expr->op != OB_EXPR_SYMBOL) return;
  for (size_t i = 0; i < list->count; i++)
    if (list->items[i] == (uint32_t)expr->value) return;
  if (list->count < sizeof list->items / sizeof *list->items) list->items[list->count++] = (uint32_t)expr->value;
}

/* "n = 4 ('x' axis 0), k = 3": the numbers that an expression was computed with, and where they come from. */
static void print_numbers(const planner_t *p, const ob_expr_t *expr, ob_str_t *text) {
  const ob_module_t *module = p->program->model->module;
  symbol_list_t list = {.count = 0};
  list_symbols(expr, &list);
  for (size_t i = 0; i < list.count; i++) {
    const ob_symbol_t *symbol = ob_expr_symbol_at(module->exprs, list.items[i]);
    ob_str_printf(text, "%s%s = %lld", i > 0 ? ", " : "", ob_quote(symbol->name), (long long)p->request->symbols[list.items[i]]);
    bool given = symbol->source == OB_SYMBOL_DIM || symbol->source == OB_SYMBOL_ELEMENT;
    if (!given || symbol->input >= module->main->inputs.count) continue;
    ob_str_printf(text, " ('%s' %s %u)", ob_quote(module->main->inputs.items[symbol->input]->name),
                  symbol->source == OB_SYMBOL_DIM ? "axis" : "element", symbol->index);
  }
}

/* "node 'sum': Add: the shapes broadcast: eq(n, m) does not hold for n = 4 ('x' axis 0), m = 3 ('y' axis 0)" */
static ob_status_t fail_guard(const planner_t *p, const ob_guard_t *guard, ob_status_t status) {
  const char *node = ob_quote(guard->node ? guard->node : ""), *reason = guard->reason ? guard->reason : "the shapes do not fit";
  ob_str_t text, numbers;
  ob_str_init(&text, p->program->model->allocator);
  ob_str_init(&numbers, p->program->model->allocator);
  ob_expr_print(p->program->model->module->exprs, guard->expr, &text);
  print_numbers(p, guard->expr, &numbers);
  const char *formula = text.text ? text.text : "", *with = numbers.text ? numbers.text : "";
  if (status != OB_OK) ob_fail_within(status, "node '%s': %s: %s, with %s: ", node, reason, formula, with);
  else status = ob_fail(OB_INVALID_ARGUMENT, "node '%s': %s: %s does not hold for %s", node, reason, formula, with);
  ob_str_free(&text);
  ob_str_free(&numbers);
  return status;
}

static ob_status_t check_guards(const planner_t *p) {
  for (size_t i = 0; i < p->segment->guards.count; i++) {
    const ob_guard_t *guard = p->segment->guards.items[i];
    int64_t holds;
    ob_status_t status = ob_expr_eval(guard->expr, p->request->symbols, &holds);
    if (status != OB_OK || !holds) return fail_guard(p, guard, status);
  }
  return OB_OK;
}

/* The node that makes a value, or "" for an input. A region's output is made inside of it. */
static const char *maker(const ob_value_t *value) {
  const ob_node_t *node = value->producer;
  if (node && node->region && value->output < node->region->body->outputs.count) node = node->region->body->outputs.items[value->output]->producer;
  return node ? node->name : "";
}

static ob_status_t fail_shape(ob_status_t status, const ob_value_t *value) {
  return maker(value)[0] ? ob_fail_within(status, "node '%s': ", ob_quote(maker(value))) : status;
}

static ob_status_t place_shape(const planner_t *p, const ob_value_t *value, ob_place_t *place) {
  int64_t *dims = (int64_t *)(uintptr_t)place->dims; /* the plan's own */
  for (int32_t i = 0; i < place->rank; i++) {
    ob_status_t status = ob_expr_eval(value->type.dims[i], p->request->symbols, &dims[i]);
    if (status != OB_OK) return fail_shape(ob_fail_within(status, "axis %d of '%s': ", i, ob_quote(value->name)), value);
    if (dims[i] < 0)
      return fail_shape(ob_fail(OB_INVALID_ARGUMENT, "axis %d of '%s' comes to %lld", i, ob_quote(value->name), (long long)dims[i]), value);
  }
  if (!ob_tensor_bytes(value->type.dtype, place->rank, dims, &place->bytes))
    return fail_shape(ob_fail(OB_OUT_OF_MEMORY, "'%s' is too large", ob_quote(value->name)), value);
  return OB_OK;
}

static ob_status_t place_content(const planner_t *p, const ob_value_t *value, const ob_place_t *place) {
  void *data = (void *)(uintptr_t)place->data; /* the plan's own */
  size_t count;
  if (!ob_dims_count(place->rank, place->dims, &count) || count > value->content_count)
    return ob_fail(OB_INTERNAL, "'%s' has %zu elements of content, its shape wants more", ob_quote(value->name),
                   value->content_count);
  for (size_t i = 0; i < count; i++) {
    int64_t number;
    ob_status_t status = ob_expr_eval(value->content[i], p->request->symbols, &number);
    if (status != OB_OK) return ob_fail_within(status, "element %zu of '%s': ", i, ob_quote(value->name));
    ob_tensor_set_element(value->type.dtype, data, i, number);
  }
  return OB_OK;
}

/* Room for elements that are expressions. */
static ob_status_t reserve_content(ob_plan_t *plan, const ob_value_t *value, ob_place_t *place) {
  void *data;
  OB_TRY(ob_arena_alloc(&plan->arena, ob_dtype_bytes(value->type.dtype, value->content_count) + ALIGNMENT, &data));
  place->data = (void *)(((uintptr_t)data + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
  place->kind = OB_PLACE_CONTENT;
  return OB_OK;
}

ob_status_t ob_plan_reserve(const ob_plan_request_t *request, ob_plan_t *plan) {
  const ob_program_t *program = request->program;
  const ob_segment_t *segment = &program->segments[request->segment];
  OB_TRY(OB_ARENA_ARRAY(&plan->arena, segment->symbol_count, &plan->key));
  OB_TRY(OB_ARENA_ARRAY(&plan->arena, segment->local_count, &plan->places));
  OB_TRY(OB_ARENA_ARRAY(&plan->arena, segment->end - segment->begin, &plan->bounds));
  OB_TRY(OB_ARENA_ARRAY(&plan->arena, segment->end - segment->begin, &plan->workspaces));
  plan->bound_count = segment->end - segment->begin;
  for (size_t i = 0; i < segment->local_count; i++) {
    uint32_t v = segment->locals[i];
    const ob_value_t *value = program->values[v];
    ob_place_t *place = &plan->places[i];
    place->rank = value->type.rank;
    OB_TRY(OB_ARENA_ARRAY(&plan->arena, (size_t)place->rank, (int64_t **)(uintptr_t)&place->dims));
    if (!value->producer) { /* symbolic content: steps make all the others */
      OB_TRY(reserve_content(plan, value, place));
    } else if (program->output_of[v] >= 0) {
      place->kind = OB_PLACE_OUTPUT;
      place->output = (uint32_t)program->output_of[v];
    }
  }
  return OB_OK;
}

/* Shapes and contents of everything that the segment places. */
static ob_status_t place_locals(const planner_t *p) {
  ob_plan_t *plan = p->plan;
  plan->total_bytes = 0;
  for (size_t i = 0; i < p->segment->local_count; i++) {
    const ob_value_t *value = p->program->values[p->segment->locals[i]];
    ob_place_t *place = &plan->places[i];
    OB_TRY(place_shape(p, value, place));
    if (place->kind == OB_PLACE_CONTENT) OB_TRY(place_content(p, value, place));
    if (!ob_add_size(plan->total_bytes, place->bytes, &plan->total_bytes))
      return ob_fail(OB_OUT_OF_MEMORY, "the values of '%s' are too large", ob_quote(p->program->name));
  }
  return OB_OK;
}

ob_status_t ob_plan_shape(const ob_plan_request_t *request, ob_plan_t *plan) {
  ob_segment_t *segment = &request->program->segments[request->segment];
  planner_t p = {.request = request, .program = request->program, .segment = segment, .plan = plan};
  for (size_t i = 0; i < segment->symbol_count; i++) plan->key[i] = request->symbols[segment->symbols[i]];
  OB_TRY(check_guards(&p));
  return place_locals(&p);
}

/* The most bytes that values can have, in place of those at the numbers given. */
static ob_status_t enlarge(const planner_t *p) {
  for (size_t i = 0; i < p->segment->local_count; i++)
    OB_TRY(ob_value_largest_bytes(p->program->model, p->program->values[p->segment->locals[i]], &p->plan->places[i].bytes));
  return OB_OK;
}

/* ---------------------------------------------------------------- memory */

static void add_buffer(planner_t *p, uint32_t value, size_t bytes, uint32_t first, uint32_t last) {
  p->value_of[p->buffer_count] = value;
  p->buffers[p->buffer_count++] = (ob_plan_buffer_t){.bytes = bytes, .first = first, .last = last, .shares = -1};
}

/* True when output memory may take over the input's: nobody reads the input afterwards, and it is read once here. */
static bool may_take(const planner_t *p, const ob_step_t *step, uint32_t s, uint32_t input, size_t bytes) {
  uint32_t v = step->inputs[input], reads = 0;
  if (v == OB_NO_VALUE || p->buffer_of[v] < 0 || p->taken[p->buffer_of[v]] || p->program->last_use[v] != s) return false;
  for (uint32_t i = 0; i < step->input_count; i++) reads += step->inputs[i] == v;
  return reads == 1 && p->buffers[p->buffer_of[v]].bytes == bytes;
}

static void share(planner_t *p, const ob_step_t *step, uint32_t s, const ob_bound_t *bound) {
  const int32_t *in_place = bound->info.in_place;
  for (uint32_t o = 0; in_place && o < step->output_count; o++) {
    int32_t buffer = p->buffer_of[step->outputs[o]];
    if (in_place[o] < 0 || (uint32_t)in_place[o] >= step->input_count || buffer < 0) continue;
    if (!may_take(p, step, s, (uint32_t)in_place[o], p->buffers[buffer].bytes)) continue;
    int32_t input = p->buffer_of[step->inputs[in_place[o]]];
    p->taken[input] = true;
    p->buffers[buffer].shares = input;
  }
}

/* Instances and buffers of one step. */
static ob_status_t plan_step(planner_t *p, uint32_t s, const uint32_t *local_of) {
  const ob_step_t *step = &p->program->steps[s];
  uint32_t at = s - p->segment->begin, end = p->segment->end;
  ob_bound_t **bound = &p->plan->bounds[at];
  if (step->kind == OB_STEP_REGION) {
    ob_bind_request_t request = {.symbols = p->request->symbols, .threads = p->request->threads};
    OB_TRY(ob_unit_bind(step->unit, &request, bound));
    add_buffer(p, OB_NO_VALUE, (*bound)->info.workspace_bytes, s, s);
  }
  for (uint32_t o = 0; o < step->output_count; o++) {
    uint32_t v = step->outputs[o];
    if (v == OB_NO_VALUE || p->program->deferred[v]) continue;
    const ob_place_t *place = &p->plan->places[local_of[v]];
    if (place->kind != OB_PLACE_ARENA) continue;
    uint32_t last = p->program->last_use[v];
    p->buffer_of[v] = (int32_t)p->buffer_count;
    add_buffer(p, v, place->bytes, s, last >= end ? end : last);
  }
  if (*bound && !p->request->largest) share(p, step, s, *bound); /* another shape's instance may not offer it */
  return OB_OK;
}

static ob_status_t plan_memory(planner_t *p, const uint32_t *local_of) {
  ob_plan_t *plan = p->plan;
  OB_TRY(ob_plan_memory(p->buffers, p->buffer_count, ALIGNMENT, p->program->model->allocator, &plan->arena_bytes,
                        &plan->lower_bound));
  for (size_t i = 0; i < p->buffer_count; i++) {
    if (p->value_of[i] == OB_NO_VALUE) plan->workspaces[p->buffers[i].first - p->segment->begin] = p->buffers[i].offset;
    else plan->places[local_of[p->value_of[i]]].offset = p->buffers[i].offset;
  }
  return OB_OK;
}

static ob_status_t fill(planner_t *p) {
  size_t steps = p->segment->end - p->segment->begin, values = p->program->value_count;
  uint32_t *local_of;
  OB_TRY(ob_plan_reserve(p->request, p->plan));
  OB_TRY(OB_ARENA_ARRAY(&p->scratch, values, &local_of));
  OB_TRY(OB_ARENA_ARRAY(&p->scratch, values, &p->buffer_of));
  OB_TRY(OB_ARENA_ARRAY(&p->scratch, values + steps, &p->value_of));
  OB_TRY(OB_ARENA_ARRAY(&p->scratch, values + steps, &p->buffers));
  OB_TRY(OB_ARENA_ARRAY(&p->scratch, values + steps, &p->taken));
  for (size_t v = 0; v < values; v++) p->buffer_of[v] = -1;
  for (size_t i = 0; i < p->segment->local_count; i++) local_of[p->segment->locals[i]] = (uint32_t)i;
  OB_TRY(ob_plan_shape(p->request, p->plan));
  if (p->request->largest) OB_TRY(enlarge(p));
  for (uint32_t s = p->segment->begin; s < p->segment->end; s++) OB_TRY(plan_step(p, s, local_of));
  return plan_memory(p, local_of);
}

void ob_plan_free(const ob_allocator_t *allocator, ob_plan_t *plan) {
  for (size_t i = 0; i < plan->bound_count; i++) ob_bound_release(plan->bounds[i]);
  ob_arena_free(&plan->arena);
  ob_free(allocator, plan);
}

ob_status_t ob_plan_create(const ob_plan_request_t *request, ob_plan_t **out) {
  const ob_allocator_t *allocator = request->program->model->allocator;
  ob_plan_t *plan;
  OB_TRY(OB_NEW(allocator, &plan));
  atomic_init(&plan->references, 1);
  plan->threads = request->threads;
  plan->generation = atomic_load(&request->program->model->generation);
  ob_arena_init(&plan->arena, allocator);
  planner_t p = {.request = request,
                 .program = request->program,
                 .segment = &request->program->segments[request->segment],
                 .plan = plan};
  ob_arena_init(&p.scratch, allocator);
  ob_status_t status = fill(&p);
  ob_arena_free(&p.scratch);
  if (status != OB_OK) {
    ob_plan_free(allocator, plan);
    return status;
  }
  *out = plan;
  return OB_OK;
}

/* ---------------------------------------------------------------- the cache */

static ob_plan_t *find(ob_segment_t *segment, const ob_plan_request_t *request) {
  unsigned generation = atomic_load(&request->program->model->generation);
  for (ob_plan_t *plan = segment->plans; plan; plan = plan->next) {
    if (plan->generation != generation || plan->threads != request->threads) continue;
    size_t i = 0;
    while (i < segment->symbol_count && plan->key[i] == request->symbols[segment->symbols[i]]) i++;
    if (i < segment->symbol_count) continue;
    plan->last_use = ++segment->clock;
    atomic_fetch_add(&plan->references, 1);
    return plan;
  }
  return NULL;
}

/* The unused plan that was not wanted for longest, taken out of the list; NULL: all are in use. */
static ob_plan_t *take_oldest(ob_segment_t *segment) {
  ob_plan_t **oldest = NULL;
  for (ob_plan_t **link = &segment->plans; *link; link = &(*link)->next)
    if (atomic_load(&(*link)->references) == 0 && (!oldest || (*link)->last_use < (*oldest)->last_use)) oldest = link;
  if (!oldest) return NULL;
  ob_plan_t *plan = *oldest;
  *oldest = plan->next;
  segment->plan_count--;
  return plan;
}

/* Makes room in a full list: more than one goes when many were in use before. */
static ob_plan_t *evict(ob_segment_t *segment, size_t most) {
  ob_plan_t *gone = NULL, *plan;
  while (segment->plan_count >= most && (plan = take_oldest(segment))) {
    plan->next = gone;
    gone = plan;
  }
  return gone;
}

static void insert(ob_segment_t *segment, ob_plan_t *plan) {
  plan->last_use = ++segment->clock;
  plan->next = segment->plans;
  segment->plans = plan;
  segment->plan_count++;
}

void ob_plan_free_all(const ob_allocator_t *allocator, ob_plan_t *plan) {
  while (plan) {
    ob_plan_t *next = plan->next;
    ob_plan_free(allocator, plan);
    plan = next;
  }
}

ob_status_t ob_plan_acquire(const ob_plan_request_t *request, ob_plan_t **out) {
  const ob_model_t *model = request->program->model;
  ob_segment_t *segment = &request->program->segments[request->segment];
  ob_plan_t *drop = NULL, *plan = NULL;
  pthread_mutex_lock(&segment->lock);
  *out = find(segment, request);
  if (!*out) drop = evict(segment, model->max_plans); /* now, so that its instances are free to go when new ones are made */
  pthread_mutex_unlock(&segment->lock);
  if (*out) return OB_OK;
  ob_plan_free_all(model->allocator, drop);
  OB_TRY(ob_plan_create(request, &plan));
  pthread_mutex_lock(&segment->lock);
  *out = find(segment, request); /* another thread may have been faster */
  drop = plan;
  if (!*out) {
    drop = evict(segment, model->max_plans);
    insert(segment, plan);
    *out = plan;
  }
  pthread_mutex_unlock(&segment->lock);
  ob_plan_free_all(model->allocator, drop);
  return OB_OK;
}

void ob_plan_release(ob_plan_t *plan) {
  if (plan) atomic_fetch_sub(&plan->references, 1);
}
