/** Problems that the page makes up: a matrix in hundredths, and inputs for which some output is held at zero. */

/** Uniform numbers from a seed (Mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function drawnCells(m: number, k: number, seed: number): number[] {
  const next = uniform(seed);
  return Array.from({ length: m * k }, () => Math.round(100 * next()));
}

/** A square matrix of either sign with a strong diagonal, which a loop can invert. */
export function drawnSquare(k: number, seed: number): number[] {
  const next = uniform(seed + 3e6);
  const off = 60 / k;
  return Array.from({ length: k * k }, (_, e) => Math.round(e % (k + 1) ? off * (2 * next() - 1) : 60 + 40 * next()));
}

/** A times numbers of which every third is below zero, so that its output meets the clamp. */
export function drawnInputs(cells: readonly number[], m: number, k: number, seed: number): number[] {
  const next = uniform(seed + 1e6);
  const x = Array.from({ length: k }, (_, j) => (0.5 + next()) * (j % 3 === 2 ? -0.5 : 1));
  return Array.from({ length: m }, (_, i) => Math.round(x.reduce((s, v, j) => s + v * cells[i * k + j]!, 0)));
}

/** A vector for an open loop to multiply. */
export function drawnVector(k: number, seed: number): number[] {
  const next = uniform(seed + 2e6);
  return Array.from({ length: k }, () => Math.round(20 + 80 * next()));
}
