// Measures sound against picture in a page: beeps by WebAudio, flashes by requestVideoFrameCallback.
// Both are told on the clock of `performance.now()`, as the viewer gets them.

class LipSync {
  static async make(worklet) {
    const context = new AudioContext({ latencyHint: "interactive" });
    await context.audioWorklet.addModule(worklet);
    await context.resume();
    const found = new LipSync();
    found.context = context;
    return found;
  }

  // When what the context renders at `time` is heard, by its latest word on that.
  heardAt(time) {
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    return performanceTime + (time - contextTime) * 1000;
  }

  // Follows what an element shows and sounds, also when that changes; `stop` ends it.
  follow(video) {
    const events = { began: performance.now(), flashes: [], beeps: [] };
    const stops = [this.#look(video, events), this.#listen(video, events)];
    return { events, stop: () => stops.map((stop) => stop()) };
  }

  #look(video, { flashes }) {
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    let last = null;
    let asked = 0;
    const look = (_now, frame) => {
      asked = video.requestVideoFrameCallback(look);
      const { videoWidth: width, videoHeight: height } = video;
      context.drawImage(video, width / 16, height / 16, width / 16, height / 16, 0, 0, 1, 1);
      const bright = context.getImageData(0, 0, 1, 1).data[1] > 128;
      if (last !== null && bright && !last.bright) {
        // A picture that was left out may have been the first of the flash.
        const whole = frame.presentedFrames === last.presentedFrames + 1;
        flashes.push({ at: frame.expectedDisplayTime, whole });
      }
      last = { bright, presentedFrames: frame.presentedFrames };
    };
    asked = video.requestVideoFrameCallback(look);
    return () => video.cancelVideoFrameCallback(asked);
  }

  #listen(video, { beeps }) {
    let present = null;
    let node = null;
    const look = () => {
      const track = video.srcObject?.getAudioTracks()[0] ?? null;
      if (track === present) return;
      present = track;
      node?.disconnect();
      node = null;
      if (track !== null) {
        node = this.listenTo(new MediaStream([track]), beeps);
      }
    };
    const timer = setInterval(look, 20);
    look();
    return () => {
      clearInterval(timer);
      node?.disconnect();
    };
  }

  listenTo(stream, beeps) {
    const source = this.context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(this.context, "onsets", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => beeps.push(this.heardAt(data));
    source.connect(node);
    return source;
  }

  // Draws a flash and sounds a beep each second, made together.
  makeSource() {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 320, height: 180 });
    const drawing = canvas.getContext("2d");
    const destination = this.context.createMediaStreamDestination();
    const gain = new GainNode(this.context, { gain: 0 });
    const tone = new OscillatorNode(this.context, { frequency: 1000 });
    tone.connect(gain).connect(destination);
    tone.start();
    let next = Math.ceil(this.context.currentTime) + 1;
    let count = 0;
    let beeped = false;
    const timer = setInterval(() => {
      const now = this.context.currentTime;
      if (!beeped && now > next - 0.5) {
        gain.gain.setValueAtTime(0.5, next);
        gain.gain.setValueAtTime(0, next + 0.06);
        beeped = true;
      }
      const bright = now >= next && now < next + 0.1;
      drawing.fillStyle = bright ? "#fff" : "#000";
      drawing.fillRect(0, 0, 320, 180);
      drawing.fillStyle = `hsl(${(count += 7) % 360} 80% 50%)`;
      drawing.fillRect(200, 100, 60, 60);
      if (now > next + 0.2) {
        next += 1;
        beeped = false;
      }
    }, 5);
    const stream = new MediaStream([
      ...canvas.captureStream(30).getTracks(),
      ...destination.stream.getTracks(),
    ]);
    return { stream, stop: () => { clearInterval(timer); tone.stop(); } };
  }

  // A local peer connection that carries the stream, shown by an element of its own.
  async loop(stream) {
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.onicecandidate = ({ candidate }) => to.addIceCandidate(candidate);
    to.onicecandidate = ({ candidate }) => from.addIceCandidate(candidate);
    for (const track of stream.getTracks()) {
      from.addTrack(track, stream);
    }
    const video = document.createElement("video");
    Object.assign(video, { autoplay: true, playsInline: true, muted: true });
    Object.assign(video.style, { position: "fixed", top: 0, left: 0, width: "160px", zIndex: 9 });
    document.body.append(video);
    to.ontrack = ({ streams }) => {
      video.srcObject = streams[0];
    };
    await from.setLocalDescription(await from.createOffer());
    await to.setRemoteDescription(from.localDescription);
    await to.setLocalDescription(await to.createAnswer());
    await from.setRemoteDescription(to.localDescription);
    return { video, to, stop: () => { from.close(); to.close(); video.remove(); } };
  }

  // What was seen, heard and told of a local peer connection: so many beeps, if they come in time.
  async calibrate(beeps, mostMs) {
    const source = this.makeSource();
    const loop = await this.loop(source.stream);
    const following = this.follow(loop.video);
    const lags = [];
    let earlier = null;
    const until = performance.now() + mostMs;
    const heard = () => following.events.beeps.filter((at) => at > lags[0]?.at).length;
    while (performance.now() < until && heard() < beeps) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const found = { at: performance.now() };
      // Firefox has been seen to owe an answer for good.
      const none = new Promise((resolve) => setTimeout(resolve, 1000, new Map()));
      for (const entry of (await Promise.race([loop.to.getStats(), none])).values()) {
        if (entry.type === "inbound-rtp") found[entry.kind] = entry;
      }
      const ms = told(found, earlier);
      if (Number.isFinite(ms)) lags.push({ at: found.at, ms });
      if (earlier === null || found.at - earlier.at > 1000) earlier = found;
    }
    following.stop();
    loop.stop();
    source.stop();
    return { ...following.events, lags };
  }
}

// By how much sound trails the picture, in ms, by a connection's own word: what of each is shown and
// heard now. Firefox does not know, but how long each has been held back since a moment ago.
function told({ video, audio }, earlier) {
  if (!navigator.userAgent.includes("Firefox")) {
    return (video?.estimatedPlayoutTimestamp || NaN) - (audio?.estimatedPlayoutTimestamp || NaN);
  }
  const held = (now, then) =>
    (now?.jitterBufferDelay - then?.jitterBufferDelay) /
    (now?.jitterBufferEmittedCount - then?.jitterBufferEmittedCount);
  return 1000 * (held(audio, earlier?.audio) - held(video, earlier?.video));
}

window.LipSync = LipSync;
