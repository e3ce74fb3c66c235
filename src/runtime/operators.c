/* ob_operators_list: which operators there are, and which engines have them. */
#include <outboard/outboard.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "import/onnx/onnx.h"
#include "op/op.h"
#include "runtime/engines.h"
#include "runtime/model.h"

typedef struct lister {
  ob_options_t options;
  const ob_allocator_t *allocator;
  ob_status_t status;
  OB_ARRAY(ob_opened_t *) engines;
  OB_ARRAY(ob_operator_report_t) reports;
} lister_t;

/* Engines that work are kept open. */
static void add_engine(void *user, const ob_engine_report_t *report) {
  lister_t *lister = user;
  ob_opened_t *opened;
  if (report->problem || lister->status != OB_OK) return;
  if (ob_engine_acquire(report->name, lister->options.engine_path, lister->options.threads, &opened) != OB_OK) return;
  lister->status = ob_array_push(lister->allocator, &lister->engines, opened);
  if (lister->status != OB_OK) ob_engine_release(opened);
}

static ob_status_t add_reports(lister_t *lister) {
  ob_import_operator_t found;
  for (size_t i = 0; i < ob_op_count(); i++) {
    const ob_op_t *op = ob_op_at(i);
    const ob_operator_report_t report = {.domain = op->domain, .name = op->name, .since = op->since, .about = op->doc, .engines = op->flags & OB_OP_CONTROL ? "host" : NULL};
    OB_TRY(ob_array_push(lister->allocator, &lister->reports, report));
  }
  for (size_t i = 0; ob_import_operator(i, &found); i++) {
    const ob_op_t *op = ob_op_find(found.domain, found.op);
    const ob_operator_report_t report = {.domain = found.domain, .name = found.op, .since = found.since, .about = op ? op->doc : "", .engines = "", .made_of = found.made_of};
    OB_TRY(ob_array_push(lister->allocator, &lister->reports, report));
  }
  return OB_OK;
}

/* By domain and name; of two, what takes its place comes first. */
static int compare(const void *left, const void *right) {
  const ob_operator_report_t *a = left, *b = right;
  int order = strcmp(a->domain, b->domain);
  if (order == 0) order = strcmp(a->name, b->name);
  return order ? order : (a->made_of == NULL) - (b->made_of == NULL);
}

static bool knows(const ob_opened_t *opened, const ob_operator_report_t *report) {
  const ob_engine_api_t *api = opened->api;
  return OB_API_HAS(api, knows) && api->knows(opened->engine, report->domain, report->name);
}

/* Reports one operator with the names of its engines. */
static void tell(const lister_t *lister, const ob_operator_report_t *report, void (*result)(void *, const ob_operator_report_t *), void *user) {
  char names[512] = "";
  size_t used = 0;
  ob_operator_report_t one = *report;
  for (size_t i = 0; !one.engines && i < lister->engines.count; i++) {
    const char *name = lister->engines.items[i]->name;
    size_t size = strlen(name);
    if (!knows(lister->engines.items[i], report) || used + size + 2 > sizeof names) continue;
    if (used > 0) names[used++] = ',';
    memcpy(names + used, name, size + 1);
    used += size;
  }
  if (!one.engines) one.engines = names;
  if (!one.domain[0]) one.domain = "ai.onnx";
  result(user, &one);
}

ob_status_t ob_operators_list(const ob_options_t *given, void (*result)(void *user, const ob_operator_report_t *), void *user) {
  lister_t lister = {.status = OB_OK};
  OB_TRY(ob_options_copy(given, &lister.options, sizeof lister.options));
  lister.allocator = ob_allocator_or_default(lister.options.allocator);
  ob_status_t status = ob_engines_list(given, add_engine, &lister);
  if (status == OB_OK) status = lister.status;
  if (status == OB_OK) status = add_reports(&lister);
  if (status == OB_OK) qsort(lister.reports.items, lister.reports.count, sizeof *lister.reports.items, compare);
  for (size_t i = 0; status == OB_OK && i < lister.reports.count; i++) {
    const ob_operator_report_t *report = &lister.reports.items[i], *before = i > 0 ? report - 1 : NULL;
    if (before && strcmp(before->domain, report->domain) == 0 && strcmp(before->name, report->name) == 0) continue;
    tell(&lister, report, result, user);
  }
  for (size_t i = 0; i < lister.engines.count; i++) ob_engine_release(lister.engines.items[i]);
  ob_array_free(lister.allocator, &lister.engines);
  ob_array_free(lister.allocator, &lister.reports);
  return status;
}
