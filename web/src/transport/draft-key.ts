/** The Idempotency-Key of something that is being written. */

const BYTES = 16;

/**
 * Names a draft: each try of the same words has the same key, so that one whose answer was lost is
 * not written twice. Other words are another draft.
 */
export class DraftKey {
  #content: string | null = null;
  #key = "";

  /** The key under which a content is sent. */
  of(content: unknown): string {
    const text = JSON.stringify(content);
    if (text !== this.#content) {
      this.#content = text;
      this.#key = randomHex();
    }
    return this.#key;
  }

  /** It has arrived; the same words again would be another draft. */
  done(): void {
    this.#content = null;
  }
}

/** `crypto.randomUUID` is for secure origins only, which a relay on a LAN is not. */
function randomHex(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
