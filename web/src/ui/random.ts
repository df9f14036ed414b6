/** Numbers that look random and are the same for the same seed. Pure. */

const FNV_OFFSET = 2_166_136_261;
const FNV_PRIME = 16_777_619;
const TWO_TO_32 = 2 ** 32;

/** A 32-bit FNV-1a hash of a text. */
export function hash(text: string): number {
  let value = FNV_OFFSET;
  for (const char of text) {
    value = Math.imul(value ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  }
  return value >>> 0;
}

/** A stream of numbers from 0 to 1 (xorshift32). */
export function randomFrom(seed: string): () => number {
  let state = hash(seed) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / TWO_TO_32;
  };
}
