/* Threads by OpenMP, so that oneDNN and our own loops use one pool. */
#include "base/thread.h"

#include <omp.h>
#include <outboard/outboard.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

/* CPUs that the cgroup's quota leaves; 0 when there is no limit to be seen. */
static uint32_t cgroup_limit(void) {
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
  long long quota = 0, period = 0;
  if (!file) return 0;
  int got = fscanf(file, "%lld %lld", &quota, &period);
  fclose(file);
  if (got != 2 || quota <= 0 || period <= 0) return 0;
  return (uint32_t)((quota + period - 1) / period);
}

uint32_t ob_thread_default(void) {
  cpu_set_t set;
  uint32_t cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
  uint32_t limit = cgroup_limit();
  if (limit > 0 && limit < cpus) cpus = limit;
  return cpus > 0 ? cpus : 1;
}

uint32_t ob_default_threads(void) { return ob_thread_default(); }

/* The runtime library of OpenMP is not built for ThreadSanitizer, which therefore can't see its fork and join: they are told to it. */
#if defined __SANITIZE_THREAD__
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define OB_TSAN_ACQUIRE(address) __tsan_acquire(address)
#define OB_TSAN_RELEASE(address) __tsan_release(address)
#define OB_FORKS __attribute__((no_sanitize("thread"), noinline))
#else
#define OB_TSAN_ACQUIRE(address) ((void)(address))
#define OB_TSAN_RELEASE(address) ((void)(address))
#define OB_FORKS
#endif

OB_FORKS static void fork_join(size_t pieces, size_t count, void (*body)(void *, size_t, size_t), void *arg) {
  char forked = 0, joined = 0;
  OB_TSAN_RELEASE(&forked);
#pragma omp parallel num_threads((int)pieces)
  {
    size_t n = (size_t)omp_get_num_threads(), i = (size_t)omp_get_thread_num();
    size_t begin = count / n * i + (i < count % n ? i : count % n);
    size_t end = begin + count / n + (i < count % n ? 1 : 0);
    OB_TSAN_ACQUIRE(&forked);
    if (begin < end) body(arg, begin, end);
    OB_TSAN_RELEASE(&joined);
  }
  OB_TSAN_ACQUIRE(&joined);
}

void ob_parallel_for(uint32_t threads, size_t count, size_t grain, void (*body)(void *, size_t, size_t), void *arg) {
  if (count == 0) return;
  if (grain == 0) grain = 1;
  size_t pieces = count / grain < threads ? count / grain : threads;
  if (pieces <= 1) {
    body(arg, 0, count);
    return;
  }
  fork_join(pieces, count, body, arg);
}

uint64_t ob_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
