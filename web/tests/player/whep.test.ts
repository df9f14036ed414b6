import { describe, expect, it } from "vitest";
import { UnplayableError } from "../../src/player/unplayable.ts";
import { failureOf } from "../../src/player/whep/failure.ts";
import {
  iceFragment,
  prepared,
  withIce,
  withRoundTrip,
  withStereo,
} from "../../src/player/whep/sdp.ts";
import { HttpError, UnreachableError } from "../../src/transport/errors.ts";

describe("withStereo", () => {
  const sdp = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "",
  ].join("\r\n");

  it("asks for stereo of Opus and leaves the rest alone", () => {
    const changed = "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n";
    expect(withStereo(sdp)).toBe(sdp.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", changed));
  });

  it("does not ask twice", () => {
    expect(withStereo(withStereo(sdp))).toBe(withStereo(sdp));
  });

  it("leaves an offer without Opus as it is", () => {
    expect(withStereo("v=0\r\n")).toBe("v=0\r\n");
  });
});

describe("withRoundTrip", () => {
  it("asks for it wherever pictures can be asked for", () => {
    const sdp = "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:97 nack pli\r\n";
    const changed =
      "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 rrtr\r\n" +
      "a=rtcp-fb:97 nack pli\r\na=rtcp-fb:97 rrtr\r\n";
    expect(withRoundTrip(sdp)).toBe(changed);
    expect(withRoundTrip(changed)).toBe(changed);
  });
});

describe("a picture that can be held back", () => {
  it.each(["12", "6/recvonly"])("is not told to come at once by extension %s", (id) => {
    const delay = `a=extmap:${id} http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n`;
    const sdp = `m=video 9\r\na=extmap:1 urn:ietf:params:rtp-hdrext:toffset\r\n${delay}a=rtcp-mux\r\n`;
    expect(prepared(sdp, true)).toBe(sdp.replace(delay, ""));
    expect(prepared(sdp, false)).toBe(sdp);
  });
});

describe("an ICE restart", () => {
  const sdp =
    "m=video 9\r\na=ice-ufrag:one\r\na=ice-pwd:secret\r\nm=audio 9\r\na=ice-ufrag:one\r\na=ice-pwd:secret\r\n";

  it("takes the new session's name to the server", () => {
    expect(iceFragment(sdp)).toBe("a=ice-ufrag:one\r\na=ice-pwd:secret\r\n");
  });

  it("puts the server's into its answer, in all media", () => {
    const fragment = "a=ice-lite\r\na=ice-ufrag:two\r\na=ice-pwd:other\r\n";
    expect(withIce(sdp, fragment)).toBe(sdp.replaceAll("one", "two").replaceAll("secret", "other"));
    expect(withIce(sdp, "")).toBe(sdp);
  });
});

describe("failureOf", () => {
  it.each([
    [new HttpError(409, null, 3000), { kind: "not-live", retryAfterMs: 3000 }],
    [new HttpError(503, null, 1000), { kind: "trouble", retryAfterMs: 1000 }],
    [new HttpError(429, null, null), { kind: "trouble", retryAfterMs: null }],
    [new HttpError(502, null, null), { kind: "trouble", retryAfterMs: null }],
    [new UnreachableError("gone"), { kind: "trouble", retryAfterMs: null }],
    [new DOMException("closed", "InvalidStateError"), { kind: "trouble", retryAfterMs: null }],
  ])("sorts %s", (error, expected) => {
    expect(failureOf(error)).toEqual(expected);
  });

  it.each([new HttpError(404, null, null), new UnplayableError("video")])(
    "takes %s for the last word",
    (error) => {
      expect(failureOf(error)).toEqual({ kind: "refused", error });
    },
  );
});
