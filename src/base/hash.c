/* SHA-256 (FIPS 180-4) and a 64-bit FNV-1a with a final mix. */
#include "base/hash.h"

#include <string.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void block(uint32_t state[8], const uint8_t *p) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + K[i] + w[i];
    uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += t1;
    s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

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
