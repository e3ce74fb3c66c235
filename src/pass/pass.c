/* Runs the passes of passes.def until nothing changes. */
#include "pass/pass.h"

#define OB_PASS(name) extern const ob_pass_t ob_pass_##name;
#include "pass/passes.def"
#undef OB_PASS

static const ob_pass_t *const passes[] = {
#define OB_PASS(name) &ob_pass_##name,
#include "pass/passes.def"
#undef OB_PASS
};

enum { MOST_ROUNDS = 16 };

static ob_status_t run_pass(const ob_pass_t *pass, ob_module_t *module, const ob_pass_context_t *context, bool *changed) {
  for (size_t i = 0; i < module->graphs.count; i++) { /* a pass may add graphs; they are visited too */
    ob_graph_t *graph = module->graphs.items[i];
    bool here = false;
    ob_status_t status = pass->run(graph, context, &here);
    if (status != OB_OK) return ob_fail_within(status, "pass %s: ", pass->name);
    if (!here) continue;
    OB_TRY(ob_graph_sort(graph)); /* first: compaction goes by the order of the nodes */
    OB_TRY(ob_graph_compact(graph));
    *changed = true;
  }
  return OB_OK;
}

ob_status_t ob_passes_run(ob_module_t *module, const ob_pass_context_t *context) {
  bool changed = true;
  OB_TRY(ob_pass_name_elements(module));
  for (int round = 0; changed && round < MOST_ROUNDS; round++) {
    changed = false;
    OB_TRY(ob_module_compact(module));
    for (size_t p = 0; p < sizeof passes / sizeof *passes; p++) OB_TRY(run_pass(passes[p], module, context, &changed));
    if (changed) OB_TRY(ob_infer_graph(module->main));
  }
  return ob_module_compact(module);
}
