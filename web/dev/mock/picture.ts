/** A moving picture for the fixture pages, drawn on a canvas. */

const WIDTH = 1280;
const HEIGHT = 720;
const RADIUS = 1500;

function drawSpace(paint: CanvasRenderingContext2D, turn: number, hue: number): void {
  paint.fillStyle = "#02040a";
  paint.fillRect(0, 0, WIDTH, HEIGHT);
  const x = WIDTH / 2 + Math.sin(turn / 9) * 60;
  const y = HEIGHT * 0.52 + RADIUS;
  const air = paint.createRadialGradient(x, y, RADIUS * 0.99, x, y, RADIUS * 1.035);
  air.addColorStop(0, `hsl(${hue} 90% 82%)`);
  air.addColorStop(0.3, `hsl(${hue} 85% 55% / .8)`);
  air.addColorStop(1, "transparent");
  paint.fillStyle = air;
  paint.fillRect(0, 0, WIDTH, HEIGHT);
  const sea = paint.createRadialGradient(x, y, RADIUS * 0.72, x, y, RADIUS);
  sea.addColorStop(0, `hsl(${hue} 60% 26%)`);
  sea.addColorStop(1, `hsl(${hue} 65% 48%)`);
  paint.fillStyle = sea;
  paint.beginPath();
  paint.arc(x, y, RADIUS, 0, Math.PI * 2);
  paint.fill();
  paint.fillStyle = "rgb(255 255 255 / .55)";
  for (let cloud = 0; cloud < 40; cloud += 1) {
    const across = ((cloud * 211 + turn * 22) % (WIDTH + 400)) - 200;
    const down = HEIGHT * 0.62 + ((cloud * 97) % 260);
    paint.beginPath();
    paint.ellipse(across, down, 40 + ((cloud * 37) % 90), 4 + ((cloud * 13) % 9), -0.1, 0, 7);
    paint.fill();
  }
}

function drawStation(paint: CanvasRenderingContext2D): void {
  paint.fillStyle = "#c9ced8";
  paint.fillRect(0, 170, 560, 34);
  paint.fillStyle = "#8d6a35";
  for (let panel = 0; panel < 4; panel += 1) {
    paint.fillRect(40 + panel * 130, 20, 96, 140);
    paint.fillRect(40 + panel * 130, 214, 96, 140);
  }
  paint.fillStyle = "#f2f3f5";
  paint.beginPath();
  paint.ellipse(700, 330, 52, 60, 0.2, 0, 7);
  paint.fill();
  paint.fillStyle = "#d9a441";
  paint.beginPath();
  paint.ellipse(712, 322, 32, 36, 0.2, 0, 7);
  paint.fill();
  paint.strokeStyle = "#e8e8e8";
  paint.lineWidth = 3;
  paint.beginPath();
  paint.moveTo(540, 200);
  paint.bezierCurveTo(600, 330, 620, 240, 660, 320);
  paint.stroke();
}

/** A camera's stream with sound: a drawn scene and a quiet tone. */
export function pictureOf(camera: string): MediaStream {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const paint = canvas.getContext("2d");
  const hue = camera === "drone" ? 190 : 212;
  setInterval(() => {
    if (paint !== null) {
      drawSpace(paint, performance.now() / 1000, hue);
      drawStation(paint);
    }
  }, 33);
  const sound = new AudioContext();
  const tone = new OscillatorNode(sound, { frequency: 220 });
  const out = sound.createMediaStreamDestination();
  tone.connect(new GainNode(sound, { gain: 0.02 })).connect(out);
  tone.start();
  return new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()]);
}
