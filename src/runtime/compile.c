/* Compiling: from an imported module to a partitioned one, ready to be opened like an artifact. */
#include "partition/partition.h"
#include "pass/pass.h"
#include "runtime/model.h"

static void log_line(void *user, const char *line) {
  (void)user;
  ob_log(OB_LOG_DEBUG, "%s", line);
}

static ob_status_t run_passes(ob_model_t *model) {
  ob_folder_t folder = {.model = model};
  ob_evaluator_t evaluator;
  ob_pass_context_t context = {.log = log_line};
  for (size_t i = 0; i < model->engines.count; i++) context.keep_quantised |= (model->engines.items[i].opened->info.flags & OB_ENGINE_FUSES_QDQ) != 0;
  /* without `ref` nothing is folded, which costs speed only */
  if (ob_engine_acquire("ref", model->engine_path, model->threads, &folder.engine) == OB_OK) {
    ob_folder_evaluator(&folder, &evaluator);
    context.evaluator = &evaluator;
  }
  ob_status_t status = ob_passes_run(model->module, &context);
  ob_engine_release(folder.engine);
  return status;
}

/* Opens all engines of the list. One that the caller asked for must be there; of the default ones those count that are. */
static ob_status_t open_engines(ob_model_t *model) {
  for (size_t i = 0; i < model->engines.count;) {
    ob_opened_t *opened;
    ob_status_t status = ob_model_engine(model, model->engines.items[i].name, &opened);
    if (status == OB_OUT_OF_MEMORY || (status != OB_OK && model->engines_given)) return status;
    if (status == OB_OK) {
      i++;
      continue;
    }
    ob_log(status == OB_NOT_FOUND ? OB_LOG_INFO : OB_LOG_WARNING, "%s", ob_error_message());
    for (size_t k = i + 1; k < model->engines.count; k++) model->engines.items[k - 1] = model->engines.items[k];
    model->engines.count--;
  }
  return model->engines.count > 0 ? OB_OK : ob_fail(OB_NOT_FOUND, "no engine is installed: see `outboard engines`");
}

static bool ask(void *self, const ob_region_view_t *graph, const ob_node_view_t *node, char *reason, size_t size) {
  return ob_engine_supports(self, graph, node, reason, size);
}

static ob_status_t place(ob_model_t *model, const ob_compile_options_t *wishes) {
  ob_candidate_t *candidates;
  OB_TRY(OB_NEW_ARRAY(model->allocator, model->engines.count, &candidates));
  for (size_t i = 0; i < model->engines.count; i++) {
    ob_opened_t *opened = model->engines.items[i].opened;
    candidates[i] = (ob_candidate_t){opened->name, opened->info.flags, opened, ask};
  }
  ob_partition_options_t options = {candidates, model->engines.count, wishes->require, wishes->forbid};
  ob_status_t status = ob_partition(model->module, &options);
  ob_free(model->allocator, candidates);
  return status;
}

static void tell(const ob_model_t *model, const char *what, uint64_t done) {
  if (model->progress) model->progress(model->progress_user, what, done, 4);
}

ob_status_t ob_model_compile(ob_model_t *model, const ob_compile_options_t *options) {
  ob_module_t *module = model->module;
  OB_TRY(ob_constants_align(module));
  tell(model, "reading the model", 1);
  OB_TRY(ob_dims_apply(module, options->dims));
  OB_TRY(open_engines(model));
  OB_TRY(run_passes(model));
  tell(model, "rewriting", 2);
  OB_TRY(ob_constants_align(module)); /* what folding made */
  OB_TRY(place(model, options));
  OB_TRY(ob_module_compact(module));
  tell(model, "placing", 3);
  return OB_OK;
}
