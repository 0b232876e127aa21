// Drawn people and a drawn screen, so that screenshots show what a call looks
// like without showing anybody.

export interface Extra {
  id: string;
  name: string;
  mic?: boolean;
  camera?: boolean;
  share?: boolean;
  state?: "present" | "reconnecting";
  role?: string;
  mode?: string;
  photo?: boolean;
  /** Seconds ago that the hand was raised. */
  hand?: number;
}

const rooms = [
  ["#cdd9e5", "#8fa6bd"], ["#e6d8c8", "#bfa07f"], ["#d3e2d5", "#8db094"], ["#dcd6e8", "#a195c0"],
  ["#e8d5d5", "#c29292"], ["#d0e3e6", "#82adb5"], ["#e7e3cf", "#b8ad78"], ["#d8dde3", "#98a3b0"],
] as const;
const skins = ["#f1c9a5", "#c98f63", "#8d5a3b", "#e5b48c", "#a9714b", "#f4d3b8"] as const;
const hairs = ["#2b2320", "#5b3a22", "#8c5a2b", "#1d1d22", "#a8a29a", "#6e4630"] as const;
const shirts = ["#41597d", "#7d4151", "#3f6b57", "#5a4b7d", "#80683c", "#39626e"] as const;

function hash(s: string): number {
  let h = 2166136261;
  for (const c of s) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0;
  return (h ^ (h >>> 15)) >>> 0;
}

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

/** A canvas that draws itself 4 times a second: all are encoded and decoded, and pictures are still. */
function animate(w: number, h: number, draw: (c: CanvasRenderingContext2D, t: number) => void): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  canvas.width = w;
  canvas.height = h;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const started = performance.now();
  const tick = (): void => draw(context, (performance.now() - started) / 1000);
  tick();
  setInterval(tick, 250);
  return canvas.captureStream(4).getVideoTracks()[0] as MediaStreamTrack;
}

export function face(id: string, w = 640, h = 360): MediaStreamTrack {
  const n = hash(id);
  const [light, dark] = pick(rooms, n);
  const skin = pick(skins, n >>> 3);
  const hair = pick(hairs, n >>> 5);
  const shirt = pick(shirts, n >>> 7);
  return animate(w, h, (c, t) => {
    const wall = c.createLinearGradient(0, 0, w, h);
    wall.addColorStop(0, light);
    wall.addColorStop(1, dark);
    c.fillStyle = wall;
    c.fillRect(0, 0, w, h);
    c.fillStyle = "rgb(255 255 255 / 0.28)";
    c.fillRect(w * (0.08 + (n % 5) * 0.02), h * 0.12, w * 0.2, h * 0.34);
    c.fillStyle = "rgb(0 0 0 / 0.07)";
    c.fillRect(0, h * 0.82, w, h * 0.18);
    const x = w / 2 + Math.sin(t * 0.7 + n) * w * 0.012;
    const y = h * 0.46 + Math.sin(t * 1.1 + n) * h * 0.008;
    const r = h * 0.19;
    const blob = (fill: string, bx: number, by: number, rx: number, ry: number): void => {
      c.fillStyle = fill;
      c.beginPath();
      c.ellipse(bx, by, rx, ry, 0, 0, Math.PI * 2);
      c.fill();
    };
    blob(shirt, x, h * 1.06, r * 2.15, r * 1.75);
    c.fillStyle = skin;
    c.fillRect(x - r * 0.34, y + r * 0.6, r * 0.68, r * 0.8);
    blob(hair, x, y - r * 0.22, r * 0.98, r * 1.12);
    if (n % 2) blob(hair, x, y + r * 0.3, r * 0.95, r * 1.25);
    blob(skin, x, y, r * 0.8, r * 1.02);
    c.fillStyle = hair;
    c.beginPath();
    c.ellipse(x, y - r * 0.72, r * 0.84, r * 0.46, 0, Math.PI, 0);
    c.fill();
    blob("#2a2523", x - r * 0.3, y - r * 0.05, r * 0.07, r * 0.08);
    blob("#2a2523", x + r * 0.3, y - r * 0.05, r * 0.07, r * 0.08);
    c.strokeStyle = "rgb(90 40 40 / 0.75)";
    c.lineWidth = r * 0.07;
    c.lineCap = "round";
    c.beginPath();
    c.arc(x, y + r * 0.28, r * 0.28, 0.25, Math.PI - 0.25);
    c.stroke();
  });
}

export function screen(w = 1280, h = 720): MediaStreamTrack {
  return animate(w, h, (c, t) => {
    c.fillStyle = "#ffffff";
    c.fillRect(0, 0, w, h);
    c.fillStyle = "#1d2433";
    c.font = "600 44px system-ui, sans-serif";
    c.fillText("Quarterly review", 72, 110);
    c.fillStyle = "#66708a";
    c.font = "24px system-ui, sans-serif";
    c.fillText("Joins by region, last twelve weeks", 72, 152);
    for (let i = 0; i < 12; i++) {
      const v = 120 + ((i * 67) % 90) + i * 18;
      c.fillStyle = i === 11 ? "#4059e0" : "#c9d1f5";
      c.fillRect(80 + i * 94, 620 - v, 58, v);
    }
    c.fillStyle = "#d8dde8";
    c.fillRect(72, 620, 1136, 2);
    c.fillStyle = "#4059e0";
    c.fillRect(72, 680, ((t * 40) % 1136) | 0, 4);
  });
}

/** A still of somebody, as a profile photo. */
export async function portrait(id: string): Promise<Blob | null> {
  const n = hash(id);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 256;
  const c = canvas.getContext("2d") as CanvasRenderingContext2D;
  const disc = (x: number, y: number, r: number, colour: string): void => {
    c.fillStyle = colour;
    c.beginPath();
    c.arc(x, y, r, 0, 7);
    c.fill();
  };
  c.fillStyle = pick(rooms, n)[0];
  c.fillRect(0, 0, 256, 256);
  disc(128, 292, 112, pick(shirts, n >>> 7));
  disc(128, 112, 66, pick(hairs, n >>> 5));
  disc(128, 128, 54, pick(skins, n >>> 3));
  return new Promise((done) => canvas.toBlob(done, "image/jpeg"));
}
