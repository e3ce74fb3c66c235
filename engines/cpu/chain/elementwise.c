/* Kernels of single element-wise operators: each is a chain of its own. */
#include "cpu/chain/elementwise.h"

#include <string.h>

#include "cpu/chain/lower.h"

static const ob_elementwise_t operators[] = {
#define E(op, ...) {.name = #op, __VA_ARGS__},
#include "cpu/chain/elementwise.def"
#undef E
};

const ob_elementwise_t *ob_elementwise_find(const ob_node_view_t *node) {
  if (node->domain[0] != '\0') return NULL;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (strcmp(operators[i].name, node->op) == 0) return &operators[i];
  return NULL;
}

float ob_elementwise_param(const ob_node_view_t *node, const char *name, float fallback) {
  const ob_attribute_view_t *attribute = ob_node_attribute(node, name);
  return attribute && attribute->kind == OB_ATTRIBUTE_FLOAT ? attribute->floats[0] : fallback;
}

bool ob_elementwise_supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_elementwise_t *op = ob_elementwise_find(node);
  (void)region;
  if (!op) return ob_cpu_refuse(node, reason, size, "not element-wise");
  for (size_t i = 0; i < node->input_count; i++) {
    const ob_value_view_t *value = node->inputs[i];
    const bool is_bool = value && value->dtype == OB_BOOL && op->lower == lower_where;
    if (value && !is_bool && !(op->types & OB_DTYPE_BIT(value->dtype)))
      return ob_cpu_refuse(node, reason, size, "no kernel for %s (%s)", ob_dtype_name(value->dtype), ob_quote(value->name));
  }
  const ob_dtype_t from = node->inputs[0]->dtype, to = node->outputs[0]->dtype;
  if (!(OB_ANY & OB_DTYPE_BIT(to))) return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(to));
  if (op->typed != OB_TYPED_NONE && !ob_is_small_real(from) && !ob_chain_typed(op->typed, from))
    return ob_cpu_refuse(node, reason, size, "no kernel for %s", ob_dtype_name(from));
  return !op->check || op->check(node, reason, size);
}

/* The first input whose memory the output may take over: as many elements of the same size. */
int ob_chain_in_place(const ob_kernel_setup_t *setup) {
  const ob_tensor_t *out = setup->outputs[0];
  for (size_t i = 0; i < setup->node->input_count; i++) {
    const ob_tensor_t *in = setup->inputs[i];
    if (in && !setup->node->inputs[i]->is_constant && ob_cpu_size(in->dtype) == ob_cpu_size(out->dtype) &&
        ob_tensor_count(in) == ob_tensor_count(out))
      return (int)i;
  }
  return -1;
}

ob_status_t ob_chain_prepared(ob_kernel_setup_t *setup, ob_chain_builder_t *builder) {
  ob_chain_state_t *state;
  OB_TRY(OB_ARENA_NEW(setup->arena, &state));
  OB_TRY(ob_chain_finish(builder, &state->chain));
  state->scratch = ob_chain_scratch(state->chain);
  state->grain = OB_CPU_GRAIN / (state->chain->step_count + 1) + OB_TILE;
  setup->state = state;
  if (!ob_mul_size(state->scratch, setup->threads, &setup->scratch_bytes)) return ob_fail_memory();
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_node_view_t *node = setup->node;
  const ob_elementwise_t *op = ob_elementwise_find(node);
  const ob_tensor_t *out = setup->outputs[0];
  ob_chain_builder_t builder;
  ob_reg_t in[OB_CHAIN_INPUTS];
  uint32_t which[OB_CHAIN_INPUTS];
  if (node->input_count > OB_CHAIN_INPUTS || out->rank < 0) return ob_fail(OB_INTERNAL, "its output has no shape");
  OB_TRY(ob_chain_begin(&builder, setup->arena, out->rank, out->dims));
  for (size_t i = 0; i < node->input_count; i++) {
    which[i] = (uint32_t)i;
    in[i] = -1;
    if (!setup->inputs[i] || (i > 0 && op->by_channel)) continue;
    if (i == 1 && op->lower == lower_cast) continue; /* CastLike: only its type counts; its rank may be larger than the output's */
    in[i] = ob_chain_input(&builder, (uint32_t)i, setup->inputs[i]);
  }
  const ob_lowering_t lowering = {.op = op, .node = node, .in = in, .which = which, .tensors = setup->inputs, .rank = out->rank};
  ob_chain_output(&builder, op->lower(&builder, &lowering), 0);
  setup->in_place = ob_chain_in_place(setup);
  return ob_chain_prepared(setup, &builder);
}

typedef struct job {
  const ob_chain_state_t *state;
  const void *in[OB_CHAIN_INPUTS];
  void *out[OB_CHAIN_OUTPUTS];
  char *scratch;
  int zero_divisor; /* any thread may set it */
} job_t;

static void run_piece(void *arg, size_t piece, size_t begin, size_t end) {
  job_t *job = arg;
  char *scratch = job->scratch + piece * job->state->scratch;
  if (!ob_chain_run(job->state->chain, job->in, job->out, begin, end, scratch)) __atomic_store_n(&job->zero_divisor, 1, __ATOMIC_RELAXED);
}

ob_status_t ob_chain_call(const ob_kernel_call_t *call) {
  job_t job = {.state = call->state, .scratch = call->scratch};
  for (size_t i = 0; i < call->node->input_count; i++) job.in[i] = call->inputs[i] ? call->inputs[i]->data : NULL;
  for (size_t i = 0; i < call->node->output_count && i < OB_CHAIN_OUTPUTS; i++)
    job.out[i] = call->outputs[i] ? call->outputs[i]->data : NULL;
  ob_cpu_split(call->host, call->threads, job.state->chain->count, job.state->grain, run_piece, &job);
  return job.zero_divisor ? ob_fail(OB_OUT_OF_RANGE, "an integer is divided by zero") : OB_OK;
}

#define E(operator, ...)                        \
  const ob_kernel_t ob_cpu_kernel_##operator= { \
      .op = #operator,                          \
      .domain = "",                             \
      .supports = ob_elementwise_supports,      \
      .prepare = prepare,                       \
      .run = ob_chain_call,                     \
  };
#include "cpu/chain/elementwise.def"
#undef E
