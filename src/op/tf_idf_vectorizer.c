/* TfIdfVectorizer: counts of n-grams. */
#include "op/infer_util.h"

static ob_status_t infer(ob_infer_t *infer) {
  static const char *const words[] = {"TF", "IDF", "TFIDF", NULL};
  ob_shape_t shape = ob_infer_shape(infer, 0);
  size_t count;
  const ob_dim_t *places = ob_infer_ints(infer, "ngram_indexes", &count);
  int64_t columns = 0, place;
  ob_infer_word(infer, "mode", "TF", words);
  for (size_t i = 0; i < count; i++) {
    if (!ob_dim_is_const(places[i], &place) || place < 0)
      return ob_infer_fail(infer, "element %zu of 'ngram_indexes' is no index", i);
    if (place >= columns) columns = place + 1;
  }
  if (shape.rank == 0 || shape.rank > 2) return ob_infer_fail(infer, "input 0 ('X') has rank %d, expected 1 or 2", shape.rank);
  if (shape.rank > 0) shape.dims[shape.rank - 1] = ob_dim(infer, columns);
  return ob_infer_set(infer, 0, OB_UNDEFINED, &shape);
}

const ob_op_t ob_op_TfIdfVectorizer = {
    .name = "TfIdfVectorizer",
    .domain = "",
    .since = 9,
    OB_INPUTS(1, OB_PARAM("X", 'T', OB_TYPES_INDEX | OB_TYPES_STRING)),
    OB_OUTPUTS(1, OB_PARAM("Y", '1', OB_TYPES_FLOAT32)),
    OB_ATTRIBUTES(OB_MUST("max_gram_length", INT), OB_MUST("max_skip_count", INT), OB_MUST("min_gram_length", INT),
                  OB_MUST("mode", STRING), OB_MUST("ngram_counts", INTS), OB_MUST("ngram_indexes", INTS),
                  OB_MAYBE("pool_int64s", INTS), OB_MAYBE("pool_strings", STRINGS), OB_MAYBE("weights", FLOATS)),
    .infer = infer,
    .doc = "counts of n-grams",
};
