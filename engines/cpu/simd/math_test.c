/* The elementary functions of every instruction set against the C library's in double, over the whole range of float. */
#include <math.h>
#include <string.h>

#include "cpu/cpu.h"
#include "testing/test.h"

typedef double (*exact_t)(double x);

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }
static double gelu(double x) { return 0.5 * x * erfc(-x * sqrt(0.5)); }
static double gelu_tanh(double x) { return 0.5 * x * (1.0 + tanh(sqrt(2.0 / 3.14159265358979323846) * (x + 0.044715 * x * x * x))); }
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
static double mish(double x) { return x * tanh(softplus(x)); }
static double swish(double x) { return x * sigmoid(x); }
static double elu(double x) { return x < 0 ? expm1(x) : x; }
static double hard_swish(double x) { return x * fmin(1, fmax(0, x / 6 + 0.5)); }

typedef struct function {
  const char *name;
  ob_unary_t op;
  exact_t exact;
  double low, high;  /* range of the dense sweep */
  double ulp;        /* allowed, of the result */
  double absolute;   /* or this, times 2^-24 */
} function_t;

static const function_t functions[] = {
    {"exp", OB_UNARY_exp, exp, -110, 95, 2, 0},
    {"log", OB_UNARY_log, log, 0, 1e10, 2, 0},
    {"tanh", OB_UNARY_tanh, tanh, -12, 12, 8, 0},
    {"erf", OB_UNARY_erf, erf, -6, 6, 8, 0},
    {"sigmoid", OB_UNARY_sigmoid, sigmoid, -90, 90, 4, 0},
    {"sin", OB_UNARY_sin, sin, -100, 100, 2, 2},
    {"cos", OB_UNARY_cos, cos, -100, 100, 2, 2},
    {"gelu", OB_UNARY_gelu, gelu, -10, 10, 4, 16},
    {"gelu_tanh", OB_UNARY_gelu_tanh, gelu_tanh, -10, 10, 4, 16},
    {"softplus", OB_UNARY_softplus, softplus, -80, 80, 4, 0},
    {"mish", OB_UNARY_mish, mish, -30, 30, 8, 1e-30},
    {"swish", OB_UNARY_swish, swish, -80, 80, 5, 1e-30},
    {"elu", OB_UNARY_elu, elu, -80, 80, 3, 0},
    {"hard_swish", OB_UNARY_hard_swish, hard_swish, -10, 10, 3, 8},
    {"sqrt", OB_UNARY_sqrt, sqrt, 0, 1e30, 0.5001, 0},
};

static double ulp_of(double want) {
  const float f = (float)fabs(want);
  return isinf(f) ? 1.0 : fmax((double)nextafterf(f, INFINITY) - (double)f, 0x1p-149);
}

static int failures;

static double error_of(const function_t *function, float x, float got, double *allowed) {
  const double want = function->exact((double)x);
  *allowed = fmax(function->ulp * ulp_of(want), function->absolute * 0x1p-24);
  if (isnan(want)) return isnan(got) ? 0 : INFINITY;
  if (isinf((float)want)) return got == (float)want || got >= 0x1.fffffep127f ? 0 : INFINITY;
  return fabs((double)got - want);
}

static void check(const function_t *function, const ob_isa_t *isa, const float *x, size_t n) {
  static const float one[2] = {1.0f, 1.0f};
  float y[OB_TILE];
  const ob_tile_t tile = {.in = {x}, .out = y, .n = n, .param = one};
  isa->unary[function->op](&tile);
  for (size_t i = 0; i < n; i++) {
    double allowed;
    const double error = error_of(function, x[i], y[i], &allowed);
    if (!(error <= allowed)) {
      print_error("%s, %s: f(%.9g) = %.9g, should be %.12g\n", isa->name, function->name, (double)x[i], (double)y[i],
                  function->exact((double)x[i]));
      failures++;
      return;
    }
  }
}

static void sweep(const function_t *function, const ob_isa_t *isa) {
  float x[OB_TILE];
  ob_random_t random = {7};
  for (int block = 0; block < 100; block++) {
    for (size_t i = 0; i < OB_TILE; i++) x[i] = (float)ob_random_real(&random, function->low, function->high);
    check(function, isa, x, OB_TILE);
    for (size_t i = 0; i < OB_TILE; i++) { /* any bit pattern: all magnitudes, infinities, NaN */
      const uint32_t bits = (uint32_t)ob_random_next(&random);
      memcpy(&x[i], &bits, sizeof bits);
    }
    check(function, isa, x, OB_TILE);
  }
  const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1.0f, -1.0f, 0x1p-149f, -0x1p-149f, 0x1p-126f, 0x1.fffffep127f, 88.72284f, -87.33655f, -103.97f};
  check(function, isa, special, sizeof special / sizeof *special);
}

static void functions_are_accurate(void **state) {
  static const char *const names[] = {"portable", "avx2", "avx512"};
  (void)state;
  for (size_t n = 0; n < 3; n++) {
    if (!ob_cpu_isa_use(names[n])) continue;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) sweep(&functions[f], ob_cpu_isa());
  }
  assert_true(ob_cpu_isa_use(NULL));
  assert_int_equal(failures, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(functions_are_accurate)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
