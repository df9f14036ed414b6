/**
 * What a player shows, and what may follow what.
 *
 * The table is the whole truth about phases: `settle.ts` turns what happens into signals, and a signal
 * that a phase does not list leaves the phase as it is.
 */

/** What the viewer sees. The values are those of the `phase` attribute and of `eva-state`. */
export enum Phase {
  /** Nothing has been asked for. */
  Idle = "idle",
  /** The camera sends nothing yet. */
  Waiting = "waiting",
  /** The first picture is on its way. */
  Connecting = "connecting",
  /** Pictures arrive. */
  Live = "live",
  /** Pictures came and have stopped; the last one is kept. */
  Lost = "lost",
  /** This device has no network. */
  Offline = "offline",
  /** The broadcast is over. */
  Ended = "ended",
  /** The server refuses, and trying again by ourselves would not help. */
  Failed = "failed",
}

/** What can change a phase. */
export enum Signal {
  /** A first picture is being fetched. */
  Connect = "connect",
  /** The camera has nothing to send. */
  Wait = "wait",
  /** A picture has come. */
  Picture = "picture",
  /** Pictures have stopped. */
  Silence = "silence",
  /** The network has gone. */
  Cut = "cut",
  /** The broadcast is over. */
  End = "end",
  /** The server refuses for good. */
  Refuse = "refuse",
  /** The player has been taken away. */
  Stop = "stop",
}

type Row = Readonly<Partial<Record<Signal, Phase>>>;

const ALWAYS: Row = {
  [Signal.End]: Phase.Ended,
  [Signal.Stop]: Phase.Idle,
};

// No session exists in these phases, so no picture can come before one has been asked for.
const OUT_OF_USE: Row = {
  ...ALWAYS,
  [Signal.Connect]: Phase.Connecting,
  [Signal.Wait]: Phase.Waiting,
  [Signal.Cut]: Phase.Offline,
};

const WITHOUT_PICTURE: Row = {
  ...OUT_OF_USE,
  [Signal.Picture]: Phase.Live,
  [Signal.Refuse]: Phase.Failed,
};

const TRANSITIONS: Readonly<Record<Phase, Row>> = {
  [Phase.Idle]: { ...OUT_OF_USE, [Signal.Refuse]: Phase.Failed },
  [Phase.Waiting]: WITHOUT_PICTURE,
  [Phase.Connecting]: WITHOUT_PICTURE,
  [Phase.Live]: {
    ...ALWAYS,
    [Signal.Wait]: Phase.Waiting,
    [Signal.Silence]: Phase.Lost,
    [Signal.Cut]: Phase.Offline,
    [Signal.Refuse]: Phase.Failed,
  },
  [Phase.Lost]: {
    ...ALWAYS,
    [Signal.Wait]: Phase.Waiting,
    [Signal.Picture]: Phase.Live,
    [Signal.Cut]: Phase.Offline,
    [Signal.Refuse]: Phase.Failed,
  },
  [Phase.Offline]: { ...WITHOUT_PICTURE, [Signal.Silence]: Phase.Lost },
  [Phase.Ended]: OUT_OF_USE,
  [Phase.Failed]: { ...OUT_OF_USE, [Signal.Refuse]: Phase.Failed },
};

/** The phase after a signal. */
export function follow(phase: Phase, signal: Signal): Phase {
  return TRANSITIONS[phase][signal] ?? phase;
}
