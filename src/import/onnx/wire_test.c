/* The wire reader and writer: every way a message can be wrong, and lists packed and not. */
#include "import/onnx/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <outboard/outboard.h>

#include "import/onnx/wire_writer.h"

typedef struct sample {
  ob_wire_int_t number;
  ob_wire_float_t real;
  ob_wire_span_t text, bytes, message;
  ob_wire_list_t ints, words, longs, spans, texts;
} sample_t;

#define FIELD(number, kind, member) \
  { number, OB_WIRE_##kind, offsetof(sample_t, member), #member }
static const ob_wire_field_t fields[] = {
    FIELD(1, INT, number), FIELD(2, FLOAT, real),     FIELD(3, TEXT, text),      FIELD(4, BYTES, bytes), FIELD(5, MESSAGE, message),
    FIELD(6, INTS, ints),  FIELD(7, FIXED32S, words), FIELD(8, FIXED64S, longs), FIELD(9, SPANS, spans), FIELD(10, TEXTS, texts),
};
static const ob_wire_message_t message = {"Sample", fields, sizeof fields / sizeof fields[0]};

#define READ(sample, literal) ob_wire_read(&message, ob_wire_span(literal, sizeof(literal) - 1), &(sample), sizeof(sample))

static void reads_fields(void **state) {
  (void)state;
  sample_t s;
  assert_int_equal(READ(s, "\x08\x96\x01\x15\x00\x00\x80\x3f\x1a\x02hi\x22\x01\x00\x2a\x00"), OB_OK);
  assert_int_equal(s.number.value, 150);
  assert_true(s.real.present && s.real.value == 1.0f);
  assert_true(ob_wire_is(s.text, "hi"));
  assert_true(s.bytes.present && s.bytes.size == 1 && s.bytes.data[0] == 0);
  assert_true(s.message.present && s.message.size == 0);
  assert_int_equal(s.spans.count, 0);
  assert_int_equal(ob_wire_read(&message, (ob_wire_span_t){0}, &s, sizeof s), OB_OK);
  assert_false(s.number.present);
}

static void negative_numbers(void **state) {
  (void)state;
  sample_t s;
  assert_int_equal(READ(s, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), OB_OK);
  assert_int_equal(s.number.value, -1);
}

static void the_last_one_counts(void **state) {
  (void)state;
  sample_t s;
  assert_int_equal(READ(s, "\x08\x01\x08\x02"), OB_OK);
  assert_int_equal(s.number.value, 2);
}

static void unknown_fields_are_skipped(void **state) {
  (void)state;
  sample_t s;
  /* field 100: varint, fixed64, bytes, fixed32 */
  assert_int_equal(READ(s,
                        "\xa0\x06\x7f\xa1\x06"
                        "12345678"
                        "\xa2\x06\x03"
                        "abc"
                        "\xa5\x06"
                        "1234"
                        "\x08\x05"),
                   OB_OK);
  assert_int_equal(s.number.value, 5);
}

static void damaged(void **state) {
  (void)state;
  sample_t s;
  static const struct {
    const char *bytes;
    size_t size;
    const char *words;
  } cases[] = {
#define CASE(literal, words) {literal, sizeof(literal) - 1, words}
      CASE("\x08", "ends in the middle"),
      CASE("\x08\x80", "ends in the middle"),
      CASE("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "more than 64 bits"),
      CASE("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "more than 64 bits"),
      CASE("\x15\x00\x00", "ends in the middle"),
      CASE("\x1a\x05hi", "ends in the middle"),
      CASE("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01hi", "ends in the middle"),
      CASE("\x0b\x0c", "wire type"),
      CASE("\x0c", "wire type"),
      CASE("\x0e\x00", "wire type"),
      CASE("\x00\x00", "field number"),
      CASE("\xff\xff\xff\xff\xff\x0f\x00", "field number"),
      CASE("\x0a\x01x", "number: the wrong wire type"),
      CASE("\x18\x01", "text: the wrong wire type"),
      CASE("\x12\x01x", "real: the wrong wire type"),
      CASE("\x2a\x00\x2a\x00", "message: given twice"),
      CASE("\x1a\x02\xc3\x28", "is not UTF-8"),
      CASE("\x1a\x03"
           "a\0b",
           "is not UTF-8"),
      CASE("\x52\x01\xff", "is not UTF-8"),
      CASE("\x32\x01\x80", "ints: the data ends"),
      CASE("\x32\x0b\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "ints: a number of more"),
      CASE("\x3a\x03"
           "abc",
           "words: the data ends"),
      CASE("\x42\x09"
           "123456789",
           "longs: the data ends"),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    /* a block of exactly this size, so that a sanitizer sees reads beyond it */
    uint8_t *copy = malloc(cases[i].size);
    memcpy(copy, cases[i].bytes, cases[i].size);
    assert_int_equal(ob_wire_read(&message, ob_wire_span(copy, cases[i].size), &s, sizeof s), OB_INVALID_MODEL);
    if (!strstr(ob_error_message(), cases[i].words)) fail_msg("case %zu: %s", i, ob_error_message());
    free(copy);
  }
}

static void lists_of_numbers(void **state) {
  (void)state;
  sample_t s;
  int64_t value, sum = 0;
  uint64_t bits;
  /* 1, then a run of 2 and 300, an empty run, other fields between, then 4 */
  assert_int_equal(READ(s, "\x30\x01\x32\x03\x02\xac\x02\x08\x07\x32\x00\x30\x04"), OB_OK);
  assert_int_equal(s.ints.count, 4);
  while (ob_wire_next_int(&s.ints, &value)) sum = sum * 1000 + value;
  assert_int_equal(sum, 1002300004);
  assert_false(ob_wire_next_int(&s.ints, &value));
  assert_int_equal(READ(s, "\x3d\x01\x00\x00\x00\x3a\x08\x02\x00\x00\x00\x03\x00\x00\x00"), OB_OK);
  assert_int_equal(s.words.count, 3);
  assert_null(ob_wire_whole_run(s.words, 4));
  for (uint64_t i = 1; i <= 3; i++) {
    assert_true(ob_wire_next_fixed(&s.words, 4, &bits));
    assert_int_equal(bits, i);
  }
  assert_false(ob_wire_next_fixed(&s.words, 4, &bits));
}

static void whole_runs(void **state) {
  (void)state;
  sample_t s;
  static const char bytes[] =
      "\x08\x01\x42\x00\x42\x10"
      "0123456789abcdef"
      "\x08\x01";
  assert_int_equal(READ(s, bytes), OB_OK);
  assert_int_equal(s.longs.count, 2);
  const uint8_t *run = ob_wire_whole_run(s.longs, 8);
  assert_non_null(run);
  assert_memory_equal(run, "0123456789abcdef", 16);
}

static void lists_of_spans(void **state) {
  (void)state;
  sample_t s;
  ob_wire_span_t span;
  assert_int_equal(READ(s,
                        "\x4a\x01"
                        "a\x08\x01\x4a\x00\x52\x02hi\x4a\x01"
                        "b"),
                   OB_OK);
  assert_int_equal(s.spans.count, 3);
  assert_true(ob_wire_next_span(&s.spans, &span) && ob_wire_is(span, "a"));
  assert_true(ob_wire_next_span(&s.spans, &span) && ob_wire_is(span, ""));
  assert_true(ob_wire_next_span(&s.spans, &span) && ob_wire_is(span, "b"));
  assert_false(ob_wire_next_span(&s.spans, &span));
  assert_true(ob_wire_next_span(&s.texts, &span) && ob_wire_is(span, "hi"));
}

/* Any prefix of a message is read without touching what is behind it. */
static void cut_at_every_byte(void **state) {
  (void)state;
  static const char bytes[] =
      "\x08\x96\x01\x15\x00\x00\x80\x3f\x1a\x02hi\x32\x03\x02\xac\x02\x3a\x04"
      "1234"
      "\x4a\x01"
      "a";
  for (size_t size = 0; size < sizeof bytes - 1; size++) {
    sample_t s;
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    ob_status_t status = ob_wire_read(&message, ob_wire_span(copy, size), &s, sizeof s);
    assert_true(status == OB_OK || status == OB_INVALID_MODEL);
    free(copy);
  }
}

static void put_sample(ob_wire_writer_t *w, const char *big) {
  w->size = w->next = 0;
  ob_wire_put_int(w, 1, -5);
  ob_wire_put_float(w, 2, 0.5f);
  ob_wire_nested_t outer = ob_wire_begin(w, 5);
  ob_wire_put_text(w, 3, big);
  ob_wire_nested_t inner = ob_wire_begin(w, 5);
  ob_wire_put_int(w, 1, 7);
  ob_wire_end(w, inner);
  ob_wire_end(w, outer);
}

static void written_is_read(void **state) {
  (void)state;
  char big[1000], block[2000];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = 0;
  ob_wire_writer_t w = {.allocator = ob_allocator_default()};
  put_sample(&w, big);
  assert_int_equal(w.status, OB_OK);
  size_t measured = w.size;
  assert_true(measured < sizeof block);
  w.out = (uint8_t *)block;
  put_sample(&w, big);
  assert_int_equal(w.size, measured);
  ob_array_free(w.allocator, &w.sizes);
  sample_t s, outer, inner;
  assert_int_equal(ob_wire_read(&message, ob_wire_span(block, measured), &s, sizeof s), OB_OK);
  assert_int_equal(s.number.value, -5);
  assert_true(s.real.value == 0.5f);
  assert_int_equal(ob_wire_read(&message, s.message, &outer, sizeof outer), OB_OK);
  assert_true(ob_wire_is(outer.text, big));
  assert_int_equal(ob_wire_read(&message, outer.message, &inner, sizeof inner), OB_OK);
  assert_int_equal(inner.number.value, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_fields),
      cmocka_unit_test(negative_numbers),
      cmocka_unit_test(the_last_one_counts),
      cmocka_unit_test(unknown_fields_are_skipped),
      cmocka_unit_test(damaged),
      cmocka_unit_test(lists_of_numbers),
      cmocka_unit_test(whole_runs),
      cmocka_unit_test(lists_of_spans),
      cmocka_unit_test(cut_at_every_byte),
      cmocka_unit_test(written_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
