/* Reports as one HTML page without anything from outside: the figures, the graph as SVG coloured by engine, and every node. */
#include <string.h>

#include "runtime/report.h"
#include "runtime/report_colour.h"

const char *ob_engine_colour(const char *engine) {
  static const struct {
    const char *engine, *colour;
  } known[] = {{"onednn", "#9ecae1"}, {"cpu", "#fdd0a2"}, {"ref", "#d9d9d9"}, {"host", "#dadaeb"}};
  static const char *const others[] = {"#c7e9c0", "#fcbba1", "#fee391", "#ccebc5", "#bcbddc"};
  size_t sum = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].engine, engine) == 0) return known[i].colour;
  for (; *engine; engine++) sum = sum * 31 + (unsigned char)*engine;
  return others[sum % (sizeof others / sizeof *others)];
}

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Outboard report</title><style>\n"
    "body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#222;background:#fff}\n"
    "pre{background:#f6f6f6;padding:1rem;overflow:auto}table{border-collapse:collapse}\n"
    "td,th{border:1px solid #ddd;padding:2px 6px;text-align:left;vertical-align:top;font-size:12px}\n"
    "svg text{font:10px system-ui,sans-serif}.scroll{overflow:auto;max-height:80vh;border:1px solid #ddd}\n"
    "</style></head><body>\n<h1>Outboard report</h1>\n";

enum { NODE_WIDTH = 120, NODE_HEIGHT = 22, GAP_X = 16, GAP_Y = 26 };

/* Place of each flat node: its layer down, its turn in the layer across. */
typedef struct layout {
  uint32_t *column;
  uint32_t layers, columns;
} picture_t;

static ob_status_t arrange(const ob_facts_t *facts, ob_arena_t *arena, picture_t *picture) {
  uint32_t *filled;
  for (size_t i = 0; i < facts->nodes.count; i++)
    if (facts->nodes.items[i].layer >= picture->layers) picture->layers = facts->nodes.items[i].layer + 1;
  OB_TRY(OB_ARENA_ARRAY(arena, facts->nodes.count, &picture->column));
  OB_TRY(OB_ARENA_ARRAY(arena, picture->layers, &filled));
  for (size_t i = 0; i < facts->nodes.count; i++) {
    picture->column[i] = filled[facts->nodes.items[i].layer]++;
    if (picture->column[i] >= picture->columns) picture->columns = picture->column[i] + 1;
  }
  return OB_OK;
}

static int left(const picture_t *picture, uint32_t node) { return (int)picture->column[node] * (NODE_WIDTH + GAP_X) + GAP_X; }
static int top(const ob_facts_t *facts, uint32_t node) {
  return (int)facts->nodes.items[node].layer * (NODE_HEIGHT + GAP_Y) + GAP_Y / 2;
}

static void print_edge(const ob_facts_t *facts, const picture_t *picture, const ob_flat_edge_t *edge, ob_str_t *out) {
  int x1 = left(picture, edge->from) + NODE_WIDTH / 2, y1 = top(facts, edge->from) + NODE_HEIGHT;
  int x2 = left(picture, edge->to) + NODE_WIDTH / 2, y2 = top(facts, edge->to);
  ob_str_t type;
  ob_str_init(&type, facts->model->allocator);
  ob_type_print(facts->model->module->exprs, &edge->value->type, &type);
  ob_str_printf(out, "<path d=\"M%d %dC%d %d %d %d %d %d\" fill=\"none\" stroke=\"#888\"><title>", x1, y1, x1, y1 + GAP_Y, x2,
                y2 - GAP_Y, x2, y2);
  ob_str_append_html(out, edge->value->name);
  ob_str_append(out, ": ");
  ob_str_append_html(out, type.text ? type.text : "?");
  ob_str_append(out, "</title></path>\n");
  ob_str_free(&type);
}

static void print_box(const ob_facts_t *facts, const picture_t *picture, uint32_t index, ob_str_t *out) {
  const ob_flat_node_t *flat = &facts->nodes.items[index];
  int x = left(picture, index), y = top(facts, index);
  ob_str_printf(out, "<g><title>");
  ob_str_append_html(out, flat->node ? flat->node->name : flat->value->name);
  if (flat->unit) {
    ob_str_append(out, ", region ");
    ob_str_append_html(out, flat->unit->region->symbol);
  }
  ob_str_printf(out, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"%s\" stroke=\"#555\"/>", x, y, NODE_WIDTH,
                NODE_HEIGHT, flat->node ? 3 : 11, flat->node ? ob_engine_colour(ob_flat_engine(flat)) : "#fff");
  ob_str_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", x + NODE_WIDTH / 2, y + NODE_HEIGHT / 2 + 4);
  const char *label = flat->node ? flat->node->op->name : ob_quote_n(flat->value->name, strnlen(flat->value->name, 20));
  ob_str_append_html(out, label);
  ob_str_append(out, "</text></g>\n");
}

