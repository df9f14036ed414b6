/** Broadcasts for the fixture pages. */

import type { Broadcast, Camera, SimilarBroadcast } from "../../src/protocol/broadcast.ts";
import type { Comment } from "../../src/protocol/comment.ts";
import type { RatingSeries } from "../../src/protocol/series.ts";

const HOUR_MS = 3_600_000;

/** What a fixture page pretends; `?scenario=` picks one. */
export type Scenario =
  | "live"
  | "unrated"
  | "lost"
  | "waiting"
  | "before"
  | "ended"
  | "offline"
  | "failed"
  | "missing"
  | "closed"
  | "approval"
  | "quiet"
  | "many"
  | "silent"
  | "connecting"
  | "one"
  | "empty";

/** The scenario that this page's address asks for. */
export const scenario = (new URLSearchParams(location.search).get("scenario") ??
  "live") as Scenario;

function camera(id: string, name: string, live: boolean, projection = "flat"): Camera {
  const renditions = live
    ? [
        { name: "1080p", width: 1920, height: 1080, fps: 30, bitrate_bps: 5_000_000 },
        { name: "720p", width: 1280, height: 720, fps: 30, bitrate_bps: 2_500_000 },
        { name: "360p", width: 640, height: 360, fps: 30, bitrate_bps: 700_000 },
      ]
    : [];
  return { id, name, live, projection, renditions };
}

const agoISO = (ms: number): string => new Date(Date.now() - ms).toISOString();

function startOf(): string {
  return scenario === "before" ? agoISO(-1.21 * HOUR_MS) : agoISO(2.7431 * HOUR_MS);
}

/** How viewers rated each minute of two hours. */
export const series: RatingSeries = {
  bucket_s: 60,
  points: Array.from({ length: 60 }, (_, index) => ({
    at: agoISO((2 - index / 30) * HOUR_MS),
    count: 4 + ((index * 7) % 9),
    average: 3.6 + Math.sin(index / 5) * 0.9 + Math.cos(index / 2.3) * 0.35,
  })),
  moments: [
    { at: agoISO((2 - 9 / 30) * HOUR_MS), count: 11, average: 4.8 },
    { at: agoISO((2 - 38 / 30) * HOUR_MS), count: 7, average: 4.7 },
  ],
};

function comment(id: string, patch: Partial<Comment>): Comment {
  return {
    id,
    name: "Somebody",
    text: "",
    at: agoISO(0.2 * HOUR_MS),
    moment: null,
    reply_to: null,
    pinned: false,
    edited: false,
    yours: false,
    editable_until: null,
    ...patch,
  };
}

/** What viewers have written. */
export const comments: Comment[] = [
  comment("c1", {
    name: "Flight control",
    text: "Welcome! The crew enters the Earth's night side at about T+03:05. The picture gets dark, the sound stays.",
    at: agoISO(2.4 * HOUR_MS),
    pinned: true,
  }),
  comment("c2", {
    name: "Maren",
    text: "Look at the reflection in the visor when she turns to the sun. I have never seen the whole station like that.",
    at: agoISO(0.31 * HOUR_MS),
    moment: agoISO(0.33 * HOUR_MS),
  }),
  comment("c3", {
    name: "Jo",
    text: "Seconded, I had to rewind in my head.",
    reply_to: "c2",
    at: agoISO(0.25 * HOUR_MS),
  }),
  comment("c4", {
    name: "You",
    text: "What does the foot restraint hold on to?",
    at: agoISO(0.02 * HOUR_MS),
    yours: true,
    edited: true,
    editable_until: agoISO(-0.05 * HOUR_MS),
  }),
];

if (scenario === "many") {
  for (let number = 0; number < 40; number += 1) {
    const text = number % 3 === 0 ? "How long can they stay outside?" : "The light on the truss!";
    comments.push(comment(`m${number}`, { name: `Viewer ${number + 1}`, text }));
  }
} else if (scenario === "silent") {
  comments.length = 0;
}

/** Broadcasts like this one. */
export const similar: SimilarBroadcast[] = [
  ["dextre", "Lubricating Dextre's wrist joints", 4.7, 190],
  ["solar-array", "Installing the sixth roll-out solar array", 3.9, 700],
  ["night-side", "Night side inspection", 4.4, 1400],
].map(([slug, title, average, hours]) => ({
  slug: String(slug),
  title: String(title),
  state: "ended",
  starts_at: agoISO(Number(hours) * HOUR_MS),
  tags: [],
  rating: { average: Number(average), count: 80 },
}));

