/** The changes that our offers need, and what an ICE restart changes in both descriptions. Pure. */

/** An offer as the browser made it, as it is to be sent and set. */
export function prepared(sdp: string, holdable: boolean): string {
  const asked = withRoundTrip(withStereo(sdp));
  return holdable ? withoutPlayoutDelay(asked) : asked;
}

/**
 * Does without the sender's word on when pictures are due. The relay has it say "at once", and what
 * browsers are told so they cannot be talked out of: they ignore `jitterBufferTarget`. Firefox's line
 * says a direction as well.
 */
export function withoutPlayoutDelay(sdp: string): string {
  return sdp.replace(/^a=extmap:\d+(?:\/\w+)? \S*\/playout-delay\r?\n/gm, "");
}

/**
 * Has the browser ask for the round trip (RFC 3611, section 4.4; `rrtr` is libwebrtc's name for it):
 * one that only receives knows it from nothing else. libwebrtc asks for a packet that is still
 * missing again after one round trip, which it takes for 100 ms where it is not known.
 */
export function withRoundTrip(sdp: string): string {
  return sdp.replace(/^(a=rtcp-fb:\d+ )nack pli(\r?\n)(?!\1rrtr)/gm, "$&$1rrtr$2");
}

/** The lines that name an ICE session, which are the same in all media of a bundle. */
export function iceFragment(sdp: string): string {
  const find = (name: string): string =>
    new RegExp(`^a=${name}:.*$`, "m").exec(sdp)?.[0].trim() ?? "";
  return `${find("ice-ufrag")}\r\n${find("ice-pwd")}\r\n`;
}

/** A description with the ICE session of a fragment in place of its own. */
export function withIce(sdp: string, fragment: string): string {
  return ["ice-ufrag", "ice-pwd"].reduce((text, name) => {
    const line = new RegExp(`^a=${name}:\\S+`, "m").exec(fragment)?.[0];
    return line === undefined ? text : text.replace(new RegExp(`^a=${name}:\\S+`, "gm"), line);
  }, sdp);
}

/**
 * Asks for Opus in stereo. Browsers decode to mono unless the *receiver's* description says
 * `stereo=1` (RFC 7587, section 6.1), and no API sets it.
 */
export function withStereo(sdp: string): string {
  const payloads = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2\r?$/gim)].map(
    (match) => match[1],
  );
  return payloads.reduce<string>(
    (text, payload) =>
      text.replace(
        new RegExp(`^(a=fmtp:${payload} )(?!.*\\bstereo=)(.*?)(\\r?)$`, "m"),
        "$1$2;stereo=1$3",
      ),
    sdp,
  );
}
