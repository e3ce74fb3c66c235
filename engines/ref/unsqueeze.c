/* Unsqueeze: puts in axes of one element. */
#include "ref/support/move.h"

const ob_kernel_t ob_ref_Unsqueeze = {.op = "Unsqueeze", .domain = "", .view = true, .run = ob_ref_copy_through};
