import { describe, expect, it } from "vitest";
import { type Arrival, Pace, PaceWatch } from "../../src/player/pace.ts";

/** A camera's frames a second. */
const RATE = 30;

/** Frames of so many bits that wait their turn on a path of so many Mb/s. */
function arrivals({ sizes, mbps, first = 0 }: { sizes: number[]; mbps: number; first?: number }) {
  let freeAt = 0;
  return sizes.map((bits, index): Arrival => {
    const sentAt = (index * 1000) / RATE;
    freeAt = Math.max(freeAt, sentAt) + bits / mbps / 1000;
    return { rtpTimestamp: (first + index * 3000) % 2 ** 32, receiveTime: 5000 + freeAt };
  });
}

function told(frames: readonly Arrival[]): { after: number; pace: number }[] {
  const pace = new Pace();
  return frames.flatMap((frame, index) => {
    const found = pace.note(frame);
    return found === null ? [] : [{ after: index, pace: found }];
  });
}

const even = (count: number, bits: number) => Array.from({ length: count }, () => bits);

describe("Pace", () => {
  const frame = 83_000; // 2.5 Mb/s at 30 frames a second

  it("says nothing of a path that takes what is sent", () => {
    expect(told(arrivals({ sizes: even(300, frame), mbps: 2.6 }))).toEqual([]);
  });

  it("tells a narrow path, and how narrow it is, by the third or fourth frame", () => {
    const [first] = told(arrivals({ sizes: even(30, frame), mbps: 0.7 }));
    expect(first?.after).toBeLessThanOrEqual(3);
    expect(first?.pace).toBeCloseTo(0.7 / 2.5, 1);
  });

  it("tells it again a second later", () => {
    const frames = arrivals({ sizes: even(30, frame), mbps: 0.7 });
    const times = told(frames).map(({ after }) => frames[after]?.receiveTime ?? 0);
    expect(times.length).toBeGreaterThan(1);
    for (const [index, time] of times.slice(1).entries()) {
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(1000);
    }
  });

  it("takes a large frame for what it is", () => {
    const sizes = Array.from({ length: 120 }, (_, index) => (index % 30 === 0 ? 12 : 0.5) * frame);
    expect(told(arrivals({ sizes, mbps: 4 }))).toEqual([]);
  });

  it("takes a path that stands still for a moment for what it is", () => {
    const frames = arrivals({ sizes: even(90, frame), mbps: 50 }).map((each) => ({
      ...each,
      receiveTime: each.receiveTime > 6000 && each.receiveTime < 6400 ? 6400 : each.receiveTime,
    }));
    expect(told(frames)).toEqual([]);
  });

  it("leaves out what a newcomer catches up with", () => {
    const since = Array.from({ length: 30 }, (_, index) => ({
      rtpTimestamp: index * 100,
      receiveTime: 5000 + index * 15,
    }));
    expect(told(since)).toEqual([]);
  });

  it("does not mind where time stamps begin anew, or another camera's come", () => {
    const wraps = arrivals({ sizes: even(30, frame), mbps: 0.7, first: 2 ** 32 - 3000 });
    expect(told(wraps)[0]?.after).toBeLessThanOrEqual(3);
    const others = arrivals({ sizes: even(60, frame), mbps: 10 }).map((each, index) => ({
      ...each,
      rtpTimestamp: (index % 2) * 1_000_000_000 + index * 3000,
    }));
    expect(told(others)).toEqual([]);
  });
});

describe("PaceWatch", () => {
  it("tells of frames on the screen until it is stopped", () => {
    const looks: ((now: number, frame: Partial<Arrival>) => void)[] = [];
    const video = {
      requestVideoFrameCallback: (look: (typeof looks)[0]) => looks.push(look),
      cancelVideoFrameCallback: (asked: number) => looks.splice(asked - 1),
    } as unknown as HTMLVideoElement;
    const heard: number[] = [];
    const watch = new PaceWatch((pace) => heard.push(pace));
    watch.start(video);
    for (const frame of arrivals({ sizes: even(5, 83_000), mbps: 0.7 })) {
      looks.at(-1)?.(0, frame);
      looks.at(-1)?.(0, {}); // as of a browser that tells neither
    }
    expect(heard).toHaveLength(1);
    const asked = looks.length;
    watch.stop();
    expect(looks).toHaveLength(asked - 1);
  });
});
