/* ob_model_repair: regions that verification finds wrong go to the next engine. */
#include <stdio.h>
#include <string.h>

#include "runtime/model.h"

typedef struct found {
  bool wrong;
  char why[256];
} found_t;

typedef struct repair {
  ob_model_t *model;
  found_t *found; /* [unit] */
  void (*replaced)(void *user, const ob_verify_result_t *);
  void *user;
} repair_t;

bool ob_verify_is_wrong(const ob_verify_result_t *r) { return r->differing * 1000 > r->elements; }

static void take(void *user, const ob_verify_result_t *result) {
  const repair_t *repair = user;
  if (!ob_verify_is_wrong(result)) return;
  for (size_t i = 0; i < repair->model->unit_count; i++) {
    found_t *found = &repair->found[i];
    if (strcmp(repair->model->units[i]->region->symbol, result->symbol) != 0) continue;
    found->wrong = true;
    snprintf(found->why, sizeof found->why, "'%s' is wrong on engine '%s': %llu of %llu elements, the largest error is %.3g", ob_quote(result->output),
             result->engine, (unsigned long long)result->differing, (unsigned long long)result->elements, result->max_abs);
  }
  if (repair->replaced) repair->replaced(repair->user, result);
}

/* One round: verification, then all that is wrong moves on. */
static ob_status_t round_of(repair_t *repair, const ob_tensor_t *inputs, bool *moved) {
  ob_model_t *model = repair->model;
  *moved = false;
  for (size_t i = 0; i < model->unit_count; i++) repair->found[i].wrong = false;
  OB_TRY(ob_model_verify(model, inputs, take, repair));
  for (size_t i = 0; i < model->unit_count; i++) {
    if (!repair->found[i].wrong) continue;
    OB_TRY(ob_unit_demote(model->units[i], repair->found[i].why));
    *moved = true;
  }
  return OB_OK;
}

ob_status_t ob_model_repair(ob_model_t *model, const ob_tensor_t *inputs, void (*replaced)(void *user, const ob_verify_result_t *), void *user) {
  if (!model) return ob_fail(OB_INVALID_ARGUMENT, "model is NULL");
  repair_t repair = {.model = model, .replaced = replaced, .user = user};
  const ob_sink_t *before = ob_sink_enter(&model->sink);
  bool moved = true;
  ob_status_t status = OB_NEW_ARRAY(model->allocator, model->unit_count, &repair.found);
  while (status == OB_OK && moved) status = round_of(&repair, inputs, &moved); /* each round takes an engine from the lists of some */
  ob_free(model->allocator, repair.found);
  ob_sink_leave(before);
  return status;
}
