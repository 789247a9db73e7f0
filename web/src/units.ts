/** Numbers as people read them. */

const PREFIXES: [number, string][] = [
  [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"], [1e-15, "f"],
];

/** Three digits and a prefix: 1.26 µs. */
export function quantity(value: number, unit: string, digits = 3): string {
  if (value === 0) return `0 ${unit}`.trim();
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "–";
  const size = Math.abs(value);
  const [scale, prefix] = PREFIXES.find(([s]) => size >= s * 0.9995) ?? PREFIXES[PREFIXES.length - 1]!;
  return `${plain(value / scale, digits)} ${prefix}${unit}`.trim();
}

export function plain(value: number, digits = 3): string {
  if (value === 0) return "0";
  const text = Number(value.toPrecision(digits));
  return Math.abs(text) >= 1e6 || Math.abs(text) < 1e-4 ? text.toExponential(digits - 1) : String(text);
}

export function percent(share: number, digits = 3): string {
  return `${plain(100 * share, digits)} %`;
}

/** A scale and its unit for an axis that ends at `most`: 1.2e-6 s becomes [1e6, "µs"]. */
export function axisScale(most: number, unit: string): [number, string] {
  const [scale, prefix] = PREFIXES.find(([s]) => Math.abs(most) >= s) ?? PREFIXES[4]!;
  return [1 / scale, `${prefix}${unit}`];
}

export function duration(seconds: number): string {
  if (seconds < 120) return quantity(seconds, "s");
  if (seconds < 7200) return `${plain(seconds / 60)} min`;
  if (seconds < 172800) return `${plain(seconds / 3600)} h`;
  if (seconds < 3.2e7) return `${plain(seconds / 86400)} days`;
  return `${plain(seconds / 31557600)} years`;
}
