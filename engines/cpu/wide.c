/* float16 and bfloat16 for kernels of float32: what comes in is made wide, the kernel runs, what goes out is rounded once. A sum that is
 * kept wide is what the definitions ask for; they round the result. */
#include "cpu/wide.h"

#include <string.h>

/* Inputs and outputs of a node, together. */
enum { MAX_VALUES = 16 };

/* A node as the kernel of float32 is shown it. */
typedef struct shown {
  ob_node_view_t node;
  ob_value_view_t values[MAX_VALUES]; /* inputs, then outputs; only those that are made wide */
  const ob_value_view_t *links[MAX_VALUES];
} shown_t;

typedef struct plan {
  const ob_kernel_t *kernel;
  void *state; /* the kernel's */
  shown_t shown;
  ob_tensor_t tensors[MAX_VALUES]; /* `data`: of constants, which are made wide once */
  size_t offsets[MAX_VALUES], scratch; /* in the scratch */
} plan_t;

/* Operators whose kernels of float32 serve: none that the definition rounds on the way, as it does Softmax. */
static const char *const served[] = {
    "MatMul", "Gemm", "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "TopK", "ArgMax", "ArgMin",
    "LayerNormalization", "RMSNormalization", "InstanceNormalization", "LSTM", "GRU", "RNN", "Attention",
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp",
};

static bool is_narrow(ob_dtype_t dtype) { return dtype == OB_FLOAT16 || dtype == OB_BFLOAT16; }

static const ob_value_view_t *value_of(const ob_node_view_t *node, size_t i) {
  return i < node->input_count ? node->inputs[i] : node->outputs[i - node->input_count];
}

/* Wide constants are no constants to the kernel: what the host would pack is narrow. */
static void show(const ob_node_view_t *node, shown_t *shown) {
  shown->node = *node;
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_value_view_t *value = shown->links[i] = value_of(node, i);
    if (!value || !is_narrow(value->dtype)) continue;
    shown->values[i] = *value;
    shown->values[i].dtype = OB_FLOAT32;
    shown->values[i].is_constant = false;
    shown->values[i].constant = NULL;
    shown->links[i] = &shown->values[i];
  }
  shown->node.inputs = shown->links;
  shown->node.outputs = shown->links + node->input_count;
}

static bool supports(const ob_region_view_t *region, const ob_node_view_t *node, char *reason, size_t size) {
  const ob_kernel_t *kernel = ob_cpu_kernel(node);
  shown_t shown;
  show(node, &shown);
  return !kernel->supports || kernel->supports(region, &shown.node, reason, size);
}

static void convert(const ob_isa_t *isa, bool widen, ob_dtype_t narrow, const void *from, void *to, size_t count) {
  const ob_tile_fn half = widen ? isa->f16_to_f32 : isa->f32_to_f16, brain = widen ? isa->bf16_to_f32 : isa->f32_to_bf16;
  for (size_t at = 0; at < count; at += OB_TILE) {
    const ob_tile_t tile = {.in = {(const char *)from + at * (widen ? 2 : 4)},
                            .out = (char *)to + at * (widen ? 4 : 2),
                            .n = count - at < OB_TILE ? count - at : OB_TILE};
    (narrow == OB_FLOAT16 ? half : brain)(&tile);
  }
}

/* Wide tensors, the place of each in the scratch, constants made wide. */
static ob_status_t plan_tensors(const ob_kernel_setup_t *setup, plan_t *plan) {
  const ob_node_view_t *node = setup->node;
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const bool is_input = i < node->input_count;
    const ob_tensor_t *tensor = is_input ? setup->inputs[i] : setup->outputs[i - node->input_count];
    if (!tensor || !is_narrow(tensor->dtype)) continue;
    if (tensor->rank < 0) return ob_fail(OB_INTERNAL, "a shape is not known");
    const size_t count = ob_tensor_count(tensor);
    size_t bytes;
    if (!ob_mul_size(count, sizeof(float), &bytes)) return ob_fail_memory();
    plan->tensors[i] = *tensor;
    plan->tensors[i].dtype = OB_FLOAT32;
    plan->tensors[i].bytes = bytes;
    plan->tensors[i].data = NULL;
    plan->offsets[i] = plan->scratch;
    if (is_input && tensor->data) {
      OB_TRY(ob_arena_alloc_array(setup->arena, count + 16, sizeof(float), &plan->tensors[i].data));
      convert(ob_cpu_isa(), true, tensor->dtype, tensor->data, plan->tensors[i].data, count);
    } else if (!ob_add_size(plan->scratch, bytes, &plan->scratch) || !ob_align_size(plan->scratch, 64, &plan->scratch)) {
      return ob_fail_memory();
    }
  }
  return OB_OK;
}

