import { afterEach, expect, it, vi } from "vitest";
import { WakeLock } from "../../src/player/wake-lock.ts";

/** A browser that answers when it is told to, and the locks that it gave. */
function browser() {
  const given: { released: boolean; release: () => Promise<void> }[] = [];
  const answers: (() => void)[] = [];
  const request = () =>
    new Promise((resolve) => {
      answers.push(() => {
        const lock = {
          released: false,
          release: () => {
            lock.released = true;
            return Promise.resolve();
          },
        };
        given.push(lock);
        resolve(lock);
      });
    });
  vi.stubGlobal("navigator", { wakeLock: { request } });
  vi.stubGlobal("document", new EventTarget());
  const settle = async (): Promise<number> => {
    for (const answer of answers.splice(0)) {
      answer();
    }
    await new Promise((resolve) => setTimeout(resolve));
    return given.filter((one) => !one.released).length;
  };
  return { settle };
}

afterEach(() => vi.unstubAllGlobals());

it("holds one lock, however often it was asked for before the first answer", async () => {
  const { settle } = browser();
  const lock = new WakeLock();
  for (const wanted of [true, false, true, false, true]) {
    lock.set(wanted);
  }
  expect(await settle()).toBe(1);
  lock.set(false);
  expect(await settle()).toBe(0);
});

it("holds none where the wish was gone before the answer", async () => {
  const { settle } = browser();
  const lock = new WakeLock();
  lock.set(true);
  lock.set(false);
  expect(await settle()).toBe(0);
});
