import { expect, it } from "vitest";
import {
  elementExample,
  frameExample,
  messageExample,
} from "../../src/pages/embed-docs/examples.ts";
import { FRAME_ALLOW, frameCode } from "../../src/share/links.ts";

const [loader] = Object.values(
  import.meta.glob<string>("../../src/embed/loader.ts", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
const ORIGIN = "https://relay.example";

it("asks of every page that frames the player to allow the same", () => {
  for (const permission of FRAME_ALLOW.split("; ")) {
    expect(loader).toMatch(new RegExp(`[" ]${permission}[";]`));
  }
  expect(FRAME_ALLOW).toContain("local-network; loopback-network; local-network-access");
  expect(frameExample(ORIGIN, "eva")).toContain(`allow="${FRAME_ALLOW}"`);
  expect(frameCode(ORIGIN, "eva", "A walk")).toContain(`allow="${FRAME_ALLOW}"`);
});

it("speaks of no element that its own example lacks", () => {
  const example = elementExample(ORIGIN, "eva");
  const [markup, script] = example.split("<script>\n");
  const asked = [...(script ?? "").matchAll(/getElementById\("(\w+)"\)/g)].map(([, id]) => id);
  expect(asked).toEqual(["walk", "play", "sound"]);
  for (const id of asked) {
    expect(markup).toContain(`id="${id}"`);
  }
});

it("asks nothing of a player that is not ready", () => {
  const example = messageExample(ORIGIN, "drone");
  expect(example.indexOf("postMessage")).toBeGreaterThan(example.indexOf('"ready"'));
  expect(example).toContain('value: "drone"');
});
