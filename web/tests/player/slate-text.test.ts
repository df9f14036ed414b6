import { expect, it } from "vitest";
import { Phase } from "../../src/player/phase.ts";
import { type SlateFacts, slateText } from "../../src/player/slate-text.ts";
import { HttpError } from "../../src/transport/errors.ts";

const facts: SlateFacts = {
  phase: Phase.Waiting,
  cameraName: "Drone",
  startsInMs: null,
  lostForMs: null,
  lostAt: "14:05",
  noPicture: false,
  refusal: null,
};

it("stays silent while pictures run", () => {
  expect(slateText({ ...facts, phase: Phase.Live })).toBeNull();
});

it("counts how long the signal has been lost", () => {
  const text = slateText({ ...facts, phase: Phase.Lost, lostForMs: 4200 });
  expect(text).toMatchObject({ headline: "Signal lost", clock: "00:04" });
});

it("tells a longer loss by the time of day, whether this page saw it or not", () => {
  for (const phase of [Phase.Lost, Phase.Waiting]) {
    const short = slateText({ ...facts, phase, lostForMs: 59_999 });
    expect(short).toMatchObject({ headline: "Signal lost", clock: "00:59" });
    const long = slateText({ ...facts, phase, lostForMs: 60_000 });
    expect(long).toMatchObject({ headline: "Offline since 14:05", clock: null });
  }
});

it("promises no picture of a camera whose codec cannot be shown", () => {
  for (const phase of [Phase.Idle, Phase.Connecting, Phase.Waiting]) {
    const text = slateText({ ...facts, phase, noPicture: true, lostForMs: 1000 });
    expect(text?.headline).toBe("No picture from Drone");
    expect(text?.detail).toContain("operators");
  }
  const unnamed = slateText({ ...facts, cameraName: "", noPicture: true });
  expect(unnamed?.headline).toBe("No picture");
  // What came before is lost as anything else; before the start there is nothing to complain of.
  expect(slateText({ ...facts, phase: Phase.Lost, noPicture: true })?.headline).toBe("Signal lost");
  const early = slateText({ ...facts, startsInMs: 61_000, noPicture: true });
  expect(early?.headline).toBe("Starts in");
});

it("counts down to the start, and names the camera after it", () => {
  expect(slateText({ ...facts, startsInMs: 61_000 })).toMatchObject({ clock: "00:01:01" });
  expect(slateText(facts)).toMatchObject({ headline: "No picture from Drone yet", clock: null });
  expect(slateText({ ...facts, cameraName: "" })?.headline).toBe("No picture yet");
});

it("gives the reason for a refusal", () => {
  const closed = new HttpError(401, null, null);
  expect(slateText({ ...facts, phase: Phase.Failed, refusal: closed })?.detail).toBe(
    "It is open to those who come with an invitation.",
  );
});

it.each(Object.values(Phase).filter((phase) => phase !== Phase.Live))(
  "has words for %s",
  (phase) => {
    const text = slateText({ ...facts, phase });
    expect(text?.headline).not.toBe("");
    expect(text?.detail).not.toBe("");
  },
);
