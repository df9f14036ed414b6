/**
 * One WHEP session: one peer connection, one address at the server.
 *
 * The offer leaves without a single candidate of ours. The server is ICE-lite and learns our address
 * from our checks, so waiting for candidates would only cost time.
 */

import {
  deleteSession,
  patchHints,
  patchIce,
  postOffer,
  type WhepHints,
  whepUrl,
} from "../../transport/whep.ts";
import type { Progress, Session, SessionListener, Target, Timings } from "../engine.ts";
import type { Hints } from "../hints.ts";
import type { Failure } from "../link.ts";
import { entriesOf, figure, inbound, type SessionStats, summarise } from "../stats.ts";
import { UnplayableError } from "../unplayable.ts";
import { failureOf } from "./failure.ts";
import { LipSync } from "./lip-sync.ts";
import type { Offering } from "./offering.ts";
import { iceFragment, prepared, withIce } from "./sdp.ts";

/** Older browsers know the target as a hint in seconds; it does no harm to say both. */
function holdReceiver(receiver: RTCRtpReceiver, ms: number | null): void {
  Object.assign(receiver, {
    jitterBufferTarget: ms,
    playoutDelayHint: ms === null ? null : ms / 1000,
  });
}

/** See {@link Session}. */
export class WhepSession implements Session {
  readonly target: Target;
  readonly timings: Timings = {
    clicked: performance.now(),
    offer: null,
    answer: null,
    connected: null,
    firstPacket: null,
    firstFrame: null,
  };

  readonly #peer: RTCPeerConnection;
  readonly #video: RTCRtpTransceiver;
  readonly #audio: RTCRtpTransceiver;
  readonly #listener: SessionListener;
  readonly #lips = new LipSync();
  #address: URL | null = null;
  #etag: string | null = null;
  #hints: Hints;
  #told: string;
  #pictured = false;
  #searching = false;
  #over = false;

  constructor(
    target: Target,
    hints: Hints,
    origin: string,
    offering: Offering,
    listener: SessionListener,
  ) {
    this.target = target;
    this.#peer = offering.peer;
    this.#video = offering.video;
    this.#audio = offering.audio;
    this.#hints = hints;
    this.#told = JSON.stringify(this.#wanted());
    this.#listener = listener;
    this.#peer.oniceconnectionstatechange = () => this.#onConnection();
    this.#peer.onconnectionstatechange = () => this.#onConnection();
    this.#join(origin, offering.sdp).catch((error: unknown) => this.#fail(failureOf(error)));
  }

