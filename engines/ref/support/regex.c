/* Regular expressions: parsed into a tree, the tree into a program of an automaton, see regex.h. */
#include "ref/support/regex.h"

#include <string.h>

enum { MOST_STEPS = 100000, MOST_DEPTH = 200, MOST_REPEATS = 1000, INFINITE = -1 };

typedef enum { EMPTY, CLASS, SEQUENCE, EITHER, REPEAT, ASSERT } tree_kind_t;
typedef enum { AT_BEGIN, AT_END, LINE_BEGIN, LINE_END, BOUNDARY, NO_BOUNDARY } assertion_t;

typedef struct range {
  uint32_t low, high;
} range_t;

typedef struct tree {
  tree_kind_t kind;
  struct tree *left, *right;
  int64_t least, most; /* REPEAT */
  assertion_t assertion;
  range_t *ranges; /* CLASS */
  size_t range_count;
  bool negated, fold; /* fold: letters match in both cases */
} tree_t;

typedef enum { TAKE, SPLIT, CHECK, MATCH } step_kind_t;

typedef struct step {
  step_kind_t kind;
  const tree_t *tree;
  size_t next, other;
} step_t;

struct ob_ref_regex {
  step_t *steps;
  size_t count, room;
  size_t *now, *then, *stack; /* lists of states */
  size_t *mark;               /* [state] the round in which it was last added */
};

typedef struct parser {
  const ob_kernel_call_t *call;
  ob_string_t text;
  size_t at, depth;
  bool fold, dot_all, multi_line;
} parser_t;

static ob_status_t malformed(const parser_t *p, const char *what) {
  return ob_fail(OB_INVALID_MODEL, "pattern %s: %s at byte %zu", ob_quote_n(p->text.data, p->text.size), what, p->at);
}

static bool more(const parser_t *p) { return p->at < p->text.size; }
static bool ahead(const parser_t *p, const char *text) {
  size_t size = strlen(text);
  return size <= p->text.size - p->at && memcmp(p->text.data + p->at, text, size) == 0;
}
static bool accept(parser_t *p, const char *text) {
  bool found = ahead(p, text);
  if (found) p->at += strlen(text);
  return found;
}

static ob_status_t new_tree(const parser_t *p, tree_kind_t kind, tree_t **tree) {
  OB_TRY(ob_kernel_memory(p->call, sizeof **tree, (void **)tree));
  (*tree)->kind = kind;
  (*tree)->fold = p->fold;
  return OB_OK;
}

/* A class with room for whatever the pattern can put into it. */
static ob_status_t new_class(const parser_t *p, tree_t **tree) {
  OB_TRY(new_tree(p, CLASS, tree));
  return ob_kernel_memory(p->call, (6 * p->text.size + 8) * sizeof(range_t), (void **)&(*tree)->ranges);
}
static void add_range(tree_t *class, uint32_t low, uint32_t high) { class->ranges[class->range_count++] = (range_t){low, high}; }

