// Non-negative least squares by Lawson and Hanson's active set, on the normal equations.

/** Minimise x'Hx/2 - g'x over x >= 0, H (n x n, positive definite, row after row). Returns x and its positive set. */
export function nnls(H, g) {
  const n = g.length;
  const x = new Float64Array(n);
  const free = new Set();
  const limit = 1e-12 * g.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let round = 0; round < 10 * n; round++) {
    const entering = steepest(H, g, x, free, limit);
    if (entering < 0) break;
    free.add(entering);
    descend(H, g, x, free);
  }
  return { x, free: [...free].sort((a, b) => a - b) };
}

/** Which of the fixed unknowns lowers the error fastest; -1 if none does. */
function steepest(H, g, x, free, limit) {
  let best = -1;
  let most = limit;
  for (let i = 0; i < g.length; i++) {
    if (free.has(i)) continue;
    let slope = g[i];
    for (const j of free) slope -= H[i * g.length + j] * x[j];
    if (slope > most) [best, most] = [i, slope];
  }
  return best;
}

/** Move x to the minimum over the free unknowns, and fix those that reach zero on the way. */
function descend(H, g, x, free) {
  while (free.size > 0) {
    const set = [...free].sort((a, b) => a - b);
    const goal = solve(H, g.length, set, set.map((i) => g[i]));
    let step = 1;
    set.forEach((i, a) => {
      if (goal[a] <= 0) step = Math.min(step, x[i] / (x[i] - goal[a]));
    });
    set.forEach((i, a) => {
      x[i] += step * (goal[a] - x[i]);
      if (goal[a] <= 0 && x[i] <= 1e-14) {
        x[i] = 0;
        free.delete(i);
      }
    });
    if (step === 1) return;
  }
}

/** Solve for the unknowns in `set` alone, by Cholesky's factorisation of their part of H. */
export function solve(H, n, set, b) {
  const m = set.length;
  const L = new Float64Array(m * m);
  const y = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = H[set[i] * n + set[j]];
      for (let p = 0; p < j; p++) sum -= L[i * m + p] * L[j * m + p];
      L[i * m + j] = i === j ? Math.sqrt(sum) : sum / L[j * m + j];
    }
    let rest = b[i];
    for (let p = 0; p < i; p++) rest -= L[i * m + p] * y[p];
    y[i] = rest / L[i * m + i];
  }
  for (let i = m - 1; i >= 0; i--) {
    for (let p = i + 1; p < m; p++) y[i] -= L[p * m + i] * y[p];
    y[i] /= L[i * m + i];
  }
  return y;
}
