/** Files that a view gives away, made in the page. */

export function save(name: string, content: string | Blob, type = "text/plain"): void {
  const blob = typeof content === "string" ? new Blob([content], { type: `${type};charset=utf-8` }) : content;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function csv(header: readonly string[], rows: readonly (readonly (number | string | null)[])[]): string {
  const cell = (v: number | string | null) => {
    const text = v === null ? "" : String(v);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

export interface Line {
  label: string;
  x: readonly number[];
  y: readonly (number | null)[];
  colour: string;
  dashed?: boolean;
  dots?: boolean;
}

export interface Figure {
  title: string;
  xLabel: string;
  yLabel: string;
  lines: readonly Line[];
  logX?: boolean;
  logY?: boolean;
  /** Vertical lines with a word each. */
  marks?: readonly { x: number; label: string }[];
}

const SIZE = { width: 720, height: 420, left: 70, right: 16, top: 40, bottom: 52 };
const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);
const finite = (v: number | null): v is number => v !== null && Number.isFinite(v);

/** Round numbers between two ends. */
export function ticks(low: number, high: number, count = 5): number[] {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= raw * 0.999)!;
  const out = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9; v += step) out.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return out;
}

/** Powers of ten between two ends. */
export function decades(low: number, high: number): number[] {
  const out = [];
  for (let p = Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(high) + 1e-9; p++) out.push(10 ** p);
  return out.length > 1 ? out : [low, high];
}

/** A figure as SVG, on white, with its legend. */
export function svg(figure: Figure): string {
  const xs = figure.lines.flatMap((l) => l.x.filter((v) => Number.isFinite(v) && (!figure.logX || v > 0)));
  const ys = figure.lines.flatMap((l) => l.y.filter(finite).filter((v) => !figure.logY || v > 0));
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [yLow, yHigh] = [Math.min(...ys, ...(figure.logY ? [] : [0])), Math.max(...ys)];
  const [y0, y1] = figure.logY ? [yLow, yHigh] : [yLow, yHigh + (yHigh - yLow || 1) * 0.06];
  const { width, height, left, right, top, bottom } = SIZE;
  const along = (v: number, a: number, b: number, log?: boolean) => (log ? Math.log(v / a) / (Math.log(b / a) || 1) : (v - a) / (b - a || 1));
  const X = (v: number) => left + (width - left - right) * along(v, x0, x1, figure.logX);
  const Y = (v: number) => height - bottom - (height - top - bottom) * along(v, y0, y1, figure.logY);
  const f = (v: number) => v.toFixed(1);
  const grid = [
    ...(figure.logX ? decades(x0, x1) : ticks(x0, x1)).map(
      (v) => `<line x1="${f(X(v))}" x2="${f(X(v))}" y1="${top}" y2="${height - bottom}" stroke="#e3e5e7"/><text x="${f(X(v))}" y="${height - bottom + 18}" text-anchor="middle">${short(v)}</text>`,
    ),
    ...(figure.logY ? decades(y0, y1) : ticks(y0, y1)).map(
      (v) => `<line x1="${left}" x2="${width - right}" y1="${f(Y(v))}" y2="${f(Y(v))}" stroke="#e3e5e7"/><text x="${left - 8}" y="${f(Y(v) + 4)}" text-anchor="end">${short(v)}</text>`,
    ),
  ];
  const lines = figure.lines.map((l) => drawn(l, X, Y, f, figure));
  const marks = (figure.marks ?? []).map(
    (m) => `<line x1="${f(X(m.x))}" x2="${f(X(m.x))}" y1="${top}" y2="${height - bottom}" stroke="#555" stroke-dasharray="2 3"/><text x="${f(X(m.x) + 4)}" y="${top + 12}">${escaped(m.label)}</text>`,
  );
  const named = figure.lines.filter((l) => l.label);
  const legend = named.map((l, i) => {
    const [x, y] = [left + 10 + (i % 8) * 78, 32 - 0 * i + Math.floor(i / 8) * 14];
    return `<line x1="${x}" x2="${x + 18}" y1="${y - 4}" y2="${y - 4}" stroke="${l.colour}" stroke-width="2"${l.dashed ? ' stroke-dasharray="5 4"' : ""}/><text x="${x + 22}" y="${y}">${escaped(l.label)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2125">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${left}" y="16" font-size="14" font-weight="600">${escaped(figure.title)}</text>
${[...grid, ...lines, ...marks, ...legend].join("\n")}
<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">${escaped(figure.xLabel)}</text>
<text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(figure.yLabel)}</text>
</svg>
`;
}

/** A number at an axis. */
export function short(v: number): string {
  return Math.abs(v) >= 1e5 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential(0).replace("+", "") : String(Number(v.toPrecision(4)));
}

function drawn(line: Line, X: (v: number) => number, Y: (v: number) => number, f: (v: number) => string, figure: Figure): string {
  const points = line.x.flatMap((x, i) => {
    const y = line.y[i] ?? null;
    return finite(y) && (!figure.logY || y > 0) && (!figure.logX || x > 0) ? [[f(X(x)), f(Y(y))] as const] : [];
  });
  if (line.dots) return points.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="2.5" fill="none" stroke="${line.colour}"/>`).join("");
  const dash = line.dashed ? ' stroke-dasharray="6 4" stroke-width="1.3"' : ' stroke-width="2"';
  return `<polyline fill="none" stroke="${line.colour}"${dash} points="${points.map((p) => p.join(",")).join(" ")}"/>`;
}

/** An SVG as PNG, at twice its size. */
export async function png(source: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("the picture cannot be made")))));
}