/* \d, \w, \s and their opposites; the ranges between are those of a negated one. */
static bool add_perl_class(tree_t *class, char letter) {
  static const struct {
    char letter;
    size_t count;
    range_t ranges[5];
  } classes[] = {{'d', 1, {{'0', '9'}}},
                 {'D', 2, {{0, '0' - 1}, {'9' + 1, 0x10ffff}}},
                 {'w', 4, {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
                 {'W', 5, {{0, '0' - 1}, {'9' + 1, 'A' - 1}, {'Z' + 1, '_' - 1}, {'_' + 1, 'a' - 1}, {'z' + 1, 0x10ffff}}},
                 {'s', 3, {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}}},
                 {'S', 4, {{0, '\t' - 1}, {'\v', '\v'}, {'\r' + 1, ' ' - 1}, {' ' + 1, 0x10ffff}}}};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (classes[i].letter == letter) {
      for (size_t r = 0; r < classes[i].count; r++) add_range(class, classes[i].ranges[r].low, classes[i].ranges[r].high);
      return true;
    }
  return false;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* \x41 or \x{10ffff}, after the x. */
static ob_status_t parse_hex(parser_t *p, uint32_t *character) {
  bool braces = accept(p, "{");
  size_t digits = 0;
  *character = 0;
  for (; more(p) && hex_digit(p->text.data[p->at]) >= 0 && digits < (braces ? 6u : 2u); digits++)
    *character = *character * 16 + (uint32_t)hex_digit(p->text.data[p->at++]);
  if (digits == 0 || (braces && !accept(p, "}"))) return malformed(p, "a hexadecimal number is missing");
  return OB_OK;
}

/* A character after a backslash that stands for one character. */
static ob_status_t parse_escape(parser_t *p, uint32_t *character) {
  static const char letters[] = "afnrtv", codes[] = "\a\f\n\r\t\v";
  char c = p->text.data[p->at];
  const char *found = strchr(letters, c);
  if (c == 'p' || c == 'P' || c == 'Q' || c == 'C') return ob_fail(OB_UNSUPPORTED, "pattern %s: \\%c is not supported", ob_quote_n(p->text.data, p->text.size), c);
  if (c == 'x') return p->at++, parse_hex(p, character);
  if (found && c) return p->at++, *character = (uint32_t)codes[found - letters], OB_OK;
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return malformed(p, "an unknown escape");
  *character = ob_ref_next_character(&p->text, &p->at);
  return OB_OK;
}

/* [:alpha:] and so on, inside of a class. */
static bool add_posix_class(parser_t *p, tree_t *class) {
  static const struct {
    const char *name;
    range_t ranges[4];
  } classes[] = {{"[:alnum:]", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}}, {"[:alpha:]", {{'A', 'Z'}, {'a', 'z'}}}, {"[:digit:]", {{'0', '9'}}},
                 {"[:lower:]", {{'a', 'z'}}}, {"[:upper:]", {{'A', 'Z'}}}, {"[:space:]", {{'\t', '\r'}, {' ', ' '}}}, {"[:blank:]", {{'\t', '\t'}, {' ', ' '}}},
                 {"[:word:]", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}}, {"[:punct:]", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
                 {"[:xdigit:]", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}}, {"[:print:]", {{' ', '~'}}}, {"[:graph:]", {{'!', '~'}}},
                 {"[:cntrl:]", {{1, 31}, {127, 127}}}, {"[:ascii:]", {{1, 127}}}};
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (accept(p, classes[i].name)) {
      for (size_t r = 0; r < 4 && classes[i].ranges[r].high; r++) add_range(class, classes[i].ranges[r].low, classes[i].ranges[r].high);
      return true;
    }
  return false;
}

/* One end of a range; *whole when it was a class of its own. */
static ob_status_t parse_class_end(parser_t *p, tree_t *class, uint32_t *character, bool *whole) {
  *whole = add_posix_class(p, class);
  *character = 0;
  if (*whole) return OB_OK;
  if (!accept(p, "\\")) return *character = ob_ref_next_character(&p->text, &p->at), OB_OK;
  if (!more(p)) return malformed(p, "a backslash at the end");
  if (add_perl_class(class, p->text.data[p->at])) return p->at++, *whole = true, OB_OK;
  return parse_escape(p, character);
}

static ob_status_t parse_class(parser_t *p, tree_t **tree) {
  OB_TRY(new_class(p, tree));
  (*tree)->negated = accept(p, "^");
  for (bool first = true; first || !ahead(p, "]"); first = false) {
    uint32_t low, high;
    bool whole;
    if (!more(p)) return malformed(p, "] is missing");
    OB_TRY(parse_class_end(p, *tree, &low, &whole));
    if (whole) continue;
    high = low;
    if (ahead(p, "-") && p->at + 1 < p->text.size && p->text.data[p->at + 1] != ']') {
      p->at++;
      OB_TRY(parse_class_end(p, *tree, &high, &whole));
      if (whole || high < low) return malformed(p, "a bad range");
    }
    add_range(*tree, low, high);
  }
  p->at++;
  return OB_OK;
}

static ob_status_t parse_either(parser_t *p, tree_t **tree);

