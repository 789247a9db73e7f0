/** A picture on which lost pixels are marked, with a pointer or with the keyboard. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Pixels } from "../core/png";
import { Canvas } from "./show";

interface Props {
  picture: Pixels;
  /** (m, n); changed in place. */
  mask: Uint8Array;
  /** Turns with every change of the mask. */
  stroke: number;
  brush: number;
  name: string;
  onMark: () => void;
}

/** Mark a disc of so many pixels across. */
export function mark(mask: Uint8Array, m: number, n: number, y: number, x: number, brush: number): void {
  const radius = brush / 2;
  for (let i = Math.max(0, Math.ceil(y - radius)); i <= Math.min(m - 1, y + radius); i++)
    for (let j = Math.max(0, Math.ceil(x - radius)); j <= Math.min(n - 1, x + radius); j++)
      if ((i - y) ** 2 + (j - x) ** 2 <= radius * radius) mask[i * n + j] = 1;
}

/** Discs on the way from one place to another. */
export function markLine(mask: Uint8Array, m: number, n: number, from: readonly number[], to: readonly number[], brush: number): void {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0]! - from[0]!, to[1]! - from[1]!) / Math.max(1, brush / 4)));
  for (let s = 0; s <= steps; s++)
    mark(mask, m, n, from[0]! + ((to[0]! - from[0]!) * s) / steps, from[1]! + ((to[1]! - from[1]!) * s) / steps, brush);
}

export function Paint({ picture, mask, stroke, brush, name, onMark }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly number[] | null>(null);
  const [at, move] = useState<readonly [number, number]>([picture.m >> 1, picture.n >> 1]);
  const [walked, walk] = useState(false);
  const { m, n } = picture;
  useEffect(() => move([m >> 1, n >> 1]), [m, n]);
  useLayoutEffect(() => draw(canvas.current!, mask, m, n, walked ? { at, brush } : null), [mask, stroke, m, n, at, brush, walked]);
  const place = (e: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    return [((e.clientY - box.top) / box.height) * m - 0.5, ((e.clientX - box.left) / box.width) * n - 0.5] as const;
  };
  const to = (e: PointerEvent) => {
    if (!last.current) return;
    const next = place(e);
    markLine(mask, m, n, last.current, next, brush);
    last.current = next;
    onMark();
  };
  const step = Math.max(1, Math.round(brush / 2));
  const go = (dy: number, dx: number) => move([Math.min(Math.max(at[0] + dy * step, 0), m - 1), Math.min(Math.max(at[1] + dx * step, 0), n - 1)]);
  const keys: { [key: string]: () => void } = {
    ArrowUp: () => go(-1, 0),
    ArrowDown: () => go(1, 0),
    ArrowLeft: () => go(0, -1),
    ArrowRight: () => go(0, 1),
    " ": () => (mark(mask, m, n, at[0], at[1], brush), onMark()),
  };
  return (
    <div class="paint">
      <Canvas picture={picture} name={name} />
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="picture to paint on"
        aria-label={`What is lost of ${name}. Drag over it, or move with the arrow keys and mark with space. The brush is at row ${at[0] + 1}, column ${at[1] + 1}.`}
        onPointerDown={(e) => {
          e.currentTarget.setPointerCapture(e.pointerId);
          last.current = place(e);
          to(e);
        }}
        onPointerMove={to}
        onPointerUp={() => (last.current = null)}
        onPointerCancel={() => (last.current = null)}
        onBlur={() => walk(false)}
        onKeyDown={(e) => {
          const act = keys[e.key];
          if (!act) return;
          e.preventDefault();
          walk(true);
          act();
        }}
      />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, mask: Uint8Array, m: number, n: number, cursor: { at: readonly number[]; brush: number } | null): void {
  if (canvas.width !== n || canvas.height !== m) [canvas.width, canvas.height] = [n, m];
  const g = canvas.getContext("2d")!;
  const image = g.createImageData(n, m);
  const words = new Uint32Array(image.data.buffer);
  for (let e = 0; e < mask.length; e++) if (mask[e]) words[e] = 0xb02a5cff; // red, see-through
  g.putImageData(image, 0, 0);
  if (!cursor) return;
  g.strokeStyle = "#fff";
  g.lineWidth = Math.max(1, n / 300);
  g.beginPath();
  g.arc(cursor.at[1]! + 0.5, cursor.at[0]! + 0.5, cursor.brush / 2, 0, 2 * Math.PI);
  g.stroke();
}
