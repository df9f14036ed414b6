import { describe, expect, it } from "vitest";
import { parseEvent } from "../../src/protocol/events.ts";
import { broadcast } from "../fixtures.ts";

describe("parseEvent", () => {
  it.each([
    { type: "state", broadcast: broadcast() },
    { type: "rating", average: 4.5, count: 2 },
    { type: "rating", average: null, count: 0 },
    { type: "viewers", count: 12 },
    { type: "programme", camera: "drone" },
    { type: "programme", camera: null },
    { type: "camera", id: "drone", live: false, renditions: [] },
    { type: "edge_lost" },
    { type: "edge_lost", session: "abc" },
    { type: "edge_lost", session: null },
    { type: "edge_lost", edge: "edge-0" },
    { type: "clock", t0: 12.5, server_us: 1_700_000_000_000_000 },
  ])("reads %j", (event) => {
    expect(parseEvent(JSON.stringify(event))).toEqual(event);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '"state"',
    "{}",
    '{"type":"comment","text":"hello"}',
    '{"type":"toString"}',
    '{"type":"__proto__"}',
    '{"type":"state","broadcast":{}}',
    '{"type":"viewers","count":"12"}',
    '{"type":"viewers","count":-1}',
    '{"type":"edge_lost","session":4}',
    '{"type":"clock","t0":1}',
  ])("ignores %s", (text) => {
    expect(parseEvent(text)).toBeNull();
  });
});