/* Flags of a group: (?i), (?i:...), (?:...), (?P<name>...). `(` is behind. *only: flags without a group. */
static ob_status_t parse_flags(parser_t *p, bool *only) {
  bool on = true;
  *only = false;
  if (accept(p, "?P<") || accept(p, "?<")) {
    while (more(p) && !ahead(p, ">")) p->at++;
    return accept(p, ">") ? OB_OK : malformed(p, "a group's name has no end");
  }
  if (!accept(p, "?")) return OB_OK;
  for (; more(p); p->at++) {
    switch (p->text.data[p->at]) {
      case ':': p->at++; return OB_OK;
      case ')': *only = true; return OB_OK;
      case '-': on = false; break;
      case 'i': p->fold = on; break;
      case 's': p->dot_all = on; break;
      case 'm': p->multi_line = on; break;
      case 'U': break; /* what is taken first makes no difference to a whole match */
      default: return malformed(p, "an unknown flag");
    }
  }
  return malformed(p, ") is missing");
}

static ob_status_t parse_group(parser_t *p, tree_t **tree) {
  parser_t before = *p;
  bool only;
  if (++p->depth > MOST_DEPTH) return malformed(p, "groups are nested too deeply");
  OB_TRY(parse_flags(p, &only));
  if (only)
    OB_TRY(new_tree(p, EMPTY, tree));
  else
    OB_TRY(parse_either(p, tree));
  if (!accept(p, ")")) return malformed(p, ") is missing");
  if (!only) { /* flags end with their group */
    p->fold = before.fold;
    p->dot_all = before.dot_all;
    p->multi_line = before.multi_line;
  }
  p->depth--;
  return OB_OK;
}

static ob_status_t new_assertion(const parser_t *p, assertion_t assertion, tree_t **tree) {
  OB_TRY(new_tree(p, ASSERT, tree));
  (*tree)->assertion = assertion;
  return OB_OK;
}

static ob_status_t parse_atom(parser_t *p, tree_t **tree) {
  uint32_t character;
  if (accept(p, "(")) return parse_group(p, tree);
  if (accept(p, "[")) return parse_class(p, tree);
  if (accept(p, "^")) return new_assertion(p, p->multi_line ? LINE_BEGIN : AT_BEGIN, tree);
  if (accept(p, "$")) return new_assertion(p, p->multi_line ? LINE_END : AT_END, tree);
  if (accept(p, "\\A")) return new_assertion(p, AT_BEGIN, tree);
  if (accept(p, "\\z")) return new_assertion(p, AT_END, tree);
  if (accept(p, "\\b")) return new_assertion(p, BOUNDARY, tree);
  if (accept(p, "\\B")) return new_assertion(p, NO_BOUNDARY, tree);
  OB_TRY(new_class(p, tree));
  if (accept(p, ".")) {
    if (!p->dot_all) add_range(*tree, '\n', '\n');
    (*tree)->negated = true;
    return OB_OK;
  }
  if (accept(p, "\\")) {
    if (!more(p)) return malformed(p, "a backslash at the end");
    if (add_perl_class(*tree, p->text.data[p->at])) return p->at++, OB_OK;
    OB_TRY(parse_escape(p, &character));
  } else {
    if (ahead(p, "*") || ahead(p, "+") || ahead(p, "?")) return malformed(p, "nothing to repeat");
    character = ob_ref_next_character(&p->text, &p->at);
  }
  add_range(*tree, character, character);
  return OB_OK;
}

/* {n}, {n,} or {n,m}; anything else is text. */
static bool parse_count(parser_t *p, int64_t *least, int64_t *most) {
  size_t at = p->at + 1;
  int64_t numbers[2] = {INFINITE, INFINITE};
  int which = 0;
  if (!ahead(p, "{")) return false;
  for (; at < p->text.size && p->text.data[at] != '}'; at++) {
    char c = p->text.data[at];
    if (c == ',' && which == 0 && numbers[0] >= 0)
      which = 1;
    else if (c >= '0' && c <= '9' && numbers[which] < MOST_REPEATS)
      numbers[which] = (numbers[which] < 0 ? 0 : numbers[which]) * 10 + (c - '0');
    else
      return false;
  }
  if (at == p->text.size || numbers[0] < 0) return false;
  *least = numbers[0];
  *most = which ? numbers[1] : numbers[0];
  p->at = at + 1;
  return true;
}

