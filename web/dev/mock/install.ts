/** Puts the pretended relay between a fixture page and the network. */

import type { Rating } from "../../src/protocol/broadcast.ts";
import { broadcast, broadcasts, scenario } from "./data.ts";
import { answer, goodbye, killEdge, problem } from "./whep.ts";

const LOST_AFTER_MS = 2500;
const realFetch = window.fetch.bind(window);

async function respond(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname.startsWith("/whep/")) {
    return request.method === "DELETE" ? goodbye(url.pathname) : answer(url, await request.text());
  }
  if (url.pathname === "/api/v1/broadcasts") {
    return Response.json({ broadcasts });
  }
  if (scenario === "missing") {
    return problem(404, "There is no broadcast of this name.");
  }
  return url.pathname.endsWith("/rating") ? rate(await request.json()) : Response.json(broadcast);
}

async function rate(body: { stars: number }): Promise<Response> {
  await new Promise((done) => setTimeout(done, 150));
  if (scenario === "lost") {
    return problem(429, "Please wait a moment before you vote again.", 5);
  }
  const { average, count } = broadcast.rating;
  const rating: Rating = {
    average: ((average ?? 0) * count + body.stars) / (count + 1),
    count: count + 1,
    yours: body.stars,
  };
  return Response.json(rating);
}

window.fetch = (input, init) => {
  const request = new Request(input instanceof URL ? input.href : input, init);
  const path = new URL(request.url).pathname;
  return /^\/(api|whep)\//.test(path) ? respond(request) : realFetch(input, init);
};

/** An events line that says the state once and then counts viewers. */
class PretendedSocket extends EventTarget {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string | URL) {
    super();
    setTimeout(() => {
      this.onopen?.();
      if (scenario !== "missing") {
        this.#say({ type: "state", broadcast });
      }
    }, 20);
    setInterval(() => this.#say({ type: "viewers", count: 1284 + (Date.now() % 9) }), 3000);
  }

  send(text: string): void {
    this.#say({ ...JSON.parse(text), server_us: Date.now() * 1000 });
  }

  close(): void {
    this.onmessage = null;
  }

  #say(event: object): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }
}

const RealSocket = window.WebSocket;
window.WebSocket = new Proxy(RealSocket, {
  construct: (target, [url, protocols]: [string | URL, string?]) =>
    String(url).includes("/api/") ? new PretendedSocket(url) : new target(url, protocols),
});

const data = document.createElement("script");
data.id = "eva-data";
data.type = "application/json";
const isHome = document.querySelector("eva-home") !== null;
data.textContent = JSON.stringify(isHome ? { broadcasts } : broadcast);
if (scenario !== "missing") {
  document.body.append(data);
}

if (scenario === "lost" || scenario === "offline") {
  setTimeout(() => killEdge(true), scenario === "lost" ? LOST_AFTER_MS : 0);
}
if (scenario === "offline") {
  Object.defineProperty(navigator, "onLine", { get: () => false });
}
Object.assign(window, { killEdge });
