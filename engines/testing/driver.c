/* Runs one node on one engine for tests written in Python: reads a case in a simple text form on standard input, writes the
 * outputs' raw bytes to a file. It stands in for nothing: the rig does the work.
 *
 *     op NAME DOMAIN SINCE          (DOMAIN "-" for ai.onnx)
 *     int NAME VALUE | ints NAME COUNT VALUES... | float NAME VALUE | floats NAME COUNT VALUES... | string NAME TEXT | strings NAME COUNT TEXTS...
 *         (a TEXT: '=' and then its bytes, with %XX for anything but letters and digits)
 *     tensor NAME DTYPE RANK DIMS... FILE   (an attribute)
 *     input DTYPE RANK DIMS... FILE | noinput | any VALUE
 *         where VALUE is: tensor DTYPE RANK DIMS... FILE | sequence DTYPE COUNT VALUES... | optional DTYPE COUNT VALUES...
 *     output DTYPE RANK DIMS... | dynamic DTYPE | nooutput | put KIND DTYPE RANK DIMS... (RANK -1: not known)
 *
 * Usage: driver ENGINE OUTPUT-FILE < case. For each output the file gets one line "DTYPE RANK DIMS...\n" and then its bytes.
 * A value that was put is written as "put VALUE" in the same form, with strings as LENGTH\nBYTES, in files as well as in outputs.
 * Exit 0: ran; 1: the engine failed (message on standard error); 3: the engine refuses the node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "testing/testing.h"

enum { MOST = 64 };

typedef struct tensor_text {
  int dtype;
  int32_t rank;
  int64_t dims[OB_MAX_RANK];
} tensor_text_t;

static char word[65536];

/* Zeroed memory that is given back when the program ends. */
static void *kept[65536];
static size_t kept_count;
static void *keep(size_t size) {
  if (kept_count == sizeof kept / sizeof *kept) exit(2);
  return kept[kept_count++] = calloc(1, size + 1);
}

static const char *next_word(void) {
  if (scanf("%65535s", word) != 1) exit(2);
  return word;
}

static long long next_int(void) { return atoll(next_word()); }

static tensor_text_t next_tensor(void) {
  tensor_text_t text = {.dtype = (int)next_int(), .rank = (int32_t)next_int()};
  for (int32_t i = 0; i < text.rank; i++) text.dims[i] = next_int();
  return text;
}

static void read_file(const char *path, void *data, size_t bytes) {
  FILE *file = fopen(path, "rb");
  if (!file || fread(data, 1, bytes, file) != bytes) {
    fprintf(stderr, "driver: %s is short\n", path);
    exit(2);
  }
  fclose(file);
}

/* A TEXT as a string of its own. */
static char *decode(const char *text) {
  char *out = malloc(strlen(text) + 1), *end = out;
  for (text += *text == '='; *text; text++) {
    unsigned code;
    if (*text == '%' && sscanf(text + 1, "%2x", &code) == 1) {
      *end++ = (char)code;
      text += 2;
    } else {
      *end++ = *text;
    }
  }
  *end = '\0';
  return out;
}

typedef struct attribute_text {
  char kind[16], name[64];
  size_t count;
  int64_t *ints;
  float *floats;
  char **strings;
  tensor_text_t tensor;
  double *values;
} attribute_text_t;

static void read_attribute(const char *kind, attribute_text_t *a) {
  snprintf(a->kind, sizeof a->kind, "%s", kind);
  snprintf(a->name, sizeof a->name, "%.63s", next_word());
  bool list = kind[strlen(kind) - 1] == 's';
  a->count = list ? (size_t)next_int() : 1;
  a->ints = calloc(a->count + 1, sizeof *a->ints);
  a->floats = calloc(a->count + 1, sizeof *a->floats);
  a->strings = calloc(a->count + 1, sizeof *a->strings);
  if (strcmp(kind, "tensor") == 0) {
    a->tensor = next_tensor();
    size_t bytes, count = 1;
    for (int32_t i = 0; i < a->tensor.rank; i++) count *= (size_t)a->tensor.dims[i];
    bytes = ob_dtype_bytes((ob_dtype_t)a->tensor.dtype, count);
    void *data = malloc(bytes + 1);
    read_file(next_word(), data, bytes);
    a->values = calloc(count + 1, sizeof *a->values);
    for (size_t i = 0; i < count; i++) a->values[i] = ob_element_get((ob_dtype_t)a->tensor.dtype, data, i);
    free(data);
    return;
  }
  for (size_t i = 0; i < a->count; i++) {
    const char *text = next_word();
    a->ints[i] = atoll(text);
    a->floats[i] = strtof(text, NULL);
    a->strings[i] = decode(text);
  }
}

