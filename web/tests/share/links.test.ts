import { expect, it } from "vitest";
import {
  elementCode,
  frameCode,
  linkMoment,
  pageLink,
  sharedMoment,
} from "../../src/share/links.ts";
import { tokenOf } from "../../src/store/access.ts";

const ORIGIN = "https://relay.example";

it("links to a page and to a moment, and reads the moment back", () => {
  expect(pageLink(ORIGIN, "eva", null)).toBe("https://relay.example/b/eva");
  const moment = Date.UTC(2026, 10, 22, 20, 11, 5, 900);
  const link = pageLink(ORIGIN, "eva", linkMoment(moment));
  expect(sharedMoment(link)).toBe(Date.UTC(2026, 10, 22, 20, 11, 5));
  expect(sharedMoment("https://relay.example/b/eva?at=nonsense")).toBeNull();
  expect(sharedMoment("https://relay.example/b/eva")).toBeNull();
});

it("gives code that a title cannot break out of", () => {
  const code = frameCode(ORIGIN, "eva", '"><script>alert(1)</script>');
  expect(code).toContain('src="https://relay.example/embed/eva"');
  expect(code).not.toContain("<script>");
  expect(elementCode(ORIGIN, "eva")).toContain(
    '<script src="https://relay.example/embed.js" async>',
  );
});

it("takes a ticket from the fragment", () => {
  expect(tokenOf("#token=evp_abc.def")).toBe("evp_abc.def");
  expect(tokenOf("#chapter")).toBeNull();
  expect(tokenOf("")).toBeNull();
});
