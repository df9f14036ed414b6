/** The examples of the embed documentation, for the relay that shows them. Pure. */

import { frameCode } from "../../share/links.ts";

/** A frame. */
export function frameExample(origin: string, slug: string): string {
  return frameCode(origin, slug, "Spacewalk, live");
}

/** An element, and how it is spoken to. */
export function elementExample(origin: string, slug: string): string {
  return `<script src="${origin}/embed.js" async></script>
<eva-player id="walk" src="${origin}/b/${slug}"></eva-player>
<button id="play">Play</button>
<button id="sound">Sound on</button>

<script>
  const player = document.getElementById("walk");
  player.addEventListener("state", ({ detail }) => console.log(detail.phase));
  player.addEventListener("rating", ({ detail }) => console.log(detail.average));
  player.addEventListener("error", ({ detail }) => console.log(detail.code, detail.message));
  player.addEventListener("pause", () => console.log(player.paused));
  document.getElementById("play").onclick = () => {
    player.play().catch(({ name }) => console.log(name)); // such as NotAllowedError
  };
  document.getElementById("sound").onclick = () => player.unmute();
</script>`;
}

/** Messages by hand; nothing can be asked of the player before it has said that it is ready. */
export function messageExample(origin: string, camera: string): string {
  return `const frame = document.querySelector("iframe");
addEventListener("message", ({ source, origin, data }) => {
  if (source !== frame.contentWindow || origin !== "${origin}" || data?.eva !== 1) return;
  console.log(data.event, data.value);
  if (data.event === "ready") {
    frame.contentWindow.postMessage({ eva: 1, command: "camera", value: "${camera}" }, origin);
  }
});`;
}

/** A ticket to a closed broadcast, fetched by the partner's server. */
export function tokenExample(origin: string, slug: string): string {
  return `# on your server, with the key that you have been given
curl -X POST ${origin}/api/v1/broadcasts/${slug}/tokens \\
  -H "Authorization: Bearer $EVA_PARTNER_KEY" \\
  -H "Content-Type: application/json" -d '{"valid_s": 600}'

# in your page, with the token of the answer
<eva-player src="${origin}/b/${slug}" partner="your-id" token="…"></eva-player>`;
}

/** What other programs ask to learn how to embed. */
export function oembedExample(origin: string, slug: string): string {
  const url = encodeURIComponent(`${origin}/b/${slug}`);
  return `GET ${origin}/oembed?url=${url}&maxwidth=640&format=json`;
}