static void add_attribute(ob_rig_t *rig, const attribute_text_t *a) {
  if (strcmp(a->kind, "int") == 0) ob_rig_int(rig, a->name, a->ints[0]);
  if (strcmp(a->kind, "ints") == 0) ob_rig_ints(rig, a->name, a->ints, a->count);
  if (strcmp(a->kind, "float") == 0) ob_rig_float(rig, a->name, a->floats[0]);
  if (strcmp(a->kind, "floats") == 0) ob_rig_floats(rig, a->name, a->floats, a->count);
  if (strcmp(a->kind, "string") == 0) ob_rig_string(rig, a->name, a->strings[0]);
  if (strcmp(a->kind, "strings") == 0) ob_rig_strings(rig, a->name, (const char *const *)a->strings, a->count);
  if (strcmp(a->kind, "tensor") == 0)
    ob_rig_tensor(rig, a->name, (ob_dtype_t)a->tensor.dtype, a->tensor.rank, a->tensor.dims, a->values);
}

static void free_attribute(attribute_text_t *a) {
  for (size_t i = 0; i < a->count; i++) free(a->strings[i]);
  free(a->ints);
  free(a->floats);
  free(a->strings);
  free(a->values);
}

/* Strings of a file: "LENGTH\nBYTES" each. */
static void read_strings(const char *path, ob_string_t *strings, size_t count) {
  FILE *file = fopen(path, "rb");
  for (size_t i = 0; i < count; i++) {
    size_t size;
    if (!file || fscanf(file, "%zu", &size) != 1 || fgetc(file) != '\n') exit(2);
    char *text = keep(size);
    if (fread(text, 1, size, file) != size) exit(2);
    strings[i] = (ob_string_t){text, size};
  }
  if (file) fclose(file);
}

/* A VALUE; what it is made of is given back when the program ends. */
static ob_tensor_t next_value(void) {
  char kind[16];
  snprintf(kind, sizeof kind, "%.15s", next_word());
  if (strcmp(kind, "tensor") != 0) {
    ob_tensor_t value = {.kind = strcmp(kind, "sequence") == 0 ? OB_SEQUENCE : OB_OPTIONAL, .dtype = (ob_dtype_t)next_int()};
    value.item_count = (size_t)next_int();
    ob_tensor_t *items = keep(value.item_count * sizeof *items);
    for (size_t i = 0; i < value.item_count; i++) items[i] = next_value();
    value.items = items;
    return value;
  }
  tensor_text_t *text = keep(sizeof *text);
  size_t count = 1;
  *text = next_tensor();
  for (int32_t i = 0; i < text->rank; i++) count *= (size_t)text->dims[i];
  ob_tensor_t value = {.dtype = (ob_dtype_t)text->dtype, .rank = text->rank, .dims = text->dims};
  value.bytes = ob_dtype_bytes(value.dtype, count);
  value.data = keep(value.bytes);
  if (value.dtype == OB_STRING)
    read_strings(next_word(), value.data, count);
  else
    read_file(next_word(), value.data, value.bytes);
  return value;
}

static void write_value(FILE *file, const ob_tensor_t *value) {
  static const char *const kinds[] = {"tensor", "sequence", "optional", "map"};
  size_t count = 1;
  fprintf(file, "%s %d", kinds[value->kind], (int)value->dtype);
  if (value->kind != OB_TENSOR) {
    fprintf(file, " %zu\n", value->item_count);
    for (size_t i = 0; i < value->item_count; i++) write_value(file, &value->items[i]);
    return;
  }
  fprintf(file, " %d", (int)value->rank);
  for (int32_t d = 0; d < value->rank; d++) {
    fprintf(file, " %lld", (long long)value->dims[d]);
    count *= (size_t)value->dims[d];
  }
  fputc('\n', file);
  if (value->dtype != OB_STRING) {
    fwrite(value->data, 1, ob_dtype_bytes(value->dtype, count), file);
    return;
  }
  const ob_string_t *strings = value->data;
  for (size_t i = 0; i < count; i++) {
    fprintf(file, "%zu\n", strings[i].size);
    fwrite(strings[i].data, 1, strings[i].size, file);
  }
}

