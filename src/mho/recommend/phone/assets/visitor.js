// A visitor: folded in by one non-negative least-squares problem with the items as they are.
import { nnls, solve } from "./nnls.js";

/** Fold in what a visitor gave: a Map from item to stars (ratings) or to 1 (choices). */
export function foldIn(catalogue, given) {
  const pose = catalogue.rule.kind === "ratings" ? ratings : choices;
  const problem = pose(catalogue, given);
  const { x, free } = nnls(problem.H, problem.g);
  return { ...problem, x, free, catalogue, given };
}

/** The `most` best items that the visitor has not named, best first: [{item, score}]; ratings, within their range. */
export function recommend(visitor, most) {
  const { catalogue, given, x } = visitor;
  const { rule } = catalogue;
  const best = largest(withNeighbours(catalogue, given, visitor.weights(x)), given, most);
  if (rule.kind === "choices") return best;
  const score = (row) => visitor.design(row).reduce((sum, value, f) => sum + x[f] * value, row[0]);
  const rating = (item) => rule.zero + rule.unit * score(catalogue.row(item));
  const stars = (item) => Math.min(rule.highest, Math.max(rule.lowest, rating(item)));
  return best.map(({ item }) => ({ item, score: stars(item) })); // popularity orders items and is no part of a rating
}

function withNeighbours(catalogue, given, weights) {
  const scores = catalogue.scores(weights);
  for (const item of catalogue.neighbours ? given.keys() : [])
    catalogue.neighbours.each(item, (target, weight) => { scores[target] += weight; });
  return scores;
}

/**
 * What in the visitor's own list speaks for an item, strongest first: [{item, share}].
 * With H of the positive unknowns alone, the score is linear in what was given: each gives row' inverse(H) row_j pull_j.
 */
export function because(visitor, item) {
  const { H, g, free, rows } = visitor;
  const row = visitor.design(visitor.catalogue.row(item));
  const z = solve(H, g.length, free, free.map((f) => row[f]));
  const shares = [];
  rows.forEach(({ a, target }, other) => {
    const inner = free.reduce((sum, f, i) => sum + z[i] * a[f], 0);
    let share = inner * visitor.pull(a, target, free);
    visitor.catalogue.neighbours?.each(other, (spokenFor, weight) => { if (spokenFor === item) share += weight; });
    shares.push({ item: other, share });
  });
  return shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
}

/** Ratings: only what was rated takes part; a ridge pulls to the prior. */
function ratings(catalogue, given) {
  const { unit, zero, l2, prior } = catalogue.rule;
  const design = (row) => Float64Array.from(l2, (_, f) => (f === 0 ? 1 : row[f])); // a number after these only orders
  const H = diagonal(l2);
  const g = Float64Array.from(l2, (strength, f) => strength * prior[f]);
  const rows = new Map();
  for (const [item, stars] of given) {
    const row = catalogue.row(item);
    const [a, target] = [design(row), (stars - zero) / unit - row[0]];
    add(H, g, a, 1, target);
    rows.set(item, { a, target });
  }
  const weights = (x) => Float64Array.of(1, ...x.subarray(1), 1).subarray(0, catalogue.width);
  const pull = (a, target, free) => free.reduce((rest, f) => rest - a[f] * prior[f], target);
  return { H, g, rows, design, weights, pull };
}

/** Choices: every item takes part, with a target of 0, those that were chosen with 1 and more weight. */
function choices(catalogue, given) {
  const { confidence, l2, share, starts } = catalogue.rule;
  const width = catalogue.width - 1;
  const gram = catalogue.gram();
  const H = Float64Array.from({ length: width * width }, (_, at) =>
    gram[(Math.floor(at / width) + 1) * (width + 1) + (at % width) + 1]);
  const g = new Float64Array(width);
  const design = (row) => row.subarray(1); // the offset is popularity's: no visitor's factors explain it
  const rows = new Map();
  for (const item of given.keys()) {
    const a = design(catalogue.row(item));
    add(H, g, a, confidence, (1 + confidence) / confidence);
    rows.set(item, { a, target: 1 });
  }
  const start = startOf(width, starts);
  for (let at = 0; at < H.length; at++) {
    const [f, h] = [Math.floor(at / width), at % width];
    H[at] = (start(f) === start(h) ? starts * H[at] : 0) + (f === h ? l2 : 0);
  }
  const weights = (x) => Float64Array.of(1, ...x.map((value) => share * value));
  return { H, g, rows, design, weights, pull: () => share * (1 + confidence) };
}

/** Which of so many starts a column belongs to: the first ones have one more where they cannot all have as many. */
function startOf(width, starts) {
  const [each, more] = [Math.floor(width / starts), width % starts];
  return (f) => Math.floor(f < more * (each + 1) ? f / (each + 1) : (f - more) / each);
}

function diagonal(values) {
  const H = new Float64Array(values.length ** 2);
  values.forEach((value, f) => { H[f * values.length + f] = value; });
  return H;
}

/** Add weight (a . x - target)^2 to the normal equations. */
function add(H, g, a, weight, target) {
  const n = a.length;
  for (let f = 0; f < n; f++) {
    g[f] += weight * target * a[f];
    for (let h = 0; h < n; h++) H[f * n + h] += weight * a[f] * a[h];
  }
}

/** The largest scores of items not in `given`; of equal scores the earlier item first. */
function largest(scores, given, most) {
  const best = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    if (best.length === most && score <= best[most - 1].score) continue;
    if (given.has(item)) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].score < score) at--;
    best.splice(at, 0, { item, score });
    if (best.length > most) best.pop();
  }
  return best;
}
