/* Tells the content type of files: magika MODEL.ob LABELS.txt FILE...
 *
 * The model is Google's magika (standard_v3_3); LABELS.txt is made from its configuration by tools/magika_labels.py. Features, thresholds
 * and the rules for tiny files are those of the package magika 1.0.3. */
#include <outboard/outboard.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { BEGIN = 1024, END = 1024, BLOCK = 4096, PADDING = 256, LEAST = 8, MOST_LABELS = 512 };

/* A line of LABELS.txt: label, what to say instead, the score that it takes, "text" or "binary". */
typedef struct {
  char name[40], output[40], kind[8];
  float threshold;
} label_t;

static label_t labels[MOST_LABELS];
static size_t label_count;

static bool read_labels(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return perror(path), false;
  while (label_count < MOST_LABELS) {
    label_t *label = &labels[label_count];
    if (fscanf(file, "%39s %39s %f %7s", label->name, label->output, &label->threshold, label->kind) != 4) break;
    label_count++;
  }
  fclose(file);
  return label_count > 0;
}

static bool is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The first block without leading space, then the last block without trailing space, each padded to its size. */
static void make_features(const unsigned char *first, const unsigned char *last, size_t size, int32_t *features) {
  size_t begin = 0, end = size;
  while (begin < size && is_space(first[begin])) begin++;
  while (end > 0 && is_space(last[end - 1])) end--;
  for (size_t i = 0; i < BEGIN; i++) features[i] = begin + i < size ? first[begin + i] : PADDING;
  for (size_t i = 0; i < END; i++) features[BEGIN + END - 1 - i] = i < end ? last[end - 1 - i] : PADDING;
}

static bool is_utf8(const unsigned char *s, size_t size) {
  for (size_t i = 0; i < size;) {
    size_t n = s[i] < 0x80 ? 1 : s[i] < 0xc2 ? 0 : s[i] < 0xe0 ? 2 : s[i] < 0xf0 ? 3 : s[i] < 0xf5 ? 4 : 0;
    if (n == 0 || i + n > size) return false;
    for (size_t k = 1; k < n; k++)
      if ((s[i + k] & 0xc0) != 0x80) return false;
    i += n;
  }
  return true;
}

typedef struct {
  const char *label;
  float score;
} answer_t;

/* What the model says, and what is said of it: too low a score leaves only "txt" or "unknown". */
static bool ask_model(ob_context_t *context, int32_t *features, answer_t *answer) {
  const int64_t dims[2] = {1, BEGIN + END};
  ob_tensor_t input = {.dtype = OB_INT32, .rank = 2, .dims = dims, .data = features, .bytes = sizeof *features * (BEGIN + END)}, output = {0};
  if (ob_context_run(context, &input, &output, NULL) != OB_OK) return fprintf(stderr, "magika: %s\n", ob_error_message()), false;
  const float *scores = output.data;
  size_t best = 0, count = output.dims[1] < (int64_t)label_count ? (size_t)output.dims[1] : label_count;
  for (size_t i = 1; i < count; i++)
    if (scores[i] > scores[best]) best = i;
  const label_t *label = &labels[best];
  *answer = (answer_t){label->output, scores[best]};
  if (scores[best] < label->threshold) answer->label = strcmp(label->kind, "text") == 0 ? "txt" : "unknown";
  return true;
}

/* Reads the two ends of a file and decides. */
static bool classify(ob_context_t *context, const char *path, answer_t *answer) {
  static unsigned char first[BLOCK], last[BLOCK];
  static int32_t features[BEGIN + END];
  struct stat info;
  if (stat(path, &info) != 0) return perror(path), false;
  if (!S_ISREG(info.st_mode)) return *answer = (answer_t){S_ISDIR(info.st_mode) ? "directory" : "unknown", 1}, true;
  if (info.st_size == 0) return *answer = (answer_t){"empty", 1}, true;
  size_t size = info.st_size < BLOCK ? (size_t)info.st_size : BLOCK;
  FILE *file = fopen(path, "rb");
  bool right = file && fread(first, 1, size, file) == size && fseek(file, info.st_size - (long)size, SEEK_SET) == 0 && fread(last, 1, size, file) == size;
  if (file) fclose(file);
  if (!right) return perror(path), false;
  make_features(first, last, size, features);
  if (info.st_size < LEAST || features[LEAST - 1] == PADDING)
    return *answer = (answer_t){is_utf8(first, size) ? "txt" : "unknown", 1}, true;
  return ask_model(context, features, answer);
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

int main(int argc, char **argv) {
  ob_model_t *model;
  ob_context_t *context;
  if (argc < 4) return fprintf(stderr, "usage: magika MODEL.ob LABELS.txt FILE...\n"), 2;
  if (!read_labels(argv[2])) return 1;
  if (ob_model_open(argv[1], NULL, &model) != OB_OK || ob_context_create(ob_model_function(model, NULL), NULL, &context) != OB_OK)
    return fprintf(stderr, "%s: %s\n", argv[1], ob_error_message()), 1;
  int code = 0;
  printf("%-48s %-16s %6s %9s\n", "file", "content", "score", "time");
  for (int i = 3; i < argc; i++) {
    answer_t answer;
    double begin = now_ms();
    if (!classify(context, argv[i], &answer)) code = 1;
    else printf("%-48s %-16s %6.3f %6.2f ms\n", argv[i], answer.label, (double)answer.score, now_ms() - begin);
  }
  ob_context_close(context);
  ob_model_close(model);
  return code;
}
