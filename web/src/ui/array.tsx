/** The array with its inputs: a grid of cells that can be pointed at, and walked with the keyboard. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Rows } from "../core/circuit";

interface Props {
  /** What is asked for, in hundredths (rows of columns), and the inputs in hundredths. */
  cells: readonly number[];
  inputs: readonly number[];
  rows: number;
  columns: number;
  /** Where the inputs are: beside each row, below each column, or nowhere. */
  inputsAt: "rows" | "columns" | "nowhere";
  /** The least that a cell can be asked for, in hundredths. */
  least: 0 | -100;
  /** What was written into the driving array, as a share of the highest conductance; where known. */
  written: Rows | null;
  scheme: string;
  onCell: (index: number, value: number) => void;
  onInput: (index: number, value: number) => void;
  describe: (row: number, column: number) => string;
}

/** The largest input, in hundredths. */
export const MOST = 99999;

const clamped = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high);

/** How many cells' width or height the inputs take. */
const STRIP = 1.6;

export function ArrayGrid(p: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, setAt] = useState<[row: number, column: number]>([0, 0]);
  const beside = p.inputsAt === "rows";
  const below = p.inputsAt === "columns";
  const [lastRow, lastColumn] = [below ? p.rows : p.rows - 1, beside ? p.columns : p.columns - 1];
  const [row, column] = [Math.min(at[0], lastRow), Math.min(at[1], lastColumn)];
  useLayoutEffect(() => draw(canvas.current!, p, [row, column]));

  const isCell = (r: number, c: number) => r < p.rows && c < p.columns;
  const valueAt = (r: number, c: number) => (isCell(r, c) ? p.cells[r * p.columns + c]! : p.inputs[beside ? r : c]!);
  const setTo = (r: number, c: number, v: number) => {
    if (isCell(r, c)) p.onCell(r * p.columns + c, clamped(Math.round(v), p.least, 100));
    else p.onInput(beside ? r : c, clamped(Math.round(v), -MOST, MOST));
  };
  const toggle = (r: number, c: number) => {
    const v = valueAt(r, c);
    setTo(r, c, isCell(r, c) ? (v > 50 ? 0 : 100) : v === 0 ? 100 : 0);
  };
  const value = valueAt(row, column);
  const keys: Record<string, () => void> = {
    ArrowUp: () => setAt([clamped(row - 1, 0, lastRow), column]),
    ArrowDown: () => setAt([clamped(row + 1, 0, lastRow), column]),
    ArrowLeft: () => setAt([row, clamped(column - 1, 0, lastColumn)]),
    ArrowRight: () => setAt([row, clamped(column + 1, 0, lastColumn)]),
    "+": () => setTo(row, column, value + 5),
    "-": () => setTo(row, column, value - 5),
    " ": () => toggle(row, column),
    Enter: () => toggle(row, column),
  };
  const point = (e: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const [width, height] = [p.columns + (beside ? STRIP : 0), p.rows + (below ? STRIP : 0)];
    const r = clamped(Math.floor(((e.clientY - box.top) / box.height) * height), 0, lastRow);
    const c = clamped(Math.floor(((e.clientX - box.left) / box.width) * width), 0, lastColumn);
    setAt([r, c]);
    if (isCell(r, c)) toggle(r, c);
  };
  const cell = isCell(row, column);
  const name = cell ? `cell of row ${row + 1}, column ${column + 1}` : `input of ${beside ? `row ${row + 1}` : `column ${column + 1}`}`;
  return (
    <div class="array">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="array of cells"
        aria-label={`Array of ${p.rows} rows and ${p.columns} columns${beside || below ? ` with an input at each ${beside ? "row" : "column"}` : ""}. Arrow keys move, space switches a cell, plus and minus change it. At the ${name}: ${value / 100}.`}
        onClick={point}
        onKeyDown={(e) => {
          const act = keys[e.key];
          if (!act) return;
          e.preventDefault();
          act();
        }}
      />
      <div class="cell-editor">
        <label>
          <span>{name[0]!.toUpperCase() + name.slice(1)}</span>
          <input
            type="number"
            step={0.01}
            min={(cell ? p.least : -MOST) / 100}
            max={cell ? 1 : MOST / 100}
            value={value / 100}
            onChange={(e) => e.currentTarget.value !== "" && setTo(row, column, 100 * e.currentTarget.valueAsNumber)}
          />
        </label>
        <p aria-live="polite">{p.describe(row, column)}</p>
      </div>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, p: Props, [row, column]: [number, number]): void {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const g = canvas.getContext("2d")!;
  g.scale(ratio, ratio);
  const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dark = css("--dark") === "1";
  const beside = p.inputsAt === "rows";
  const [w, h] = [width / (p.columns + (beside ? STRIP : 0)), height / (p.rows + (p.inputsAt === "columns" ? STRIP : 0))];
  const gap = Math.min(1, w / 8, h / 8);
  for (let i = 0; i < p.rows; i++)
    for (let j = 0; j < p.columns; j++) {
      const share = clamped(p.written?.[i]?.[j] ?? p.cells[i * p.columns + j]! / 100, -1.1, 1.1);
      const [hue, size] = [share < 0 ? 24 : 208, Math.abs(share)];
      g.fillStyle = dark ? `hsl(${hue} 60% ${12 + 55 * size}%)` : `hsl(${hue} 62% ${95 - 60 * size}%)`;
      g.fillRect(j * w, i * h, w - gap, h - gap);
    }
  const most = Math.max(1, ...p.inputs.map(Math.abs));
  p.inputs.forEach((v, i) => {
    const share = v / most;
    g.fillStyle = css("--line");
    if (beside) g.fillRect((p.columns + 0.25) * w, i * h, 1.35 * w, h - gap);
    else g.fillRect(i * w, (p.rows + 0.25) * h, w - gap, 1.35 * h);
    g.fillStyle = css(share < 0 ? "--warn" : "--accent");
    if (beside) g.fillRect((p.columns + 0.925) * w, i * h + h * 0.2, (share * 1.35 * w) / 2, h * 0.6 - gap);
    else g.fillRect(i * w + w * 0.2, (p.rows + 0.925) * h, w * 0.6 - gap, (-share * 1.35 * h) / 2);
  });
  g.strokeStyle = css("--focus");
  g.lineWidth = 2;
  const [x, y] = [column < p.columns ? column * w : (p.columns + 0.25) * w, row < p.rows ? row * h : (p.rows + 0.25) * h];
  g.strokeRect(x + 1, y + 1, (column < p.columns ? w : 1.35 * w) - gap - 2, (row < p.rows ? h : 1.35 * h) - gap - 2);
}
