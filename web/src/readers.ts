/** Files that are dropped on the page, read here and sent nowhere. */

import type { Rows } from "./core/circuit";

const MOST_BYTES = 32 * 2 ** 20;
const MOST_PIXELS = 24e6;
const MOST_ENTRIES = 4e6;

/** A grey picture from 0 to 1, its longer side at most `size` pixels. */
export async function readPicture(file: File, size: number): Promise<Rows> {
  if (file.size > MOST_BYTES) throw new Error(`${file.name}: must be at most ${MOST_BYTES / 2 ** 20} MB, has ${(file.size / 2 ** 20).toFixed(0)} MB`);
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await new Promise((done, failed) => {
      image.onload = done;
      image.onerror = () => failed(new Error(`${file.name}: is no picture that this browser can read`));
    });
    const [w, h] = [image.naturalWidth, image.naturalHeight];
    if (w * h > MOST_PIXELS)
      throw new Error(`${file.name}: must be at most ${MOST_PIXELS / 1e6} megapixels, has ${((w * h) / 1e6).toFixed(1)}; make it smaller, or use mho image`);
    if (!w || !h) throw new Error(`${file.name}: has no size of its own`);
    return greyOf(image, w, h, size);
  } finally {
    URL.revokeObjectURL(address);
  }
}

function greyOf(image: HTMLImageElement, w: number, h: number, size: number): Rows {
  const scale = Math.min(1, size / Math.max(w, h));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(w * scale));
  canvas.height = Math.max(1, Math.round(h * scale));
  const g = canvas.getContext("2d")!;
  g.fillStyle = "#fff"; // behind what is transparent
  g.fillRect(0, 0, canvas.width, canvas.height);
  g.drawImage(image, 0, 0, canvas.width, canvas.height);
  const { data } = g.getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: canvas.height }, (_, i) =>
    Array.from({ length: canvas.width }, (_, j) => {
      const at = 4 * (i * canvas.width + j);
      return Number(((0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!) / 255).toFixed(4));
    }),
  );
}

/** A matrix from comma, semicolon, tab or blank separated numbers; a first line of names is left out. */
export function readTable(text: string, name: string): Rows {
  const lines = text.split(/\r?\n/).map((l) => l.trim()).filter(Boolean);
  if (!lines.length) throw new Error(`${name}: is empty`);
  const separator = [";", "\t", ","].find((c) => lines[0]!.includes(c)) ?? /\s+/;
  const cells = lines.map((l) => l.split(separator).map((c) => c.trim().replace(/^"(.*)"$/, "$1")));
  const named = cells[0]!.every((c) => Number.isNaN(Number(c))) && cells.length > 1;
  const body = named ? cells.slice(1) : cells;
  const rows = body.map((row, i) => row.map((c, j) => entry(c, `${name}: line ${i + 1 + Number(named)}, column ${j + 1}`)));
  const width = rows[0]!.length;
  const short = rows.findIndex((row) => row.length !== width);
  if (short >= 0) throw new Error(`${name}: line ${short + 1 + Number(named)} has ${rows[short]!.length} entries, the first has ${width}`);
  if (rows.length * width > MOST_ENTRIES) throw new Error(`${name}: must have at most ${MOST_ENTRIES} entries, has ${rows.length} x ${width}; use mho factor`);
  return rows;
}

function entry(text: string, where: string): number {
  if (text === "" || /^(nan|na|null)$/i.test(text))
    throw new Error(`${where}: an entry is missing, which this view does not take; mho factor --missing nan does`);
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error(`${where}: must be a number, got '${text.slice(0, 40)}'`);
  if (value < 0) throw new Error(`${where}: must not be negative, got ${text}`);
  return value;
}

/** Ratings as (user, item, stars) become a table, users by rows; null where the lines are no such list. */
export function tableOfRatings(rows: Rows): { matrix: Rows; known: number } | null {
  if (rows[0]?.length !== 3 || rows.length < 10) return null;
  if (!rows.every(([u, i]) => Number.isInteger(u) && Number.isInteger(i))) return null;
  const [users, items] = [0, 1].map((c) => new Map([...new Set(rows.map((r) => r[c]!))].sort((a, b) => a - b).map((id, at) => [id, at])));
  if (users!.size * items!.size > MOST_ENTRIES || users!.size < 2 || items!.size < 2) return null;
  const mean = rows.reduce((s, r) => s + r[2]!, 0) / rows.length;
  const matrix = Array.from({ length: users!.size }, () => new Array<number>(items!.size).fill(mean));
  for (const [u, i, stars] of rows) matrix[users!.get(u!)!]![items!.get(i!)!] = stars!;
  return { matrix, known: rows.length };
}

/** A picture of the page's own: discs, stripes and a slope. */
export function ownPicture(size: number): Rows {
  const disc = (x: number, y: number, cx: number, cy: number, r: number) => (x - cx) ** 2 + (y - cy) ** 2 < r * r;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => {
      const [y, x] = [i / size, j / size];
      if (disc(x, y, 0.3, 0.34, 0.2)) return 0.95;
      if (disc(x, y, 0.72, 0.62, 0.22)) return 0.08 + 0.5 * Math.abs(Math.sin(18 * (x + y)));
      if (x > 0.55 && y < 0.3) return Math.floor(x * 24) % 2 ? 0.85 : 0.2;
      if (y > 0.82) return 0.15;
      return Number((0.35 + 0.3 * y).toFixed(4));
    }).map((v) => Number(v.toFixed(4))),
  );
}