static int add_input(ob_rig_t *rig) {
  tensor_text_t text = next_tensor();
  int value = ob_rig_input(rig, (ob_dtype_t)text.dtype, text.rank, text.dims, NULL);
  size_t bytes = ob_dtype_bytes((ob_dtype_t)text.dtype, ob_rig_count(rig, value));
  read_file(next_word(), ob_rig_data(rig, value), bytes);
  if (text.rank <= 1 && (text.dtype == OB_INT64 || text.dtype == OB_INT32 || text.dtype == OB_BOOL)) ob_rig_content(rig, value);
  return value;
}

static void write_outputs(ob_rig_t *rig, const int *outputs, size_t count, const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) exit(2);
  for (size_t i = 0; i < count; i++) {
    if (outputs[i] < 0) continue;
    if (ob_rig_any(rig, outputs[i])) {
      fputs("put ", file);
      write_value(file, ob_rig_any(rig, outputs[i]));
      continue;
    }
    fprintf(file, "%d %d", (int)ob_rig_dtype(rig, outputs[i]), (int)ob_rig_rank(rig, outputs[i]));
    for (int32_t d = 0; d < ob_rig_rank(rig, outputs[i]); d++) fprintf(file, " %lld", (long long)ob_rig_dims(rig, outputs[i])[d]);
    fputc('\n', file);
    fwrite(ob_rig_data(rig, outputs[i]), 1, ob_dtype_bytes(ob_rig_dtype(rig, outputs[i]), ob_rig_count(rig, outputs[i])), file);
  }
  fclose(file);
}

int main(int argc, char **argv) {
  static attribute_text_t attributes[MOST];
  int inputs[MOST], outputs[MOST], failed = 0;
  size_t attribute_count = 0, input_count = 0, output_count = 0;
  char op[128] = "", domain[128] = "";
  if (argc != 3) return 2;
  ob_rig_t *rig = ob_rig_open(argv[1]);
  if (!rig) return 2;
  while (scanf("%65535s", word) == 1) {
    if (input_count == MOST || output_count == MOST || attribute_count == MOST) return 2;
    if (strcmp(word, "op") == 0) {
      snprintf(op, sizeof op, "%.127s", next_word());
      snprintf(domain, sizeof domain, "%.127s", next_word());
      next_int();
    } else if (strcmp(word, "input") == 0) {
      inputs[input_count++] = add_input(rig);
    } else if (strcmp(word, "any") == 0) {
      ob_tensor_t value = next_value();
      inputs[input_count++] = ob_rig_input_any(rig, &value);
    } else if (strcmp(word, "put") == 0) {
      ob_kind_t kind = (ob_kind_t)next_int();
      tensor_text_t text = next_tensor();
      outputs[output_count++] = ob_rig_output_any(rig, kind, (ob_dtype_t)text.dtype, text.rank, text.dims);
    } else if (strcmp(word, "noinput") == 0) {
      inputs[input_count++] = OB_LEFT_OUT;
    } else if (strcmp(word, "output") == 0) {
      tensor_text_t text = next_tensor();
      outputs[output_count++] = ob_rig_output(rig, (ob_dtype_t)text.dtype, text.rank, text.dims);
    } else if (strcmp(word, "dynamic") == 0) {
      outputs[output_count++] = ob_rig_output(rig, (ob_dtype_t)next_int(), OB_UNKNOWN);
    } else if (strcmp(word, "nooutput") == 0) {
      outputs[output_count++] = OB_LEFT_OUT;
    } else {
      char kind[16];
      snprintf(kind, sizeof kind, "%.15s", word);
      read_attribute(kind, &attributes[attribute_count++]);
    }
  }
  ob_rig_node(rig, op, inputs, input_count, outputs, output_count);
  if (strcmp(domain, "-") != 0) ob_rig_domain(rig, domain);
  for (size_t a = 0; a < attribute_count; a++) add_attribute(rig, &attributes[a]);
  const char *refusal = ob_rig_refusal(rig);
  if (refusal) {
    fprintf(stderr, "%s\n", refusal);
    failed = 3;
  } else if (ob_rig_run(rig) != OB_OK) {
    fprintf(stderr, "%s\n", ob_rig_message(rig));
    failed = 1;
  } else {
    write_outputs(rig, outputs, output_count, argv[2]);
  }
  ob_rig_close(rig);
  for (size_t a = 0; a < attribute_count; a++) free_attribute(&attributes[a]);
  for (size_t i = 0; i < kept_count; i++) free(kept[i]);
  return failed;
}
