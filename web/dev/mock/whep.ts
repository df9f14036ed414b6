/** A WHEP server inside the page: real peer connections, so that the real engine is at work. */

import { scenario } from "./data.ts";
import { pictureOf } from "./picture.ts";

const sessions = new Map<string, RTCPeerConnection>();
let lastSession = 0;

/** Says no, as the gateway does. */
export function problem(status: number, title: string, retryAfter?: number): Response {
  return new Response(JSON.stringify({ type: "about:blank", title, status, detail: title }), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
    },
  });
}

/** Answers an offer. */
export async function answer(url: URL, offer: string): Promise<Response> {
  if (scenario === "failed") {
    return problem(403, "This broadcast is not open to your region.");
  }
  if (scenario === "waiting" || scenario === "before") {
    return problem(409, "The camera is not live.", 2);
  }
  if (dead || scenario === "offline") {
    return problem(503, "No edge is free.", 1);
  }
  if (scenario === "connecting") {
    await new Promise(() => undefined);
  }
  const peer = new RTCPeerConnection();
  for (const track of pictureOf(url.searchParams.get("camera") ?? "helmet").getTracks()) {
    peer.addTrack(track);
  }
  await peer.setRemoteDescription({ type: "offer", sdp: offer });
  await peer.setLocalDescription();
  await new Promise<void>((done) => {
    peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
  });
  lastSession += 1;
  const address = `/whep/session/${lastSession}`;
  sessions.set(address, peer);
  return new Response(peer.localDescription?.sdp ?? "", {
    status: 201,
    headers: { Location: address, ETag: '"1"', "Content-Type": "application/sdp" },
  });
}

/** Ends a session. */
export function goodbye(path: string): Response {
  sessions.get(path)?.close();
  sessions.delete(path);
  return new Response(null, { status: 200 });
}

let dead = false;

/** Kills the edge: sessions fall silent, and new ones are refused while `forGood`. */
export function killEdge(forGood: boolean): void {
  dead = forGood;
  for (const peer of sessions.values()) {
    for (const sender of peer.getSenders()) {
      void sender.replaceTrack(null);
    }
  }
}