static void print_picture(const ob_facts_t *facts, const picture_t *picture, ob_str_t *out) {
  int width = (int)picture->columns * (NODE_WIDTH + GAP_X) + GAP_X, height = (int)picture->layers * (NODE_HEIGHT + GAP_Y) + GAP_Y;
  ob_str_printf(out, "<h2>Graph</h2>\n<div class=\"scroll\"><svg width=\"%d\" height=\"%d\" role=\"img\">\n", width, height);
  for (size_t e = 0; e < facts->edges.count; e++) print_edge(facts, picture, &facts->edges.items[e], out);
  for (uint32_t i = 0; i < facts->nodes.count; i++) print_box(facts, picture, i, out);
  ob_str_append(out, "</svg></div>\n");
}

static ob_status_t print_legend(const ob_facts_t *facts, ob_str_t *out) {
  ob_op_counts_t counts;
  OB_TRY(ob_facts_count(facts, &counts));
  ob_str_append(out, "<p>");
  for (size_t i = 0; i < counts.count; i++) {
    if (i > 0 && strcmp(counts.items[i].engine, counts.items[i - 1].engine) == 0) continue;
    ob_str_printf(out, "<span style=\"background:%s;padding:2px 8px;margin-right:8px\">", ob_engine_colour(counts.items[i].engine));
    ob_str_append_html(out, counts.items[i].engine);
    ob_str_append(out, "</span>");
  }
  ob_str_append(out, "</p>\n");
  ob_array_free(facts->model->allocator, &counts);
  return OB_OK;
}

static void print_row(const ob_facts_t *facts, const ob_flat_node_t *flat, ob_str_t *out) {
  const ob_node_t *node = flat->node;
  ob_str_printf(out, "<tr><td>");
  ob_str_append_html(out, node->name);
  ob_str_append(out, "</td><td>");
  ob_str_append_html(out, node->op->name);
  ob_str_printf(out, "</td><td style=\"background:%s\">", ob_engine_colour(ob_flat_engine(flat)));
  ob_str_append_html(out, ob_flat_engine(flat));
  ob_str_append(out, "</td><td>");
  ob_str_append_html(out, flat->unit ? flat->unit->region->symbol : "");
  ob_str_append(out, "</td><td>");
  for (size_t o = 0; o < node->output_count; o++) {
    ob_str_t type;
    if (!node->outputs[o]) continue;
    ob_str_init(&type, facts->model->allocator);
    ob_type_print(facts->model->module->exprs, &node->outputs[o]->type, &type);
    ob_str_append_html(out, type.text ? type.text : "?");
    ob_str_append(out, " ");
    ob_str_free(&type);
  }
  ob_str_append(out, "</td><td>");
  for (size_t i = 0; i < node->refusal_count; i++) {
    ob_str_append_html(out, node->refusals[i].engine);
    ob_str_append(out, ": ");
    ob_str_append_html(out, node->refusals[i].reason);
    ob_str_append(out, "<br>");
  }
  ob_str_append(out, "</td></tr>\n");
}

static ob_status_t print_summary(const ob_facts_t *facts, ob_str_t *out) {
  ob_str_t text;
  ob_str_init(&text, facts->model->allocator);
  ob_status_t status = ob_report_text(facts, &text);
  if (status == OB_OK) status = text.status;
  ob_str_append(out, "<pre>");
  for (char *line = text.text; status == OB_OK && line && *line;) { /* line by line: the escapes would take the newlines */
    char *end = strchr(line, '\n');
    if (end) *end = 0;
    ob_str_append_html(out, line);
    ob_str_append(out, "\n");
    line = end ? end + 1 : NULL;
  }
  ob_str_append(out, "</pre>\n");
  ob_str_free(&text);
  return status;
}

ob_status_t ob_report_html(const ob_facts_t *facts, ob_str_t *out) {
  picture_t picture = {0};
  ob_arena_t arena;
  ob_arena_init(&arena, facts->model->allocator);
  ob_status_t status = arrange(facts, &arena, &picture);
  if (status == OB_OK) {
    ob_str_append(out, head);
    status = print_legend(facts, out);
  }
  if (status == OB_OK) {
    print_picture(facts, &picture, out);
    status = print_summary(facts, out);
  }
  if (status == OB_OK) {
    ob_str_append(out, "<h2>Nodes</h2>\n<table><tr><th>name<th>operator<th>engine<th>region<th>outputs<th>why not</tr>\n");
    for (size_t i = 0; i < facts->nodes.count; i++)
      if (facts->nodes.items[i].node) print_row(facts, &facts->nodes.items[i], out);
    ob_str_append(out, "</table>\n</body></html>\n");
  }
  ob_arena_free(&arena);
  return status;
}
