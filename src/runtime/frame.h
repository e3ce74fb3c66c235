/* Frames: a program in the hands of one caller. A context is a frame for the function it calls, with frames for bodies below. */
#ifndef OB_RUNTIME_FRAME_H
#define OB_RUNTIME_FRAME_H

#include "runtime/program.h"

/* Memory that grows and is used again and again. */
typedef struct ob_block {
  void *data; /* aligned to 64 */
  size_t size;
} ob_block_t;

typedef struct ob_frame ob_frame_t;

/* Room for one value whose shape or form is known only after it was made: an output of a step, a value that a loop carries. */
typedef struct ob_holder {
  ob_tensor_t tensor; /* the value, as it was put here */
  int64_t dims[OB_MAX_RANK];
  ob_block_t block;
  bool filled;
} ob_holder_t;

/* What a step keeps between calls. */
typedef struct ob_step_state {
  ob_holder_t *outputs; /* [step output] of steps with deferred outputs, and of loops */
  ob_frame_t **frames;  /* [body] */
  ob_holder_t *carried; /* [value that a loop carries], [slice of a scan] */
  uint32_t carried_count;
  ob_holder_t iteration, condition; /* scalars of a loop */
  const ob_tensor_t **output_cells; /* [step output] */
  ob_bound_t *bound;    /* of a dynamic region, in use */
  ob_block_t workspace;
  ob_frame_t *frame;    /* the one it belongs to */
  uint32_t step;
} ob_step_state_t;

typedef struct ob_slot ob_slot_t;

typedef struct ob_segment_state {
  ob_plan_t *plan;
  ob_block_t arena;
  ob_slot_t *slots;         /* of a bounded segment: plans of the frame's own; else NULL */
  const ob_plan_t *largest; /* what has room for all of them */
  uint64_t clock;
} ob_segment_state_t;

struct ob_frame {
  ob_context_t *context;
  const ob_program_t *program;
  ob_tensor_t *cells;          /* [value] where it is and what it is, once it exists */
  void **pointers;             /* inputs and outputs of all steps, as engines get them */
  const ob_tensor_t **tensors; /* the same in full */
  ob_call_t *calls;            /* [step] */
  ob_step_state_t *states;     /* [step] */
  ob_segment_state_t *segments;
  const ob_tensor_t **inputs;  /* [input]: its cell */
  const ob_tensor_t **results; /* [output]: what it is after a run */
  ob_holder_t *outputs;        /* [output]: where the frame puts it when the caller gives no room */
  ob_tensor_t *wanted;         /* [output]: room that the caller gives: data and bytes, or data NULL */
};

typedef void (*ob_region_hook_t)(void *user, const ob_step_t *step, ob_frame_t *frame, bool before, ob_status_t *status);

struct ob_context {
  const ob_allocator_t *allocator;
  const ob_function_t *function;
  ob_model_t *model;
  ob_sink_t sink;
  uint32_t threads;
  int64_t *symbols; /* [symbol]; shared by all frames, since each symbol belongs to one graph or to those around it */
  ob_frame_t *frame;
  size_t bytes;     /* of all blocks */
  const ob_run_options_t *options; /* of the call in progress; NULL: none that matters */
  uint64_t deadline_ns;
  const volatile int *cancel;
  bool again;       /* an engine was replaced: the call begins anew */
  ob_region_hook_t hook; /* verification looks on */
  void *hook_user;
  uint32_t slots;      /* shapes that a bounded segment has room for */
  ob_arena_t scratch;  /* for binding in place */
  ob_block_t *staging; /* [input]: contiguous, aligned copies */
  void **provided;     /* [output]: memory that the last call gave out; it is not taken for a caller's buffer */
};

/* ---------------------------------------------------------------- arguments (check.c) */

/* Checks input `index` and makes it contiguous and aligned in `view`. */
OB_MUST_CHECK ob_status_t ob_context_input(ob_context_t *context, uint32_t index, const ob_tensor_t *given, ob_tensor_t *view);
/* Checks the buffers for outputs and tells the frame which of them it can write to directly. */
OB_MUST_CHECK ob_status_t ob_context_outputs(ob_context_t *context, const ob_tensor_t *inputs, const ob_tensor_t *outputs);

/* ---------------------------------------------------------------- memory (hold.c) */

/* At least `bytes`; what was in it is lost. */
OB_MUST_CHECK ob_status_t ob_block_reserve(ob_context_t *context, ob_block_t *block, size_t bytes);
/* The same, keeping the first `used` bytes. */
OB_MUST_CHECK ob_status_t ob_block_grow(ob_context_t *context, ob_block_t *block, size_t bytes, size_t used);
void ob_block_free(ob_context_t *context, ob_block_t *block);
/* Makes room for a plain tensor of this shape; its elements are the caller's to fill. */
OB_MUST_CHECK ob_status_t ob_holder_shape(ob_context_t *context, ob_holder_t *holder, ob_dtype_t dtype, int32_t rank,
                                          const int64_t *dims);
