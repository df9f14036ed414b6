/** The one change that our offers need. */

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
