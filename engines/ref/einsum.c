/* Einsum: sums of products over the letters of an equation, by its definition: for each output element over all sum indices. */
#include <string.h>

#include "ref/support/element.h"
#include "ref/support/shape.h"

enum { LETTERS = 52, MOST_OPERANDS = 16 };

/* The letters become axes 0 to 51, those of the ellipsis follow. */
enum { AXES = LETTERS + OB_MAX_RANK };

typedef struct einsum {
  const ob_kernel_call_t *call;
  int64_t sizes[AXES];                  /* -1: does not occur */
  int64_t strides[MOST_OPERANDS][AXES]; /* of each operand */
  int32_t ellipsis;                     /* axes of it */
  int32_t uses[LETTERS];
  int32_t out[OB_MAX_RANK], out_rank, sums[AXES], sum_rank;
} einsum_t;

static int32_t letter(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1; }

static ob_status_t bad(const char *equation) { return ob_fail(OB_INVALID_MODEL, "equation %s does not fit the operands", ob_quote(equation)); }

/* Letters of a term, an ellipsis counting as one (-2); the end of the term. */
static ob_status_t read_term(const char **text, int32_t *axes, int32_t *count) {
  *count = 0;
  for (; **text && **text != ',' && strncmp(*text, "->", 2) != 0; (*text)++) {
    if (**text == ' ') continue;
    if (*count == OB_MAX_RANK) return OB_INVALID_MODEL;
    if (strncmp(*text, "...", 3) == 0) {
      axes[(*count)++] = -2;
      *text += 2;
    } else if ((axes[(*count)++] = letter(**text)) < 0) {
      return OB_INVALID_MODEL;
    }
  }
  return OB_OK;
}

static ob_status_t use_axis(einsum_t *e, size_t operand, int32_t axis, int64_t dim, int64_t stride) {
  if (e->sizes[axis] < 0 || e->sizes[axis] == 1) e->sizes[axis] = dim;
  if (dim != e->sizes[axis] && dim != 1) return OB_INVALID_MODEL;
  if (dim != 1) e->strides[operand][axis] += stride; /* a letter twice in a term: the diagonal */
  return OB_OK;
}

static ob_status_t read_operand(einsum_t *e, size_t operand, const int32_t *term, int32_t count) {
  const ob_tensor_t *x = e->call->inputs[operand];
  int64_t strides[OB_MAX_RANK];
  int32_t axis = 0, wide = x->rank - count + 1;
  bool dots = false;
  ob_ref_strides(x->rank, x->dims, strides);
  for (int32_t i = 0; i < count; i++) dots = dots || term[i] == -2;
  if (dots ? wide < 0 : count != x->rank) return OB_INVALID_MODEL;
  if (dots && wide > e->ellipsis) e->ellipsis = wide;
  for (int32_t i = 0; i < count; i++) {
    if (term[i] != -2) {
      e->uses[term[i]]++;
      OB_TRY(use_axis(e, operand, term[i], x->dims[axis], strides[axis]));
      axis++;
      continue;
    }
    for (int32_t d = 0; d < wide; d++, axis++) /* aligned at the end, as broadcasting is */
      OB_TRY(use_axis(e, operand, AXES - wide + d, x->dims[axis], strides[axis]));
  }
  return OB_OK;
}

static ob_status_t add_output_axis(einsum_t *e, bool *used, int32_t axis) {
  if (e->out_rank == OB_MAX_RANK || used[axis]) return OB_INVALID_MODEL;
  used[axis] = true;
  e->out[e->out_rank++] = axis;
  return OB_OK;
}

static ob_status_t read_output(einsum_t *e, const char *text, bool *used) {
  int32_t term[OB_MAX_RANK], count = 0;
  bool explicit = strncmp(text, "->", 2) == 0;
  if (explicit) {
    text += 2;
    OB_TRY(read_term(&text, term, &count));
    if (*text) return OB_INVALID_MODEL;
  } else { /* the ellipsis, then every letter that occurs once */
    term[count++] = -2;
    for (int32_t a = 0; a < LETTERS && count < OB_MAX_RANK; a++)
      if (e->uses[a] == 1) term[count++] = a;
  }
  for (int32_t i = 0; i < count; i++) {
    if (term[i] != -2) {
      if (e->uses[term[i]] == 0) return OB_INVALID_MODEL;
      OB_TRY(add_output_axis(e, used, term[i]));
    }
    for (int32_t d = 0; term[i] == -2 && d < e->ellipsis; d++) OB_TRY(add_output_axis(e, used, AXES - e->ellipsis + d));
  }
  return OB_OK;
}

