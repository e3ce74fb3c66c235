/* Equations of Einsum. */
#include "op/equation.h"

#include <ctype.h>
#include <string.h>

/* Sizes found so far for each letter, and for the axes of the ellipsis. */
typedef struct letters {
  bool used[128];
  int count[128];
  ob_dim_t sizes[128];
  ob_shape_t ellipsis; /* rank -1: there is none, or a term's rank is not known */
  bool has_ellipsis;
} letters_t;

/* Labels of a term without spaces; '.' stands for an ellipsis. */
typedef struct term {
  char labels[OB_MAX_RANK + 1];
  size_t count;
  bool ellipsis;
} term_t;

/* Reads one term; `*text` is left at the ',' or '-' or end behind it. */
static bool read_term(ob_infer_t *infer, const char **text, term_t *term) {
  *term = (term_t){.count = 0};
  for (; **text && **text != ',' && **text != '-'; (*text)++) {
    char c = **text;
    if (c == ' ') continue;
    bool dots = strncmp(*text, "...", 3) == 0;
    if (!dots && !isalpha((unsigned char)c)) break;
    if (term->count == OB_MAX_RANK || (dots && term->ellipsis)) break;
    term->labels[term->count++] = dots ? '.' : c;
    if (dots) {
      term->ellipsis = true;
      *text += 2;
    }
  }
  if (!**text || **text == ',' || **text == '-') return true;
  ob_infer_fail(infer, "the equation goes wrong at '%s'", ob_quote(*text));
  return false;
}

static void meet(ob_infer_t *infer, letters_t *letters, char label, ob_dim_t size) {
  unsigned at = (unsigned char)label & 127;
  letters->sizes[at] = letters->used[at] ? ob_dim_broadcast(infer, letters->sizes[at], size) : size;
  letters->used[at] = true;
}

/* Sizes of an input under its term's labels. */
static void meet_input(ob_infer_t *infer, letters_t *letters, const term_t *term, const ob_shape_t *shape) {
  int32_t hidden = term->ellipsis ? shape->rank - (int32_t)term->count + 1 : 0;
  for (size_t i = 0; i < term->count; i++) letters->count[(unsigned char)term->labels[i] & 127]++;
  if (term->ellipsis) letters->has_ellipsis = true;
  if (shape->rank < 0) {
    for (size_t i = 0; i < term->count; i++)
      if (term->labels[i] != '.') meet(infer, letters, term->labels[i], NULL);
    return;
  }
  if (hidden < 0 || (!term->ellipsis && (size_t)shape->rank != term->count)) {
    ob_infer_fail(infer, "a term has %zu labels for an input of rank %d", term->count, shape->rank);
    return;
  }
  for (size_t i = 0, axis = 0; i < term->count; i++) {
    if (term->labels[i] != '.') {
      meet(infer, letters, term->labels[i], shape->dims[axis++]);
      continue;
    }
    ob_shape_t part = ob_shape_of(hidden, shape->dims + axis);
    letters->ellipsis = letters->ellipsis.rank < 0 ? part : ob_shape_broadcast(infer, &letters->ellipsis, &part);
    axis += (size_t)hidden;
  }
}

/* The labels that occur once, in the order of their codes, behind the ellipsis. */
static term_t implicit_output(const letters_t *letters) {
  term_t term = {.count = 0, .ellipsis = letters->has_ellipsis};
  if (term.ellipsis) term.labels[term.count++] = '.';
  for (int c = 'A'; c <= 'z'; c++)
    if (letters->count[c] == 1 && term.count < OB_MAX_RANK) term.labels[term.count++] = (char)c;
  return term;
}

static ob_shape_t output_shape(ob_infer_t *infer, const letters_t *letters, const term_t *term) {
  ob_shape_t shape = ob_shape_of_rank(0);
  for (size_t i = 0; i < term->count; i++) {
    unsigned at = (unsigned char)term->labels[i] & 127;
    if (term->labels[i] == '.') {
      if (!letters->has_ellipsis) ob_infer_fail(infer, "the output has an ellipsis, but no input");
      if (letters->ellipsis.rank < 0) return ob_shape_unknown();
      for (int32_t k = 0; k < letters->ellipsis.rank; k++) ob_shape_append(infer, &shape, letters->ellipsis.dims[k]);
      continue;
    }
    if (!letters->used[at]) ob_infer_fail(infer, "the output's label '%c' is in no input", term->labels[i]);
    ob_shape_append(infer, &shape, letters->sizes[at]);
  }
  return shape;
}

ob_shape_t ob_einsum_shape(ob_infer_t *infer, const char *equation) {
  letters_t letters = {.ellipsis = {.rank = -1}};
  term_t term;
  for (size_t i = 0; i < infer->node->input_count; i++) {
    ob_shape_t shape = ob_infer_shape(infer, i);
    if (!read_term(infer, &equation, &term)) return ob_shape_unknown();
    meet_input(infer, &letters, &term, &shape);
    bool last = i + 1 == infer->node->input_count;
    if (!last && *equation != ',')
      ob_infer_fail(infer, "the equation has %zu terms for %zu inputs", i + 1, infer->node->input_count);
    if (last && *equation == ',') ob_infer_fail(infer, "the equation has more terms than the node has inputs");
    if (infer->status != OB_OK) return ob_shape_unknown();
    if (!last) equation++;
  }
  if (!*equation) {
    term = implicit_output(&letters);
  } else {
    if (strncmp(equation, "->", 2) != 0) {
      ob_infer_fail(infer, "the equation goes wrong at '%s'", ob_quote(equation));
      return ob_shape_unknown();
    }
    equation += 2;
    if (!read_term(infer, &equation, &term)) return ob_shape_unknown();
    if (*equation) ob_infer_fail(infer, "the equation goes on behind its output");
  }
  return output_shape(infer, &letters, &term);
}
