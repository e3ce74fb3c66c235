/* Runs a model on zeros, with the caller's own buffers: classify MODEL.ob [--memory]. Every dynamic dim is taken as 1. */
#include <outboard/outboard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, ob_error_message());
  exit(1);
}

static void *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) exit(1);
  *size = (size_t)ftell(file);
  rewind(file);
  void *data = aligned_alloc(64, (*size + 63) / 64 * 64); /* aligned, so that the weights are used where they are */
  if (!data || fread(data, 1, *size, file) != *size) exit(1);
  fclose(file);
  return data;
}

/* Prints what a value is, and gives a zeroed buffer for it: `dims` has room for the sizes. */
static ob_tensor_t describe(const ob_value_info_t *value, int64_t *dims) {
  size_t count = 1;
  printf("%s: %s[", value->name, ob_dtype_name(value->dtype));
  for (int32_t i = 0; i < value->rank; i++) {
    printf("%s%s", i > 0 ? ", " : "", value->dim_texts[i]);
    dims[i] = value->dims[i] == OB_DYNAMIC ? 1 : value->dims[i];
    count *= (size_t)dims[i];
  }
  printf("]\n");
  size_t bytes = ob_dtype_bytes(value->dtype, count);
  return (ob_tensor_t){.dtype = value->dtype, .rank = value->rank, .dims = dims, .data = calloc(1, bytes + 1), .bytes = bytes};
}

int main(int argc, char **argv) {
  ob_model_t *model;
  ob_context_t *context;
  ob_value_info_t info;
  ob_tensor_t inputs[16] = {0}, outputs[16] = {0};
  int64_t dims[32][OB_MAX_RANK];
  size_t size = 0;
  void *data = argc > 2 && strcmp(argv[2], "--memory") == 0 ? read_file(argv[1], &size) : NULL;
  if (argc < 2) return fprintf(stderr, "usage: classify MODEL.ob [--memory]\n"), 2;
  if ((data ? ob_model_open_memory(data, size, NULL, &model) : ob_model_open(argv[1], NULL, &model)) != OB_OK) die(argv[1]);
  const ob_function_t *function = ob_model_function(model, NULL);
  for (size_t i = 0; i < ob_function_input_count(function) && i < 16; i++)
    if (ob_function_input(function, i, &info) == OB_OK) inputs[i] = describe(&info, dims[i]);
  for (size_t i = 0; i < ob_function_output_count(function) && i < 16; i++)
    if (ob_function_output(function, i, &info) == OB_OK) outputs[i] = describe(&info, dims[16 + i]);
  if (ob_context_create(function, NULL, &context) != OB_OK || ob_context_run(context, inputs, outputs, NULL) != OB_OK) die("run");
  printf("first value of the first output: %g\n", outputs[0].dtype == OB_FLOAT32 ? (double)*(float *)outputs[0].data : 0.0);
  ob_context_close(context);
  ob_model_close(model);
}
