/** Broadcasts for the fixture pages. */

import type { Broadcast, Camera } from "../../src/protocol/broadcast.ts";

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
  | "empty";

/** The scenario that this page's address asks for. */
export const scenario = (new URLSearchParams(location.search).get("scenario") ??
  "live") as Scenario;

function camera(id: string, name: string, live: boolean): Camera {
  const renditions = live
    ? [{ name: "720p", width: 1280, height: 720, fps: 30, bitrate_bps: 2_500_000 }]
    : [];
  return { id, name, live, projection: "flat", renditions };
}

const agoISO = (ms: number): string => new Date(Date.now() - ms).toISOString();

function startOf(): string {
  return scenario === "before" ? agoISO(-1.21 * HOUR_MS) : agoISO(2.7431 * HOUR_MS);
}

function stateOf(): Broadcast["state"] {
  return scenario === "before" || scenario === "ended" ? scenario : "live";
}

const sends = !["before", "waiting", "ended"].includes(scenario);

/** The broadcast of the fixture's page. */
export const broadcast: Broadcast = {
  slug: "eva-demo",
  title: "Cooling pump replacement outside the Harmony module",
  description:
    "Two astronauts leave the Quest airlock to replace a failed pump of the station's external cooling loop. They work at the far end of the truss, thirty metres from the hatch, and return with the old unit.\n\nTheir helmet cameras and a tethered drone send throughout. Expect a dark picture for thirty-five minutes of every orbit, while the station crosses the Earth's night side.",
  state: stateOf(),
  starts_at: startOf(),
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
    camera("truss", "Truss, fixed", false),
  ],
  programme: "helmet",
  viewers: 1284,
  rating:
    scenario === "unrated"
      ? { average: null, count: 0, yours: null }
      : { average: 4.2, count: 123, yours: scenario === "lost" ? 4 : null },
};

/** The broadcasts of the fixture's front page. */
export const broadcasts: Broadcast[] =
  scenario === "empty"
    ? []
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
