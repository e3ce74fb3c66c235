/* Greedy by size with best fit: see memory.h. */
#include "plan/memory.h"
