import { beforeEach, describe, expect, it } from "vitest";
import { Bridge } from "../../src/embed/bridge.ts";
import type { Command } from "../../src/embed/messages.ts";

const HOST = "https://museum.example";
let posted: { message: unknown; origin: string }[];
let obeyed: Command[];
const parent = {
  postMessage: (message: unknown, origin: string) => void posted.push({ message, origin }),
};

beforeEach(() => {
  posted = [];
  obeyed = [];
});

function bridge(parentOrigin: string | null): Bridge {
  return new Bridge({ parent, self: {}, parentOrigin }, (command) => obeyed.push(command));
}

const play = { eva: 1, command: "play" };

describe("the embedded player's bridge", () => {
  it("obeys its parent", () => {
    bridge(HOST).take({ source: parent, origin: HOST, data: play });
    expect(obeyed).toEqual([play]);
  });

  it.each([
    ["another window", { source: {}, origin: HOST, data: play }],
    ["another origin", { source: parent, origin: "https://evil.example", data: play }],
    ["another protocol", { source: parent, origin: HOST, data: { ...play, eva: 2 } }],
    ["an unknown command", { source: parent, origin: HOST, data: { eva: 1, command: "eval" } }],
    ["a value of a wrong kind", { source: parent, origin: HOST, data: { ...play, value: {} } }],
    ["a number of a wrong kind", { source: parent, origin: HOST, data: { ...play, id: "1" } }],
    ["no message at all", { source: parent, origin: HOST, data: "play" }],
  ])("ignores %s", (_what, message) => {
    bridge(HOST).take(message);
    expect(obeyed).toEqual([]);
  });

  it("tells its news to the parent's origin only", () => {
    bridge(HOST).tell("viewers", 12);
    expect(posted).toEqual([{ message: { eva: 1, event: "viewers", value: 12 }, origin: HOST }]);
  });

  it("tells a change once", () => {
    const one = bridge(HOST);
    for (const count of [1, 1, 2]) {
      one.tellChange("rating", { count });
      one.tellChange("viewers", 5);
    }
    expect(posted.map(({ message }) => (message as { value: unknown }).value)).toEqual([
      { count: 1 },
      5,
      { count: 2 },
    ]);
  });

  it("keeps its news until an unknown parent has spoken, and then holds to that origin", () => {
    const quiet = bridge(null);
    quiet.tell("viewers", 1);
    quiet.tell("viewers", 2);
    expect(posted).toEqual([]);
    quiet.take({ source: parent, origin: HOST, data: play });
    expect(posted).toEqual([{ message: { eva: 1, event: "viewers", value: 2 }, origin: HOST }]);
    quiet.take({ source: parent, origin: "https://evil.example", data: play });
    expect(obeyed).toHaveLength(1);
  });

  it("speaks to nobody where nobody is around it", () => {
    const alone = { parent, self: parent, parentOrigin: HOST };
    new Bridge(alone, () => undefined).tell("ready", {});
    expect(posted).toEqual([]);
  });
});
