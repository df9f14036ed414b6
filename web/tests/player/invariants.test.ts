import { expect, it } from "vitest";
import type { CameraKnowledge, Failure, Input } from "../../src/player/link.ts";
import { Phase } from "../../src/player/phase.ts";
import { randomFrom } from "../../src/ui/random.ts";
import { Run } from "./run.ts";

const LIVES = 300;
const INPUTS = 200;

function anyInput(random: () => number, lastId: number): Input {
  const pick = <T>(...of: T[]): T => of[Math.floor(random() * of.length)] as T;
  const id = Math.max(1, lastId - Math.floor(random() * 3));
  return pick<Input>(
    { kind: "start" },
    { kind: "stop" },
    {
      kind: "target",
      switched: random() < 0.5,
      camera: pick<CameraKnowledge>("live", "down", "unknown"),
      ended: random() < 0.1,
    },
    { kind: "online" },
    { kind: "offline" },
    { kind: "woke" },
    {
      kind: "failed",
      id,
      failure: pick<Failure>(
        { kind: "not-live", retryAfterMs: random() < 0.5 ? null : 3000 },
        { kind: "trouble", retryAfterMs: null },
        { kind: "refused", error: new Error("no") },
      ),
    },
    { kind: "sample", id, packets: 1 + random() * 1e4, frames: random() * 300, watching: true },
    { kind: "edge-lost", id },
    { kind: "retry" },
    { kind: "tick" },
    { kind: "tick" },
  );
}

/** Feeds one input and keeps account of the sessions that are open. */
function feedAndCount(run: Run, input: Input, open: Set<number>): void {
  const from = run.effects.length;
  run.feed(input);
  for (const { kind, id } of run.effects.slice(from)) {
    expect(open.has(id)).toBe(kind !== "open");
    if (kind === "open") {
      open.add(id);
    } else if (kind === "close") {
      open.delete(id);
    }
  }
}

it("never leaks a session, whatever happens in whatever order", () => {
  for (let life = 0; life < LIVES; life += 1) {
    const random = randomFrom(`life ${life}`);
    const run = new Run();
    const open = new Set<number>();
    for (let count = 0; count < INPUTS; count += 1) {
      run.nowMs += random() * 1200;
      feedAndCount(run, anyInput(random, run.link.lastId), open);
      const { shown, next, phase, stale } = run.link;
      expect(open).toEqual(new Set([shown, next].flatMap((track) => track?.id ?? [])));
      expect(shown === null && (stale || phase === Phase.Live)).toBe(false);
    }
    run.feed({ kind: "stop" });
    expect(run.link.shown ?? run.link.next).toBeNull();
  }
});

it("always finds back to a picture once the world is well again", () => {
  for (let life = 0; life < LIVES; life += 1) {
    const random = randomFrom(`recovery ${life}`);
    const run = new Run();
    for (let count = 0; count < INPUTS; count += 1) {
      run.nowMs += random() * 1200;
      run.feed(anyInput(random, run.link.lastId));
    }
    run.feed({ kind: "start" });
    run.feed({ kind: "online" });
    run.feed({ kind: "target", switched: false, camera: "down", ended: false });
    run.feed({ kind: "target", switched: false, camera: "live", ended: false });
    for (let wait = 0; wait < 120 && run.link.phase !== Phase.Live; wait += 1) {
      run.pass(250);
      const id = run.link.next?.id;
      if (id !== undefined) {
        run.feed({ kind: "sample", id, packets: 1e6, frames: 1e6, watching: true });
      }
    }
    expect(run.link.phase).toBe(Phase.Live);
  }
});
