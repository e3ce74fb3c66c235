/* A model's engines: the preference list, opened as they are needed, and their answers for nodes. */
#include <stdio.h>
#include <string.h>

#include "runtime/bind.h"
#include "runtime/model.h"

static const char default_engines[] = "onednn,cpu,ref";

static ob_status_t add_name(ob_model_t *model, const char *begin, size_t length) {
  ob_preferred_t preferred = {0};
  OB_TRY(ob_arena_strndup(&model->arena, begin, length, &preferred.name));
  if (!ob_engine_name_is_valid(preferred.name))
    return ob_fail(OB_INVALID_ARGUMENT, "'%s' is not an engine's name", ob_quote(preferred.name));
  for (size_t i = 0; i < model->engines.count; i++)
    if (strcmp(model->engines.items[i].name, preferred.name) == 0)
      return ob_fail(OB_INVALID_ARGUMENT, "engine '%s' is listed twice", preferred.name);
  return ob_array_push(model->allocator, &model->engines, preferred);
}

ob_status_t ob_model_prefer(ob_model_t *model, const char *engines) {
  model->engines_given = engines && *engines;
  const char *at = model->engines_given ? engines : default_engines;
  for (;;) {
    size_t length = strcspn(at, ",");
    OB_TRY(add_name(model, at, length));
    if (!at[length]) return OB_OK;
    at += length + 1;
  }
}

/* With the lock held. */
static ob_status_t find_or_open(ob_model_t *model, const char *name, ob_opened_t **opened) {
  for (size_t i = 0; i < model->engines.count; i++) {
    ob_preferred_t *preferred = &model->engines.items[i];
    if (strcmp(preferred->name, name) != 0) continue;
    if (!preferred->opened) OB_TRY(ob_engine_acquire(name, model->engine_path, model->threads, &preferred->opened));
    *opened = preferred->opened;
    return OB_OK;
  }
  if (model->engines_given) return ob_fail(OB_NOT_FOUND, "engine '%s' is not among the engines asked for", ob_quote(name));
  OB_TRY(add_name(model, name, strlen(name))); /* an artifact that was compiled for it */
  ob_preferred_t *preferred = &model->engines.items[model->engines.count - 1];
  ob_status_t status = ob_engine_acquire(name, model->engine_path, model->threads, &preferred->opened);
  *opened = preferred->opened;
  if (status != OB_OK) model->engines.count--;
  return status;
}

ob_status_t ob_model_engine(ob_model_t *model, const char *name, ob_opened_t **opened) {
  *opened = NULL;
  pthread_mutex_lock(&model->lock);
  ob_status_t status = find_or_open(model, name, opened);
  pthread_mutex_unlock(&model->lock);
  return status;
}

/* True when the engine can be given this value at all. */
static bool passes(const ob_opened_t *engine, const ob_value_view_t *value) {
  return !value || (engine->info.flags & OB_ENGINE_ANY_KIND) || ob_type_is_plain(value->kind, value->dtype);
}

bool ob_engine_supports(const ob_opened_t *engine, const ob_region_view_t *view, const ob_node_view_t *node, char *reason,
                        size_t size) {
  reason[0] = 0;
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_value_view_t *value = i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
    if (passes(engine, value)) continue;
    snprintf(reason, size, "%s: strings, sequences, optionals and maps are not for this engine", node->op);
    return false;
  }
  if (engine->api->supports(engine->engine, view, node, reason, size)) return true;
  if (!reason[0]) snprintf(reason, size, "%s: no reason given", node->op);
  return false;
}
