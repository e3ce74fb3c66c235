/* Runs a fuzz target on files and folders, for builds without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return 1;
  struct stat info;
  size_t size = fstat(fileno(file), &info) == 0 ? (size_t)info.st_size : 0;
  uint8_t *data = malloc(size ? size : 1);
  int failed = !data || fread(data, 1, size, file) != size;
  if (!failed) LLVMFuzzerTestOneInput(data, size);
  free(data);
  fclose(file);
  return failed;
}

static int replay(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return replay_file(path);
  int failed = 0;
  struct dirent *entry;
  while ((entry = readdir(folder))) {
    char inner[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
    failed |= replay(inner);
  }
  closedir(folder);
  return failed;
}

int main(int count, char **paths) {
  int failed = 0;
  for (int i = 1; i < count; i++) failed |= replay(paths[i]);
  if (failed) fprintf(stderr, "a seed could not be read\n");
  return failed;
}
