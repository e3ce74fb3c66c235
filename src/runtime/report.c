/* ob_model_report: gathers the facts and writes them in the form asked for. */
#include "runtime/report.h"

ob_status_t ob_model_report(const ob_model_t *model, ob_report_t form, char **text) {
  static ob_status_t (*const writers[])(const ob_facts_t *, ob_str_t *) = {[OB_REPORT_TEXT] = ob_report_text,
                                                                           [OB_REPORT_JSON] = ob_report_json,
                                                                           [OB_REPORT_DOT] = ob_report_dot,
                                                                           [OB_REPORT_HTML] = ob_report_html};
  ob_facts_t facts;
  ob_str_t out;
  if (!model || !text) return ob_fail(OB_INVALID_ARGUMENT, "%s is NULL", model ? "text" : "model");
  *text = NULL;
  if ((size_t)form >= sizeof writers / sizeof *writers) return ob_fail(OB_INVALID_ARGUMENT, "there is no report form %d", (int)form);
  const ob_sink_t *before = ob_sink_enter(&model->sink);
  ob_str_init(&out, ob_allocator_default()); /* ob_release() knows no model */
  ob_status_t status = ob_facts_gather(model, &facts);
  if (status == OB_OK) {
    status = writers[form](&facts, &out);
    if (status == OB_OK) status = ob_str_take(&out, text);
    ob_facts_free(&facts);
  }
  ob_str_free(&out);
  ob_sink_leave(before);
  return status;
}