/* Copies a value, deeply. It must not lie in the holder itself. */
OB_MUST_CHECK ob_status_t ob_holder_copy(ob_context_t *context, ob_holder_t *holder, const ob_tensor_t *value);
void ob_holder_free(ob_context_t *context, ob_holder_t *holder);
/* Exchanges what two holders hold. */
void ob_holder_swap(ob_holder_t *a, ob_holder_t *b);

/* ---------------------------------------------------------------- plans of bounded segments (slots.c) */

/* Makes slots where every symbol has a largest size and there is the memory; else plans come from the segment's cache. */
OB_MUST_CHECK ob_status_t ob_slots_create(ob_frame_t *frame, uint32_t segment);
void ob_slots_free(ob_frame_t *frame, uint32_t segment);
/* A plan for the symbols' numbers; *plan is NULL when it is to come from the cache. Nobody else may hold one of this segment. */
OB_MUST_CHECK ob_status_t ob_slots_acquire(ob_frame_t *frame, uint32_t segment, ob_plan_t **plan);

/* ---------------------------------------------------------------- running */

OB_MUST_CHECK ob_status_t ob_frame_create(ob_context_t *context, const ob_program_t *program, ob_frame_t **frame);
void ob_frame_free(ob_frame_t *frame);
/* Says what input `index` is; the tensor's data and dims stay the caller's until the run is over. */
OB_MUST_CHECK ob_status_t ob_frame_set_input(ob_frame_t *frame, uint32_t index, const ob_tensor_t *tensor);
/* Runs the program on the inputs that were set. Output o is then ob_frame_output(frame, o). */
OB_MUST_CHECK ob_status_t ob_frame_run(ob_frame_t *frame);
/* What output `index` is; valid until the frame runs again. */
const ob_tensor_t *ob_frame_output(const ob_frame_t *frame, uint32_t index);

/* Makes `value` of the frame known. */
void ob_frame_set_cell(ob_frame_t *frame, uint32_t value, const ob_tensor_t *tensor);
/* Puts output `index` of a step where it belongs: into the room that was planned for it, or as it lies in `tensor`, which must then
 * stay until the step runs again. */
OB_MUST_CHECK ob_status_t ob_frame_deliver(ob_frame_t *frame, uint32_t step, uint32_t index, const ob_tensor_t *tensor);
/* OB_CANCELLED or OB_DEADLINE_EXCEEDED when the call is to stop. */
OB_MUST_CHECK ob_status_t ob_context_check(const ob_context_t *context);

/* Steps that are not a plain engine call: dynamic.c, control.c, loop.c, scan.c. */
OB_MUST_CHECK ob_status_t ob_run_dynamic(ob_frame_t *frame, uint32_t step);
OB_MUST_CHECK ob_status_t ob_run_if(ob_frame_t *frame, uint32_t step);
OB_MUST_CHECK ob_status_t ob_run_loop(ob_frame_t *frame, uint32_t step);
OB_MUST_CHECK ob_status_t ob_run_scan(ob_frame_t *frame, uint32_t step);
/* Calls the engine of a step: trace, replacement of engines that fail. */
OB_MUST_CHECK ob_status_t ob_run_engine(ob_frame_t *frame, uint32_t step, ob_bound_t *bound);
/* ob_call_t.allocate and put. */
ob_status_t ob_call_allocate(const ob_call_t *call, uint32_t output, int32_t rank, const int64_t *dims, void **data);
ob_status_t ob_call_put(const ob_call_t *call, uint32_t output, const ob_tensor_t *value);
/* The element that a condition or trip count is. `what` is for messages. */
OB_MUST_CHECK ob_status_t ob_frame_scalar(const ob_frame_t *frame, uint32_t step, const ob_tensor_t *tensor, const char *what,
                                          int64_t *value);
/* Asks output `output` of a body to be made where output `index` of the step is to be, if that has room already. */
void ob_frame_want(ob_frame_t *frame, uint32_t step, uint32_t index, ob_frame_t *inner, uint32_t output);
/* Appends a tensor to a holder that stacks tensors of one shape along a new axis 0. `count` is how many it has. */
OB_MUST_CHECK ob_status_t ob_holder_append(ob_context_t *context, ob_holder_t *holder, int64_t count,
                                           const ob_tensor_t *tensor);
/* What a stack of no tensors is: dims from the body's type where its symbols are known, else 0. */
OB_MUST_CHECK ob_status_t ob_holder_empty(ob_context_t *context, ob_holder_t *holder, const ob_type_t *element);
/* Takes an output of a body over: its memory where that can be had, else a copy. */
OB_MUST_CHECK ob_status_t ob_frame_take(ob_frame_t *inner, uint32_t output, ob_holder_t *holder);
/* Sets the captured values of a body as the last inputs of its frame. */
OB_MUST_CHECK ob_status_t ob_frame_capture(ob_frame_t *frame, uint32_t step, uint32_t body);

#endif
