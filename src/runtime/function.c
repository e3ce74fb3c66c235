/* Functions: the whole model or one region, with descriptions of inputs and outputs. */
#include <string.h>

#include "runtime/model.h"
#include "runtime/program.h"

static ob_status_t dim_text(ob_function_t *function, const ob_expr_t *expr, const char **text) {
  ob_str_t str;
  char *taken;
  ob_str_init(&str, function->model->allocator);
  ob_expr_print(function->model->module->exprs, expr, &str);
  ob_status_t status = ob_str_take(&str, &taken);
  if (status != OB_OK) return status;
  status = ob_arena_strdup(&function->arena, taken, text);
  ob_free(function->model->allocator, taken);
  return status;
}

static ob_status_t type_text(ob_function_t *function, const ob_type_t *type, const char **text) {
  ob_str_t str;
  char *taken;
  ob_str_init(&str, function->model->allocator);
  ob_type_print(function->model->module->exprs, type, &str);
  OB_TRY(ob_str_take(&str, &taken));
  ob_status_t status = ob_arena_strdup(&function->arena, taken, text);
  ob_free(function->model->allocator, taken);
  return status;
}

static ob_status_t describe(ob_function_t *function, const ob_value_t *value, ob_value_info_t *info) {
  const ob_type_t *type = &value->type;
  int64_t *dims;
  const char **texts;
  *info = (ob_value_info_t){.name = value->name, .kind = type->kind, .dtype = type->dtype, .rank = -1};
  OB_TRY(type_text(function, type, &info->type));
  if (type->kind != OB_TENSOR || type->rank < 0) return OB_OK;
  info->rank = type->rank;
  OB_TRY(OB_ARENA_ARRAY(&function->arena, (size_t)type->rank, &dims));
  OB_TRY(OB_ARENA_ARRAY(&function->arena, (size_t)type->rank, &texts));
  for (int32_t i = 0; i < type->rank; i++) {
    dims[i] = OB_DYNAMIC;
    ob_expr_is_const(type->dims[i], &dims[i]);
    OB_TRY(dim_text(function, type->dims[i], &texts[i]));
  }
  info->dims = dims;
  info->dim_texts = texts;
  return OB_OK;
}

static ob_status_t describe_all(ob_function_t *function) {
  const ob_program_t *program = function->program;
  OB_TRY(OB_ARENA_ARRAY(&function->arena, program->input_count, &function->inputs));
  OB_TRY(OB_ARENA_ARRAY(&function->arena, program->output_count, &function->outputs));
  for (uint32_t i = 0; i < program->input_count; i++)
    OB_TRY(describe(function, program->values[program->inputs[i]], &function->inputs[i]));
  for (uint32_t i = 0; i < program->output_count; i++)
    OB_TRY(describe(function, program->values[program->outputs[i]], &function->outputs[i]));
  return OB_OK;
}

ob_status_t ob_function_create(ob_model_t *model, ob_program_t *program, ob_function_t **out) {
  ob_function_t *function;
  *out = NULL;
  OB_TRY(OB_NEW(model->allocator, &function));
  function->model = model;
  function->program = program;
  ob_arena_init(&function->arena, model->allocator);
  ob_status_t status = describe_all(function);
  if (status != OB_OK) {
    ob_function_free(function);
    return status;
  }
  *out = function;
  return OB_OK;
}

void ob_function_free(ob_function_t *function) {
  if (!function) return;
  if (function->owns_program) ob_program_free(function->program);
  ob_arena_free(&function->arena);
  ob_free(function->model->allocator, function);
}

/* The function of one region, made when somebody first asks. With the lock held. */
static const ob_function_t *region_function(ob_model_t *model, size_t index) {
  ob_program_t *program;
  if (model->functions[index]) return model->functions[index];
  if (ob_program_of_region(model->units[index], &program) != OB_OK) return NULL;
  if (ob_function_create(model, program, &model->functions[index]) != OB_OK) {
    ob_program_free(program);
    return NULL;
  }
  model->functions[index]->owns_program = true;
  return model->functions[index];
}

const ob_function_t *ob_model_function(const ob_model_t *shared, const char *symbol) {
  ob_model_t *model = (ob_model_t *)(uintptr_t)shared; /* the table of functions is behind its lock */
  const ob_function_t *function = NULL;
  if (!model || !symbol) return model ? model->function : NULL;
  pthread_mutex_lock(&model->lock);
  for (size_t i = 0; i < model->unit_count && !function; i++)
    if (strcmp(model->units[i]->region->symbol, symbol) == 0) function = region_function(model, i);
  pthread_mutex_unlock(&model->lock);
  return function;
}

const char *ob_model_symbol(const ob_model_t *model, size_t index) {
  return index < model->unit_count ? model->units[index]->region->symbol : NULL;
}

size_t ob_function_input_count(const ob_function_t *function) { return function->program->input_count; }
size_t ob_function_output_count(const ob_function_t *function) { return function->program->output_count; }

ob_status_t ob_function_input(const ob_function_t *function, size_t index, ob_value_info_t *info) {
  if (index >= function->program->input_count)
    return ob_fail(OB_INVALID_ARGUMENT, "there is no input %zu, only %u", index, function->program->input_count);
  *info = function->inputs[index];
  return OB_OK;
}

ob_status_t ob_function_output(const ob_function_t *function, size_t index, ob_value_info_t *info) {
  if (index >= function->program->output_count)
    return ob_fail(OB_INVALID_ARGUMENT, "there is no output %zu, only %u", index, function->program->output_count);
  *info = function->outputs[index];
  return OB_OK;
}

void ob_release(void *block) { ob_free(ob_allocator_default(), block); }