  show(video: HTMLVideoElement): void {
    const stream = video.srcObject instanceof MediaStream ? video.srcObject : new MediaStream();
    const wanted = [this.#video.receiver.track, this.#audio.receiver.track];
    const former = stream.getTracks().filter((track) => !wanted.includes(track));
    if (former.length > 0 && "mozPaintedFrames" in video) {
      renew(video, wanted);
    } else {
      this.#swap(video, stream, wanted, former);
    }
    if (this.timings.firstFrame === null) {
      // Not every browser in use has it; there the sampled counters tell, a moment later.
      video.requestVideoFrameCallback?.((_now, frame) => this.#onFirstFrame(frame));
    }
  }

  async progress(): Promise<Progress> {
    const reports = [this.#video, this.#audio].map(({ receiver }) => receiver.getStats());
    const entries = (await Promise.all(reports)).flatMap(entriesOf);
    const [video, audio] = [inbound(entries, "video"), inbound(entries, "audio")];
    const pictures = figure(video, "packetsReceived");
    const sounds = figure(audio, "packetsReceived");
    // Pictures that are held back for other cameras' stay that.
    const waitMs = this.target.holdable ? null : this.#lips.note(video, audio);
    if (waitMs !== null) {
      holdReceiver(this.#video.receiver, waitMs);
    }
    return { packets: pictures + sounds, pictures, frames: figure(video, "framesDecoded") };
  }

  async stats(): Promise<SessionStats> {
    return summarise(entriesOf(await this.#peer.getStats()), this.target.camera);
  }

  get name(): string | null {
    return this.#address?.pathname.split("/").at(-1) ?? null;
  }

  hold(ms: number | null): void {
    for (const { receiver } of [this.#video, this.#audio]) {
      holdReceiver(receiver, ms);
    }
  }

  hint(hints: Hints): void {
    this.#hints = hints;
    this.#tellHints();
  }

  slowed(pace: number): void {
    if (this.#address !== null) {
      patchHints(this.#address, { pace });
    }
  }

  search(): void {
    if (this.#address !== null && !this.#searching && !this.#over) {
      this.#searching = true;
      this.#restart(this.#address)
        .catch(() => this.#peer.setLocalDescription({ type: "rollback" }).catch(() => undefined))
        .finally(() => {
          this.#searching = false;
        });
    }
  }

  isCalled(name: string): boolean {
    const id = this.name;
    return id === name || id?.startsWith(`${name}.`) === true;
  }

  close(): void {
    this.#over = true;
    this.#peer.oniceconnectionstatechange = null;
    this.#peer.onconnectionstatechange = null;
    this.#peer.close();
    if (this.#address !== null) {
      deleteSession(this.#address);
      this.#address = null;
    }
  }

  /**
   * The element keeps its stream for ever and only the tracks change: browsers then hold the last frame
   * until the new track has one, where a new `srcObject` would flash black.
   *
   * Chromium keeps three frames of each picture that it has swapped for another within one task (a
   * megabyte at 360p) as long as the stream lives; a stream that was without a picture for a task keeps
   * none. A window of its own is not put at risk for that: it has no place for a video without a picture.
   */
  #swap(
    video: HTMLVideoElement,
    stream: MediaStream,
    wanted: readonly MediaStreamTrack[],
    former: readonly MediaStreamTrack[],
  ): void {
    const add = (): void => {
      for (const track of this.#over ? [] : wanted) {
        stream.addTrack(track);
      }
    };
    const root = video.getRootNode();
    const apart = root instanceof ShadowRoot && root.pictureInPictureElement === video;
    if (former.length === 0 || apart) {
      add();
    } else {
      setTimeout(add);
    }
    for (const track of former) {
      stream.removeTrack(track);
    }
    if (video.srcObject !== stream) {
      video.srcObject = stream;
    }
  }

  async #join(origin: string, offer: Promise<string>): Promise<void> {
    const sdp = prepared(await offer, this.target.holdable);
    this.timings.offer = performance.now();
    // The offer is final before the browser has made it its own, so both happen at the same time.
    const [answer] = await Promise.all([
      postOffer(whepUrl(this.target, origin, this.#wanted()), sdp),
      this.#peer.setLocalDescription({ type: "offer", sdp }),
    ]);
    this.timings.answer = performance.now();
    if (this.#over) {
      deleteSession(answer.session); // The viewer has left while the server was answering.
      return;
    }
    this.#address = answer.session;
    this.#etag = answer.etag;
    this.#tellHints();
    await this.#peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    if (this.#video.currentDirection !== "recvonly") {
      throw new UnplayableError("video");
    }
  }

  /**
   * Restarts ICE with the server. What is under way meanwhile goes on, and a server that cannot be
   * reached leaves everything as it is.
   */
  async #restart(address: URL): Promise<void> {
    const offer = await this.#peer.createOffer({ iceRestart: true });
    const sdp = prepared(offer.sdp ?? "", this.target.holdable);
    await this.#peer.setLocalDescription({ type: "offer", sdp });
    const answer = await patchIce(address, iceFragment(sdp), this.#etag);
    this.#etag = answer.etag;
    const former = this.#peer.currentRemoteDescription?.sdp ?? "";
    await this.#peer.setRemoteDescription({
      type: "answer",
      sdp: withIce(former, answer.fragment),
    });
  }

  #wanted(): WhepHints {
    const { height, hidden, dataSaver } = this.#hints;
    // Nobody misses a hidden picture, but a session without any would not be known to work.
    return { height, hidden: hidden && this.#pictured, data_saver: dataSaver };
  }

  #tellHints(): void {
    const hints = this.#wanted();
    const told = JSON.stringify(hints);
    if (this.#address !== null && told !== this.#told) {
      this.#told = told;
      patchHints(this.#address, hints);
    }
  }

  #onConnection(): void {
    if (this.#peer.connectionState === "connected") {
      this.timings.connected ??= performance.now();
    }
    const states: string[] = [this.#peer.connectionState, this.#peer.iceConnectionState];
    if (states.includes("failed") || states.includes("disconnected")) {
      this.#fail({ kind: "trouble", retryAfterMs: null });
    }
  }

  #onFirstFrame(frame: VideoFrameCallbackMetadata): void {
    this.timings.firstFrame ??= frame.presentationTime;
    this.timings.firstPacket ??= frame.receiveTime ?? null;
    this.#pictured = true;
    this.#tellHints();
    this.#listener.pictured();
  }

  #fail(failure: Failure): void {
    if (!this.#over) {
      this.#over = true;
      this.#listener.failed(failure);
    }
  }
}

/**
 * Firefox paints the first video track of a stream only, and stands still once that is gone. A new stream
 * begins to play by itself, which one that rests must not. Before the first picture an element is paused
 * as well, but does not rest: its turn to begin by itself is still to come.
 */
function renew(video: HTMLVideoElement, tracks: MediaStreamTrack[]): void {
  const waits = video.autoplay && video.currentTime === 0;
  const plays = !video.paused || waits;
  video.autoplay = plays;
  video.srcObject = new MediaStream(tracks);
  if (plays) {
    video.play().catch(() => undefined); // Refused only where a former one was: it rests then.
  }
}
