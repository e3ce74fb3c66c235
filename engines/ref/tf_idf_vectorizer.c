/* TfIdfVectorizer: counts the n-grams of a pool in sequences of integers or strings, plainly or weighted. */
#include <string.h>

#include "ref/support/element.h"

typedef struct pool {
  const int64_t *items, *starts, *indexes; /* all n-grams; where those of each length begin; where each one counts */
  const ob_string_t *words;                /* instead of items */
  size_t item_count, start_count, index_count;
  const ob_attribute_view_t *weights;
  int64_t shortest, longest, skips;
  bool once, weighted; /* IDF: at most once; IDF and TFIDF: times the weight */
} pool_t;

static ob_status_t read_pool(const ob_kernel_call_t *call, pool_t *p) {
  const char *mode = ob_kernel_string(call, "mode", "TF");
  const ob_attribute_view_t *words = ob_node_attribute(call->node, "pool_strings");
  p->items = ob_kernel_ints(call, "pool_int64s", &p->item_count);
  p->words = NULL;
  if (call->inputs[0]->dtype == OB_STRING && words) {
    p->words = words->strings;
    p->item_count = words->count;
  }
  p->starts = ob_kernel_ints(call, "ngram_counts", &p->start_count);
  p->indexes = ob_kernel_ints(call, "ngram_indexes", &p->index_count);
  p->weights = ob_node_attribute(call->node, "weights");
  p->shortest = ob_kernel_int(call, "min_gram_length", 1);
  p->longest = ob_kernel_int(call, "max_gram_length", 1);
  p->skips = ob_kernel_int(call, "max_skip_count", 0);
  p->once = strcmp(mode, "IDF") == 0;
  p->weighted = strcmp(mode, "TF") != 0 && p->weights;
  if ((call->inputs[0]->dtype == OB_STRING ? !p->words : !p->items) || !p->starts || !p->indexes)
    return ob_fail(OB_INVALID_MODEL, "there is no pool for elements of type %s", ob_dtype_name(call->inputs[0]->dtype));
  size_t grams = 0;
  for (size_t n = 0; n < p->start_count; n++) {
    int64_t end = n + 1 < p->start_count ? p->starts[n + 1] : (int64_t)p->item_count;
    if (p->starts[n] < 0 || p->starts[n] > end || end > (int64_t)p->item_count || (end - p->starts[n]) % (int64_t)(n + 1) != 0)
      return ob_fail(OB_INVALID_MODEL, "ngram_counts has a bad entry %lld", (long long)p->starts[n]);
    grams += (size_t)(end - p->starts[n]) / (n + 1);
  }
  if (grams > p->index_count || (p->weighted && p->weights->count < grams)) return ob_fail(OB_INVALID_MODEL, "%zu n-grams, %zu indexes", grams, p->index_count);
  return OB_OK;
}

/* Is element `at` of the input item number `item` of the pool? */
static bool is_item(const pool_t *p, const ob_tensor_t *x, size_t at, int64_t item) {
  if (!p->words) return ob_ref_get_int(x->dtype, x->data, at) == p->items[item];
  const ob_string_t *a = (const ob_string_t *)x->data + at, *b = &p->words[item];
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* How often the n-gram stands in the row, with each number of items skipped between its own. */
static double count_gram(const pool_t *p, const ob_tensor_t *x, size_t row, int64_t length, int64_t gram, int64_t n) {
  double found = 0;
  for (int64_t step = 1; step <= (n > 1 ? p->skips + 1 : 1) && step <= length; step++)
    for (int64_t at = 0; at + (n - 1) * step < length; at++) {
      bool same = true;
      for (int64_t i = 0; same && i < n; i++) same = is_item(p, x, row + (size_t)(at + i * step), gram + i);
      found += same;
    }
  return p->once && found > 1 ? 1 : found;
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const ob_tensor_t *x = call->inputs[0];
  ob_tensor_t *y = call->outputs[0];
  pool_t p;
  OB_TRY(read_pool(call, &p));
  int64_t length = x->rank > 0 ? x->dims[x->rank - 1] : 0, width = y->rank > 0 ? y->dims[y->rank - 1] : 0;
  size_t rows = x->rank == 2 ? (size_t)x->dims[0] : 1;
  if (x->rank < 1 || x->rank > 2 || ob_tensor_count(y) != rows * (size_t)width) return ob_fail(OB_INVALID_ARGUMENT, "the input has rank %d", (int)x->rank);
  ob_ref_zero(y->dtype, y->data, 0, ob_tensor_count(y));
  for (size_t row = 0; row < rows; row++) {
    size_t gram = 0;
    for (size_t n = 1; n <= p.start_count; n++) {
      int64_t end = n < p.start_count ? p.starts[n] : (int64_t)p.item_count;
      for (int64_t at = p.starts[n - 1]; at < end; at += (int64_t)n, gram++) {
        if ((int64_t)n < p.shortest || (int64_t)n > p.longest) continue;
        if (p.indexes[gram] < 0 || p.indexes[gram] >= width) return ob_fail(OB_OUT_OF_RANGE, "n-gram %zu counts at %lld", gram, (long long)p.indexes[gram]);
        double value = count_gram(&p, x, row * (size_t)length, length, at, (int64_t)n);
        ob_ref_set(y->dtype, y->data, row * (size_t)width + (size_t)p.indexes[gram], p.weighted ? value * (double)p.weights->floats[gram] : value);
      }
    }
  }
  return OB_OK;
}

const ob_kernel_t ob_ref_TfIdfVectorizer = {.op = "TfIdfVectorizer", .domain = "", .run = run};