static ob_status_t read_equation(einsum_t *e, const char *text) {
  size_t count = e->call->node->input_count;
  bool used[AXES] = {false};
  if (count > MOST_OPERANDS) return ob_fail(OB_UNSUPPORTED, "more than %d operands", (int)MOST_OPERANDS);
  for (size_t i = 0; i < count; i++) {
    int32_t term[OB_MAX_RANK], letters;
    OB_TRY(read_term(&text, term, &letters));
    OB_TRY(read_operand(e, i, term, letters));
    if (i + 1 < count && *text++ != ',') return OB_INVALID_MODEL;
  }
  while (*text == ' ') text++;
  OB_TRY(read_output(e, text, used));
  for (int32_t a = 0; a < AXES; a++) {
    bool occurs = a < LETTERS ? e->uses[a] > 0 : a >= AXES - e->ellipsis;
    if (occurs && !used[a]) e->sums[e->sum_rank++] = a;
  }
  return OB_OK;
}

/* Product of the operands' elements at an index of all axes, summed up over the axes that go. */
static void one_element(const einsum_t *e, const int64_t *base, bool real, double *sum, uint64_t *integer) {
  int64_t index[AXES] = {0}, dims[AXES];
  *sum = 0;
  *integer = 0;
  for (int32_t i = 0; i < e->sum_rank; i++) {
    dims[i] = e->sizes[e->sums[i]];
    if (dims[i] == 0) return;
  }
  do {
    double product = 1;
    uint64_t whole = 1;
    for (size_t t = 0; t < e->call->node->input_count; t++) {
      const ob_tensor_t *x = e->call->inputs[t];
      int64_t at = base[t];
      for (int32_t i = 0; i < e->sum_rank; i++) at += index[i] * e->strides[t][e->sums[i]];
      if (real)
        product *= ob_ref_get(x->dtype, x->data, (size_t)at);
      else
        whole *= (uint64_t)ob_ref_get_int(x->dtype, x->data, (size_t)at);
    }
    *sum += product;
    *integer += whole;
  } while (ob_ref_next(e->sum_rank, dims, index));
}

static ob_status_t run(const ob_kernel_call_t *call) {
  einsum_t e = {.call = call};
  const char *equation = ob_kernel_string(call, "equation", "");
  int64_t dims[OB_MAX_RANK], index[OB_MAX_RANK] = {0};
  memset(e.sizes, 0xff, sizeof e.sizes);
  ob_status_t status = read_equation(&e, equation);
  if (status != OB_OK) return status == OB_UNSUPPORTED ? status : bad(equation);
  for (int32_t i = 0; i < e.out_rank; i++) dims[i] = e.sizes[e.out[i]];
  OB_TRY(ob_kernel_allocate(call, 0, e.out_rank, dims));
  ob_tensor_t *y = call->outputs[0];
  bool real = ob_ref_is_real(y->dtype);
  for (size_t at = 0; at < ob_tensor_count(y); at++) {
    int64_t base[MOST_OPERANDS] = {0};
    double sum;
    uint64_t integer;
    for (size_t t = 0; t < call->node->input_count; t++)
      for (int32_t i = 0; i < e.out_rank; i++) base[t] += index[i] * e.strides[t][e.out[i]];
    one_element(&e, base, real, &sum, &integer);
    if (real)
      ob_ref_set(y->dtype, y->data, at, sum);
    else
      ob_ref_set_int(y->dtype, y->data, at, (int64_t)integer);
    ob_ref_next(e.out_rank, dims, index);
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_Einsum = {.op = "Einsum", .domain = "", .run = run};
