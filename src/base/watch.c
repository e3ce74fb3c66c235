/* The handler of SIGBUS and the mappings that it looks after. */
#include "base/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Watches are never freed, only used again: the handler may walk the list at any time. */
static _Atomic(ob_watch_t *) watches;
static struct sigaction before;
static uintptr_t page_size;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool handing_on;

/* Puts zeros in place of what the file no longer has. mmap only enters the kernel: safe in a handler on Linux. */
static bool fill(uintptr_t address) {
  for (ob_watch_t *watch = atomic_load(&watches); watch; watch = watch->next) {
    uintptr_t begin = atomic_load(&watch->begin), size = atomic_load(&watch->size);
    if (begin == 0 || address < begin || address - begin >= size) continue;
    uintptr_t page = address & ~(page_size - 1);
    void *zeros = mmap((void *)page, begin + size - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros == MAP_FAILED) return false;
    atomic_store(&watch->broken, true);
    return true;
  }
  return false;
}

static void hand_on(int number, siginfo_t *info, void *context) {
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  } else {
    signal(number, SIG_DFL); /* the access is tried again */
  }
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
  if (fill((uintptr_t)info->si_addr)) return;
  if (handing_on) {
    signal(number, SIG_DFL); /* the other handler hands it back */
    return;
  }
  handing_on = true;
  hand_on(number, info, context);
  handing_on = false;
}

/* Once, and again when somebody has put another handler in its place. */
static void install(void) {
  struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK}, now;
  pthread_mutex_lock(&lock);
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  if (sigaction(SIGBUS, NULL, &now) == 0 && !((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_bus_error)) {
    before = now;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
  }
  pthread_mutex_unlock(&lock);
}

ob_status_t ob_watch_add(const void *base, size_t size, ob_watch_t **out) {
  install();
  ob_watch_t *watch;
  for (watch = atomic_load(&watches); watch; watch = watch->next) {
    uintptr_t none = 0;
    if (atomic_compare_exchange_strong(&watch->begin, &none, UINTPTR_MAX)) break; /* a place where nothing can be read */
  }
  if (!watch) {
    watch = calloc(1, sizeof *watch);
    if (!watch) return ob_fail_memory();
    atomic_store(&watch->begin, UINTPTR_MAX);
    watch->next = atomic_load(&watches);
    while (!atomic_compare_exchange_weak(&watches, &watch->next, watch)) {}
  }
  atomic_store(&watch->broken, false);
  atomic_store(&watch->size, size);
  atomic_store(&watch->begin, (uintptr_t)base);
  *out = watch;
  return OB_OK;
}

void ob_watch_remove(ob_watch_t *watch) {
  if (watch) atomic_store(&watch->begin, 0);
}
