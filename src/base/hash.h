/* Hashes: SHA-256 for identities that go into files, FNV-1a for tables in memory. */
#ifndef OB_BASE_HASH_H
#define OB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct ob_sha256 {
  uint32_t state[8];
  uint64_t size;
  uint8_t buffer[64];
} ob_sha256_t;

/* FIPS 180-4. */
void ob_sha256_init(ob_sha256_t *hash);
void ob_sha256_update(ob_sha256_t *hash, const void *data, size_t size);
void ob_sha256_final(ob_sha256_t *hash, uint8_t digest[32]);
void ob_sha256_hex(const uint8_t digest[32], char text[65]);
/* One block of 64 bytes, without instructions that only some CPUs have; for tests. */
void ob_sha256_block_plain(uint32_t state[8], const uint8_t *block);

/* A checksum against damage, not against malice: four lanes of multiply and rotate, several GB/s. The same on every machine. */
uint64_t ob_checksum(const void *data, size_t size);

uint64_t ob_hash_bytes(const void *data, size_t size);
static inline uint64_t ob_hash_mix(uint64_t a, uint64_t b) {
  a ^= b + UINT64_C(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2);
  return a * UINT64_C(0xff51afd7ed558ccd);
}

#endif