function stateOf(): Broadcast["state"] {
  return scenario === "before" || scenario === "ended" ? scenario : "live";
}

function marker(id: string, hours: number, title: string): Broadcast["markers"][number] {
  const shift = scenario === "before" ? 4 : scenario === "ended" ? -3 : 0;
  return { id, at: agoISO(-(hours + shift) * HOUR_MS), title, camera: null };
}

const sends = !["before", "waiting", "ended"].includes(scenario);

/** The broadcast of the fixture's page. */
export const broadcast: Broadcast = {
  slug: "eva-demo",
  title: "Cooling pump replacement outside the Harmony module",
  language: "en",
  description:
    "Two astronauts leave the Quest airlock to replace a failed pump of the station's external cooling loop. They work at the far end of the truss, thirty metres from the hatch, and return with the **old unit**.\n\nTheir helmet cameras and a tethered drone send throughout. Expect a dark picture for *thirty-five minutes of every orbit*, while the station crosses the Earth's night side.\n\n- Remove the failed pump\n- Mount the spare\n- Test the loop, see [the procedure](https://example.org/procedure)",
  state: stateOf(),
  starts_at: startOf(),
  ended_at: scenario === "ended" ? agoISO(0.4 * HOUR_MS) : null,
  crew: [
    { name: "Sunita Marlowe", role: "EV1, lead spacewalker" },
    { name: "Tomás Okafor", role: "EV2" },
    { name: "Aiko Lindqvist", role: "Robotic arm operator" },
  ],
  credits: [
    { role: "Flight director", name: "Renée Adeyemi" },
    { role: "Broadcast director", name: "Piotr Nakamura" },
    { role: "Drone", name: "Karma flight team" },
  ],
  tags: ["maintenance", "cooling loop", "Expedition 81"],
  cameras: [
    camera("helmet", "Helmet, EV1", sends),
    camera("drone", "Tethered drone", sends),
    camera("orbit360", "Orbit, 360°", sends, "equirectangular"),
    camera("truss", "Truss, fixed", false),
  ],
  programme: "helmet",
  viewers: 1284,
  rating:
    scenario === "unrated"
      ? { average: null, count: 0, yours: null }
      : { average: 4.2, count: 123, yours: scenario === "lost" ? 4 : null },
  links: [
    { label: "Mission blog", url: "https://example.org/blog", kind: "follow" },
    { label: "Newsletter", url: "https://example.org/news", kind: "follow" },
    { label: "About the cooling loop", url: "https://example.org/loop", kind: "link" },
  ],
  soundtrack: {
    title: "Above the Limb",
    writers: ["Ines Calloway", "Theo Brandt"],
    performer: "The Tethered",
    publisher: "Airlock Music",
    licence: "CC BY 4.0",
    url: "https://example.org/limb",
  },
  markers: [
    marker("m1", -2.7, "Hatch open"),
    marker("m2", -2.2, "Foot restraint set up"),
    marker("m3", -1.6, "Lubricating Dextre"),
    marker("m4", -0.52, "Inspecting the cooling system"),
    marker("m5", 0.6, "Pump mounted"),
    marker("m6", 2.1, "Back in the airlock"),
  ],
  comments: scenario === "approval" ? "approval" : scenario === "quiet" ? "closed" : "open",
  access: "open",
  partners_only: false,
};

/** The broadcasts of the fixture's front page. */
export const broadcasts: Broadcast[] =
  scenario === "empty"
    ? []
    : scenario === "one"
      ? [broadcast]
      : [
          {
            ...broadcast,
            slug: "night-side",
            title: "Night side inspection",
            state: "before",
            starts_at: agoISO(-26 * HOUR_MS),
            rating: { average: null, count: 0, yours: null },
          },
          broadcast,
          {
            ...broadcast,
            slug: "dextre",
            title: "Lubricating Dextre's wrist joints",
            state: "ended",
            starts_at: agoISO(190 * HOUR_MS),
            rating: { average: 4.7, count: 2210, yours: null },
          },
          {
            ...broadcast,
            slug: "solar-array",
            title: "Installing the sixth roll-out solar array",
            state: "ended",
            starts_at: agoISO(700 * HOUR_MS),
            rating: { average: 3.9, count: 88, yours: null },
          },
        ];