static ob_status_t prepare(ob_kernel_setup_t *setup) {
  const ob_node_view_t *node = setup->node;
  plan_t *plan;
  ob_tensor_t *links[MAX_VALUES];
  OB_TRY(OB_ARENA_NEW(setup->arena, &plan));
  plan->kernel = ob_cpu_kernel(node);
  show(node, &plan->shown);
  OB_TRY(plan_tensors(setup, plan));
  for (size_t i = 0; i < node->input_count + node->output_count; i++) {
    const ob_tensor_t *own = i < node->input_count ? setup->inputs[i] : setup->outputs[i - node->input_count];
    links[i] = own && is_narrow(own->dtype) ? &plan->tensors[i] : (ob_tensor_t *)(uintptr_t)own;
  }
  ob_kernel_setup_t inner = *setup;
  inner.node = &plan->shown.node;
  inner.inputs = (const ob_tensor_t *const *)links;
  inner.outputs = (const ob_tensor_t *const *)links + node->input_count;
  if (plan->kernel->prepare) OB_TRY(plan->kernel->prepare(&inner));
  plan->state = inner.state;
  setup->state = plan;
  return ob_add_size(plan->scratch, inner.scratch_bytes, &setup->scratch_bytes) ? OB_OK : ob_fail_memory();
}

typedef struct job {
  const ob_isa_t *isa;
  const char *from;
  char *to;
  ob_dtype_t narrow;
  bool widen;
} job_t;

static void run_piece(void *arg, size_t piece, size_t begin, size_t end) {
  const job_t *job = arg;
  (void)piece;
  convert(job->isa, job->widen, job->narrow, job->from + begin * (job->widen ? 2 : 4), job->to + begin * (job->widen ? 4 : 2), end - begin);
}

static void convert_all(const ob_kernel_call_t *call, bool widen, const ob_tensor_t *narrow, const ob_tensor_t *wide) {
  job_t job = {.isa = ob_cpu_isa(), .narrow = narrow->dtype, .widen = widen};
  job.from = widen ? narrow->data : wide->data;
  job.to = widen ? wide->data : narrow->data;
  ob_cpu_split(call->host, call->threads, ob_tensor_count(narrow), OB_CPU_GRAIN, run_piece, &job);
}

static ob_status_t run(const ob_kernel_call_t *call) {
  const plan_t *plan = call->state;
  const size_t inputs = call->node->input_count, all = inputs + call->node->output_count;
  ob_tensor_t wide[MAX_VALUES], *links[MAX_VALUES];
  for (size_t i = 0; i < all; i++) {
    const ob_tensor_t *own = i < inputs ? call->inputs[i] : call->outputs[i - inputs];
    links[i] = (ob_tensor_t *)(uintptr_t)own;
    if (!own || !is_narrow(own->dtype)) continue;
    wide[i] = plan->tensors[i];
    links[i] = &wide[i];
    if (wide[i].data) continue;
    wide[i].data = (char *)call->scratch + plan->offsets[i];
    if (i < inputs) convert_all(call, true, own, &wide[i]);
  }
  ob_kernel_call_t inner = *call;
  inner.node = &plan->shown.node;
  inner.inputs = (const ob_tensor_t *const *)links;
  inner.outputs = links + inputs;
  inner.state = plan->state;
  inner.scratch = (char *)call->scratch + plan->scratch;
  OB_TRY(plan->kernel->run(&inner));
  for (size_t i = inputs; i < all; i++)
    if (links[i] == &wide[i]) convert_all(call, false, call->outputs[i - inputs], &wide[i]);
  return OB_OK;
}

static const ob_kernel_t wide_kernel = {.op = "wide", .domain = "", .supports = supports, .prepare = prepare, .run = run};

const ob_kernel_t *ob_cpu_variant(const ob_kernel_t *kernel, const ob_node_view_t *node) {
  bool narrow = false;
  if (node->input_count + node->output_count > MAX_VALUES) return kernel;
  for (size_t i = 0; i < node->input_count + node->output_count && !narrow; i++) narrow = value_of(node, i) && is_narrow(value_of(node, i)->dtype);
  for (size_t i = 0; narrow && i < sizeof served / sizeof *served; i++)
    if (strcmp(served[i], node->op) == 0) return &wide_kernel;
  return kernel;
}