static bool repeats(parser_t *p, int64_t *least, int64_t *most) {
  *least = 0;
  *most = INFINITE;
  if (accept(p, "*")) return true;
  if (accept(p, "+")) return *least = 1, true;
  if (accept(p, "?")) return *most = 1, true;
  return parse_count(p, least, most);
}

static ob_status_t parse_repeat(parser_t *p, tree_t **tree) {
  int64_t least, most;
  tree_t *repeat;
  OB_TRY(parse_atom(p, tree));
  if (!repeats(p, &least, &most)) return OB_OK;
  if (least > MOST_REPEATS || most > MOST_REPEATS || (most >= 0 && most < least)) return malformed(p, "a bad number of repeats");
  OB_TRY(new_tree(p, REPEAT, &repeat));
  repeat->left = *tree;
  repeat->least = least;
  repeat->most = most;
  *tree = repeat;
  accept(p, "?"); /* lazy or greedy: the same whole matches */
  return repeats(p, &least, &most) ? malformed(p, "a repeat of a repeat") : OB_OK;
}

static ob_status_t parse_sequence(parser_t *p, tree_t **tree) {
  OB_TRY(new_tree(p, EMPTY, tree));
  while (more(p) && !ahead(p, "|") && !ahead(p, ")")) {
    tree_t *sequence;
    OB_TRY(new_tree(p, SEQUENCE, &sequence));
    sequence->left = *tree;
    OB_TRY(parse_repeat(p, &sequence->right));
    *tree = sequence;
  }
  return OB_OK;
}

static ob_status_t parse_either(parser_t *p, tree_t **tree) {
  OB_TRY(parse_sequence(p, tree));
  while (accept(p, "|")) {
    tree_t *either;
    OB_TRY(new_tree(p, EITHER, &either));
    either->left = *tree;
    OB_TRY(parse_sequence(p, &either->right));
    *tree = either;
  }
  return OB_OK;
}

/* ---------------------------------------------------------------- program */

static size_t add_step(ob_ref_regex_t *r, step_kind_t kind, const tree_t *tree, size_t next, size_t other) {
  if (r->count < r->room) r->steps[r->count] = (step_t){kind, tree, next, other};
  return r->count++;
}

/* Steps for `tree` that go on at `next`; returns the first. Without room it only counts, up to the limit. */
static size_t emit(ob_ref_regex_t *r, const tree_t *tree, size_t next) {
  if (r->count > MOST_STEPS) return 0;
  switch (tree->kind) {
    case EMPTY: return next;
    case CLASS: return add_step(r, TAKE, tree, next, 0);
    case ASSERT: return add_step(r, CHECK, tree, next, 0);
    case SEQUENCE: /* long ones lean to the left: loops, so that only groups make the stack deeper */
      for (; tree->kind == SEQUENCE; tree = tree->left) next = emit(r, tree->right, next);
      return emit(r, tree, next);
    case EITHER: {
      size_t entry = emit(r, tree->right, next);
      for (tree = tree->left; tree->kind == EITHER; tree = tree->left) entry = add_step(r, SPLIT, tree, emit(r, tree->right, next), entry);
      return add_step(r, SPLIT, tree, emit(r, tree, next), entry);
    }
    case REPEAT: break;
  }
  if (tree->most == INFINITE) {
    size_t loop = add_step(r, SPLIT, tree, 0, next), body = emit(r, tree->left, loop);
    if (loop < r->room) r->steps[loop].next = body;
    next = loop;
  }
  for (int64_t i = tree->least; i < tree->most && r->count <= MOST_STEPS; i++) next = add_step(r, SPLIT, tree, emit(r, tree->left, next), next);
  for (int64_t i = 0; i < tree->least && r->count <= MOST_STEPS; i++) next = emit(r, tree->left, next);
  return next;
}

