import { describe, expect, it } from "vitest";
import { actionOf, type Focus } from "../../src/player/shortcuts.ts";

function press(key: string, focus: Focus, everywhere = true, modifier = {}) {
  const event = { key, ctrlKey: false, altKey: false, metaKey: false, ...modifier };
  return actionOf(event, focus, everywhere)?.kind ?? null;
}

describe("actionOf", () => {
  it.each([
    ["k", "play"],
    ["K", "play"],
    ["m", "mute"],
    ["f", "fullscreen"],
    ["c", "captions"],
    ["p", "pip"],
    ["i", "stats"],
    ["?", "help"],
    ["v", "layout"],
    ["t", "theatre"],
    ["j", "seek"],
    ["l", "seek"],
    ["0", "seek-to"],
    ["9", "seek-to"],
    ["]", "camera"],
  ])("reads %s on the page as %s", (key, kind) => {
    expect(press(key, "page")).toBe(kind);
    expect(press(key, "button")).toBe(kind);
    expect(press(key, "player-button")).toBe(kind);
  });

  it("leaves every key to a field, a menu or a dialog", () => {
    for (const key of ["k", " ", "ArrowUp", "5", "?"]) {
      expect(press(key, "taken")).toBeNull();
    }
  });

  it("reads brackets however a keyboard writes them", () => {
    for (const modifier of [{ ctrlKey: true, altKey: true }, { altKey: true }]) {
      expect(press("[", "page", true, modifier)).toBe("camera");
    }
    // Control or Command with a bracket is the browser's way back.
    expect(press("[", "page", true, { ctrlKey: true })).toBeNull();
    expect(press("]", "page", true, { metaKey: true })).toBeNull();
    expect(press("k", "page", true, { ctrlKey: true, altKey: true })).toBeNull();
  });

  it("leaves the browser its own shortcuts", () => {
    for (const modifier of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }]) {
      expect(press("f", "page", true, modifier)).toBeNull();
    }
  });

  it("keeps arrows to the player, and the space bar off buttons", () => {
    expect(press("ArrowUp", "page")).toBeNull();
    expect(press("ArrowUp", "player")).toBe("volume");
    expect(press("ArrowLeft", "player")).toBe("seek");
    expect(press("ArrowLeft", "player-button")).toBeNull();
    expect(press(" ", "page")).toBe("play");
    expect(press(" ", "player")).toBe("play");
    expect(press(" ", "button")).toBeNull();
    expect(press(" ", "player-button")).toBeNull();
  });

  it("keeps letters to the player where the viewer wants that", () => {
    expect(press("m", "page", false)).toBeNull();
    expect(press(" ", "page", false)).toBeNull();
    expect(press("5", "button", false)).toBeNull();
    expect(press("m", "player", false)).toBe("mute");
    expect(press("m", "player-button", false)).toBe("mute");
  });
});
