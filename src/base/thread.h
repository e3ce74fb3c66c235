/* Threads: how many there are to use, and a parallel loop over libgomp's pool, which oneDNN shares. */
#ifndef OB_BASE_THREAD_H
#define OB_BASE_THREAD_H

#include <stddef.h>
#include <stdint.h>

/* CPUs that affinity and cgroup limits leave, at least 1. */
uint32_t ob_thread_default(void);
/* See ob_host_t.parallel_for in outboard/engine.h. */
void ob_parallel_for(uint32_t threads, size_t count, size_t grain, void (*body)(void *, size_t, size_t), void *arg);
/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t ob_now_ns(void);

#endif