ob_status_t ob_ref_regex_compile(const ob_kernel_call_t *call, const char *pattern, ob_ref_regex_t **regex) {
  parser_t p = {.call = call, .text = {pattern, strlen(pattern)}};
  ob_ref_regex_t *r, counter = {0};
  tree_t *tree;
  *regex = NULL;
  OB_TRY(parse_either(&p, &tree));
  if (more(&p)) return malformed(&p, "a ) without (");
  add_step(&counter, MATCH, NULL, 0, 0);
  emit(&counter, tree, 0);
  if (counter.count > MOST_STEPS) return ob_fail(OB_UNSUPPORTED, "pattern %s is too large", ob_quote(pattern));
  OB_TRY(ob_kernel_memory(call, sizeof *r, (void **)&r));
  r->room = counter.count + 1;
  OB_TRY(ob_kernel_memory(call, r->room * sizeof *r->steps, (void **)&r->steps));
  OB_TRY(ob_kernel_memory(call, r->room * sizeof *r->now, (void **)&r->now));
  OB_TRY(ob_kernel_memory(call, r->room * sizeof *r->then, (void **)&r->then));
  OB_TRY(ob_kernel_memory(call, r->room * sizeof *r->mark, (void **)&r->mark));
  OB_TRY(ob_kernel_memory(call, (2 * r->room + 2) * sizeof *r->stack, (void **)&r->stack));
  add_step(r, MATCH, NULL, 0, 0);
  size_t first = emit(r, tree, 0);
  add_step(r, SPLIT, NULL, first, first); /* the last step: where to begin */
  *regex = r;
  return OB_OK;
}

/* ---------------------------------------------------------------- matching */

static bool in_ranges(const tree_t *class, uint32_t c) {
  for (size_t i = 0; i < class->range_count; i++)
    if (c >= class->ranges[i].low && c <= class->ranges[i].high) return true;
  return false;
}

static bool takes(const tree_t *class, uint32_t c) {
  bool found = in_ranges(class, c);
  if (!found && class->fold && c >= 'a' && c <= 'z') found = in_ranges(class, c - 32);
  if (!found && class->fold && c >= 'A' && c <= 'Z') found = in_ranges(class, c + 32);
  return found != class->negated;
}

static bool is_word(const ob_string_t *text, size_t at) {
  if (at >= text->size) return false;
  char c = text->data[at];
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool holds(assertion_t assertion, const ob_string_t *text, size_t at) {
  bool boundary = (at > 0 && is_word(text, at - 1)) != is_word(text, at);
  switch (assertion) {
    case AT_BEGIN: return at == 0;
    case AT_END: return at == text->size;
    case LINE_BEGIN: return at == 0 || text->data[at - 1] == '\n';
    case LINE_END: return at == text->size || text->data[at] == '\n';
    case BOUNDARY: return boundary;
    default: return !boundary;
  }
}

/* Adds a state and all that it leads to without taking a character. */
static void add_state(ob_ref_regex_t *r, size_t state, size_t round, const ob_string_t *text, size_t at, size_t *list, size_t *count) {
  size_t depth = 0;
  r->stack[depth++] = state;
  while (depth > 0) {
    size_t s = r->stack[--depth];
    const step_t *step = &r->steps[s];
    if (r->mark[s] == round) continue;
    r->mark[s] = round;
    if (step->kind == SPLIT) {
      r->stack[depth++] = step->other;
      r->stack[depth++] = step->next;
    } else if (step->kind == CHECK) {
      if (holds(step->tree->assertion, text, at)) r->stack[depth++] = step->next;
    } else {
      list[(*count)++] = s;
    }
  }
}

bool ob_ref_regex_matches(ob_ref_regex_t *r, const ob_string_t *text) {
  size_t count = 0, at = 0, round = 1;
  memset(r->mark, 0, r->room * sizeof *r->mark);
  add_state(r, r->count - 1, round, text, 0, r->now, &count);
  while (at < text->size && count > 0) {
    size_t next_count = 0, next = at;
    uint32_t c = ob_ref_next_character(text, &next);
    round++;
    for (size_t i = 0; i < count; i++) {
      const step_t *step = &r->steps[r->now[i]];
      if (step->kind == TAKE && takes(step->tree, c)) add_state(r, step->next, round, text, next, r->then, &next_count);
    }
    size_t *swap = r->now;
    r->now = r->then;
    r->then = swap;
    count = next_count;
    at = next;
  }
  for (size_t i = 0; at == text->size && i < count; i++)
    if (r->steps[r->now[i]].kind == MATCH) return true;
  return false;
}
