import { afterEach, expect, it, vi } from "vitest";
import { UnreadableError } from "../../src/transport/errors.ts";
import { eventsUrl } from "../../src/transport/events-socket.ts";
import { postOffer, whepUrl } from "../../src/transport/whep.ts";

afterEach(() => vi.unstubAllGlobals());

const ENDPOINT = new URL("https://relay.test/whep/eva");

it("names camera and rung in the address, where they are given", () => {
  const plain = whepUrl({ slug: "eva", camera: null, rendition: null }, "https://relay.test");
  expect(plain.href).toBe("https://relay.test/whep/eva");
  const full = whepUrl({ slug: "eva", camera: "a b", rendition: "720p" }, "https://relay.test");
  expect(full.href).toBe("https://relay.test/whep/eva?camera=a+b&rendition=720p");
  const target = { slug: "eva", camera: null, rendition: null };
  const hints = { height: 480, hidden: false, data_saver: true };
  const hinted = whepUrl(target, "https://relay.test", hints);
  expect(hinted.href).toBe("https://relay.test/whep/eva?height=480&data_saver=true");
});

it("resolves the session's address against the endpoint", async () => {
  const answer = new Response("v=0", { status: 201, headers: { Location: "/whep/session/x" } });
  vi.stubGlobal("fetch", () => Promise.resolve(answer));
  await expect(postOffer(ENDPOINT, "offer")).resolves.toEqual({
    sdp: "v=0",
    session: new URL("https://relay.test/whep/session/x"),
    etag: null,
  });
});

it("takes an answer without an address for unreadable", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("v=0", { status: 201 })));
  await expect(postOffer(ENDPOINT, "offer")).rejects.toBeInstanceOf(UnreadableError);
});

it("listens on the page's own origin, encrypted where the page is", () => {
  expect(eventsUrl("eva", "https://relay.test/b/eva?x=1").href).toBe(
    "wss://relay.test/api/v1/broadcasts/eva/events",
  );
  expect(eventsUrl("eva", "http://127.0.0.1:8080/").protocol).toBe("ws:");
});
