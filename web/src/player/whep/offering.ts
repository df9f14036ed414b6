/** A peer connection and its offer, made before anybody has asked to watch. */

/** Neither socket nor candidate comes of it before its offer is set. */
export interface Offering {
  readonly peer: RTCPeerConnection;
  readonly video: RTCRtpTransceiver;
  readonly audio: RTCRtpTransceiver;
  /** The offer as the browser made it. */
  readonly sdp: Promise<string>;
}

export function makeOffering(): Offering {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const video = peer.addTransceiver("video", { direction: "recvonly" });
  const audio = peer.addTransceiver("audio", { direction: "recvonly" });
  const sdp = peer.createOffer().then((offer) => offer.sdp ?? "");
  // Whoever takes it hears of a failure; until then it is nobody's.
  sdp.catch(() => undefined);
  return { peer, video, audio, sdp };
}
