/* SHA-256 (FIPS 180-4) and a 64-bit FNV-1a with a final mix. */
#include "base/hash.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#include <stdbool.h>
#endif

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

void ob_sha256_block_plain(uint32_t state[8], const uint8_t *p) {
  uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  for (int i = 0; i < 64; i++) {
    uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
    uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const uint32_t sums[8] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; i++) state[i] += sums[i];
}

#ifdef __x86_64__
/* With the instructions that x86 has for it: the state lies as ABEF and CDGH, four words of the schedule at a time. */
__attribute__((target("sha,sse4.1"))) static void block_x86(uint32_t state[8], const uint8_t *p) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1b), w[4];
  __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
  const __m128i first = abef, second = cdgh;
  for (int i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)), swap);
  for (int i = 0; i < 16; i++) {
    __m128i sum = _mm_add_epi32(w[i & 3], _mm_loadu_si128((const __m128i *)(const void *)(K + 4 * i)));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    if (i >= 12) continue;
    const __m128i next = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]), middle = _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4);
    w[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(next, middle), w[(i + 3) & 3]);
  }
  abef = _mm_shuffle_epi32(_mm_add_epi32(abef, first), 0x1b);
  cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, second), 0xb1);
  _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(abef, cdgh, 0xf0));
  _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(cdgh, abef, 8));
}

static bool has_sha(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 19 & 1)) return false; /* SSE 4.1 */
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

/* Asked for once: 1 no, 2 yes. */
static void block(uint32_t state[8], const uint8_t *p) {
  static atomic_int known;
  int answer = atomic_load_explicit(&known, memory_order_relaxed);
  if (answer == 0) atomic_store_explicit(&known, answer = 1 + has_sha(), memory_order_relaxed);
  if (answer == 2) block_x86(state, p);
  else ob_sha256_block_plain(state, p);
}
#else
static void block(uint32_t state[8], const uint8_t *p) { ob_sha256_block_plain(state, p); }
#endif

void ob_sha256_init(ob_sha256_t *hash) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(hash, 0, sizeof *hash);
  memcpy(hash->state, start, sizeof start);
}

void ob_sha256_update(ob_sha256_t *hash, const void *data, size_t size) {
  const uint8_t *p = data;
  while (size > 0) {
    size_t at = (size_t)(hash->size % 64), n = 64 - at < size ? 64 - at : size;
    if (at == 0 && n == 64) {
      block(hash->state, p);
    } else {
      memcpy(hash->buffer + at, p, n);
      if (at + n == 64) block(hash->state, hash->buffer);
    }
    hash->size += n, p += n, size -= n;
  }
}

void ob_sha256_final(ob_sha256_t *hash, uint8_t digest[32]) {
  uint64_t bits = hash->size * 8;
  uint8_t tail[8];
  for (int i = 0; i < 8; i++) tail[i] = (uint8_t)(bits >> (56 - 8 * i));
  ob_sha256_update(hash, "\x80", 1);
  while (hash->size % 64 != 56) ob_sha256_update(hash, "", 1);
  ob_sha256_update(hash, tail, 8);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void ob_sha256_hex(const uint8_t digest[32], char text[65]) {
  for (int i = 0; i < 32; i++) {
    text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  text[64] = 0;
}

uint64_t ob_hash_bytes(const void *data, size_t size) {
  const uint8_t *p = data;
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
  return h ^ h >> 29;
}

static uint64_t lane(uint64_t sum, const uint8_t *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word); /* little-endian, as all that Outboard runs on */
  sum = (sum ^ word) * UINT64_C(0x9fb21c651e98df25);
  return sum ^ sum >> 35;
}

uint64_t ob_checksum(const void *data, size_t size) {
  const uint8_t *p = data;
  uint64_t sums[4] = {1, 2, 3, 4}, sum = size;
  size_t left = size;
  for (; left >= 32; left -= 32, p += 32)
    for (int i = 0; i < 4; i++) sums[i] = lane(sums[i], p + 8 * i);
  uint8_t tail[32] = {0};
  if (left > 0) memcpy(tail, p, left);
  for (int i = 0; i < 4; i++) sums[i] = lane(sums[i], tail + 8 * i);
  for (int i = 0; i < 4; i++) sum = ob_hash_mix(sum, sums[i]);
  return sum ^ sum >> 31;
}
