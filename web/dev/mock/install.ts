/** Puts the pretended relay between a fixture page and the network. */

import type { Rating } from "../../src/protocol/broadcast.ts";
import { broadcast, broadcasts, comments, scenario, series, similar } from "./data.ts";
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
  if (scenario === "closed") {
    return problem(401, "This broadcast is closed.");
  }
  return about(url.pathname.split("/").slice(5).join("/"), request);
}

async function about(what: string, request: Request): Promise<Response> {
  switch (what) {
    case "rating":
      return rate(await request.json());
    case "rating/series":
      return Response.json(series);
    case "similar":
      return Response.json({ broadcasts: similar });
    case "feedback":
      return Response.json({}, { status: 201 });
    case "comments":
      return request.method === "POST"
        ? written(await request.json())
        : Response.json({
            comments: comments.filter((one) => !one.pinned),
            next: null,
            pinned: comments.filter((one) => one.pinned),
          });
    default:
      return Response.json(broadcast);
  }
}

function written(body: { text: string; name: string }): Response {
  const held = scenario === "approval";
  const comment = {
    id: `c${Date.now()}`,
    moment: null,
    reply_to: null,
    ...body,
    at: new Date().toISOString(),
    pinned: false,
    edited: false,
    yours: true,
    editable_until: new Date(Date.now() + 300_000).toISOString(),
    held,
  };
  return Response.json(comment, { status: held ? 202 : 201 });
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
      if (scenario !== "missing" && scenario !== "closed") {
        this.#say({ type: "state", broadcast });
      }
    }, 20);
    setInterval(() => this.#say({ type: "viewers", count: 1284 + (Date.now() % 9) }), 3000);
  }

  send(text: string): void {
    const message = JSON.parse(text);
    if (message.type === "clock") {
      this.#say({ ...message, server_us: Date.now() * 1000 });
    }
  }

  readonly readyState = 1;

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
if (scenario !== "missing" && scenario !== "closed") {
  document.body.append(data);
}

if (scenario === "lost" || scenario === "offline") {
  setTimeout(() => killEdge(true), scenario === "lost" ? LOST_AFTER_MS : 0);
}
if (scenario === "offline") {
  Object.defineProperty(navigator, "onLine", { get: () => false });
}
Object.assign(window, { killEdge });
