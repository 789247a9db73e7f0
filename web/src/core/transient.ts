/** The transient from zero, exactly, from one clamp event to the next: `mho.circuits.transient`. */

import { diode, restVolts, type LoopEquations } from "./equations";
import { largest, solve, zeros, type Matrix } from "./linear";
import { CROSSED, ENDLESS, type Kernels, type Motion } from "./wasm";

const NOISE = 1e-10;
const TOLERANCE = 1e-9;
const RAIL = 100;
const EVENTS_PER_OPAMP = 50;
const COPIES = "a smaller programming error or fewer columns would help";

/** Limits that each op-amp is at: lower and upper end of its output, falling and rising as fast as it can. */
type Limits = [low: Uint8Array, high: Uint8Array, falling: Uint8Array, rising: Uint8Array];

export interface ClampEvent {
  time: number;
  opamp: number;
  what: "clamps" | "leaves its clamp" | "meets its rail" | "leaves its rail" | "slews" | "stops slewing";
}

const WORDS: [ClampEvent["what"], ClampEvent["what"]][] = [
  ["clamps", "leaves its clamp"],
  ["meets its rail", "leaves its rail"],
  ["slews", "stops slewing"],
  ["slews", "stops slewing"],
];

class Regime {
  readonly F: Matrix;
  readonly f: Matrix;
  private readonly path: Matrix;
  private readonly v0: Matrix;

  constructor(
    private readonly d: LoopEquations,
    private readonly N: Matrix,
    private readonly vRest: Matrix,
    readonly limits: Limits,
  ) {
    const { n } = d;
    const rate = 2 * Math.PI * d.opamp.bandwidth;
    const [low, high, falling, rising] = limits;
    const top = d.opamp.v_max ?? Infinity;
    const ends = Float64Array.from({ length: n }, (_, j) => (high[j] ? top : low[j] ? lowest(d, j) : 0));
    this.path = Float64Array.from(d.coupling, (p, e) => (high[e % n] ? 0 : low[e % n] ? N[e]! : p));
    this.v0 = vRest.slice();
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) this.v0[i]! -= d.coupling[i * n + j]! * ends[j]!;
    this.F = this.path.map((p) => -rate * p);
    this.f = this.v0.map((v) => rate * v);
    for (let i = 0; i < n; i++) {
      if (falling[i] || rising[i]) {
        this.F.fill(0, i * n, (i + 1) * n);
        this.f[i] = (rising[i] ? 1 : -1) * (d.opamp.slew_rate ?? Infinity);
      }
      const soft = d.positive[i] && d.opamp.clamp === "rectifying" ? 0 : RAIL;
      const stiff = rate * (soft * low[i]! + RAIL * high[i]!);
      this.F[i * (n + 1)]! -= rate / d.opamp.gain + stiff;
      if (stiff) this.f[i]! += stiff * ends[i]!;
    }
  }

  static first(d: LoopEquations, vRest: Matrix): Regime {
    const N = diode(d);
    const none: Limits = [new Uint8Array(d.n), new Uint8Array(d.n), new Uint8Array(d.n), new Uint8Array(d.n)];
    const start = new Regime(d, N, vRest, none);
    const { c } = start.beyond();
    const after = start.after(Uint8Array.from(c, (v) => (v > 0 ? 1 : 0)));
    const low = Uint8Array.from({ length: d.n }, (_, i) => (d.positive[i] && after.f[i]! < 0 ? 1 : 0));
    return new Regime(d, N, vRest, [low, after.limits[1], after.limits[2], after.limits[3]]);
  }

  /** Which of the four kinds of limits can be met at all. */
  private kinds(): number[] {
    const slews = this.d.opamp.slew_rate !== null;
    return [0, ...(this.d.opamp.v_max !== null ? [1] : []), ...(slews ? [2, 3] : [])];
  }

  /** B and c: B z + c is how far op-amps are beyond where each kind of limit changes, volts. */
  beyond(): { B: Matrix; c: Matrix } {
    const { d, path, v0 } = this;
    const { n } = d;
    const kinds = this.kinds();
    const [B, c] = [zeros(kinds.length * n, n), zeros(kinds.length * n)];
    const noise = NOISE * largest(this.vRest);
    const vSlew = (d.opamp.slew_rate ?? 0) / (2 * Math.PI * d.opamp.bandwidth);
    kinds.forEach((kind, row) => {
      for (let i = 0; i < n; i++) {
        const sign = 1 - 2 * this.limits[kind as 0]![i]!;
        const at = (row * n + i) * n;
        if (kind < 2) B[at + i] = sign * (kind ? 1 : -1);
        else for (let j = 0; j < n; j++) B[at + j] = sign * (kind === 2 ? 1 : -1) * path[i * n + j]!;
        const offset = [lowest(d, i), -(d.opamp.v_max ?? 0), -v0[i]! - vSlew, v0[i]! - vSlew][kind]!;
        c[row * n + i] = sign * offset - noise;
      }
    });
    return { B, c };
  }

  after(crossed: Uint8Array): Regime {
    const { n } = this.d;
    const limits = this.limits.map((l) => l.slice()) as Limits;
    this.kinds().forEach((kind, row) => {
      for (let i = 0; i < n; i++) limits[kind as 0]![i]! ^= crossed[row * n + i]!;
    });
    return new Regime(this.d, this.N, this.vRest, limits);
  }

  events(crossed: Uint8Array, time: number): ClampEvent[] {
    const { n } = this.d;
    return this.kinds().flatMap((kind, row) =>
      [...crossed.subarray(row * n, (row + 1) * n)].flatMap((met, opamp) =>
        met ? [{ time, opamp, what: WORDS[kind]![this.limits[kind as 0]![opamp]!]! }] : [],
      ),
    );
  }

  run(kernels: Kernels, z: Matrix, longest: number, scale: number): Motion {
    const { B, c } = this.beyond();
    return kernels.follow(this.F, this.f, z, B, c, longest, scale, TOLERANCE);
  }

  /** Where the motion ends if no limit is met. */
  rest(): Matrix {
    return solve(this.F, this.f, this.d.n, 1).map((v) => -v);
  }
}

function lowest(d: LoopEquations, i: number): number {
  return d.positive[i] ? 0 : -(d.opamp.v_max ?? Infinity);
}

export class Waveform {
  constructor(
    private readonly kernels: Kernels,
    private readonly d: LoopEquations,
    private readonly times: Float64Array<ArrayBuffer>,
    private readonly knots: Float64Array<ArrayBuffer>,
    private readonly last: Regime,
    readonly events: ClampEvent[],
  ) {}

  get end(): number {
    return this.times[this.times.length - 1]!;
  }

  /** Which op-amps hold the answer. */
  private get shown(): number[] {
    const all = Array.from({ length: this.d.n }, (_, i) => i);
    return this.d.positive.some(Boolean) ? all.filter((i) => this.d.positive[i]) : all;
  }

  private clipped(v: number, i: number): number {
    const top = this.d.opamp.v_max ?? Infinity;
    return Math.min(Math.max(v, this.d.positive[i] ? 0 : -top), top);
  }

  /** Outputs that hold the answer, one array of samples for each. */
  outputs(at: Float64Array<ArrayBuffer>): Float64Array[] {
    const { n } = this.d;
    const Z = this.kernels.between(this.times, this.knots, n, at);
    return this.shown.map((i) => Float64Array.from(at, (_, t) => this.clipped(Z[t * n + i]!, i)));
  }

  rest(): Float64Array<ArrayBuffer> {
    const z = this.last.rest();
    return Float64Array.from(this.shown, (i) => this.clipped(z[i]!, i));
  }

  /** After it no output is off its rest by more than `tolerance` of the largest one, seconds. */
  settlingTime(tolerance: number): number {
    const rest = this.rest();
    const allowed = tolerance * largest(rest);
    const excess = (at: Float64Array<ArrayBuffer>) => {
      const y = this.outputs(at);
      return Float64Array.from(at, (_, t) => y.reduce((most, one, j) => Math.max(most, Math.abs(one[t]! - rest[j]!)), 0) - allowed);
    };
    const looks: number[] = [];
    for (let p = 0; p + 1 < this.times.length; p++)
      for (let q = 0; q < 4; q++) looks.push(this.times[p]! + ((this.times[p + 1]! - this.times[p]!) * q) / 4);
    looks.push(this.end);
    const off = excess(Float64Array.from(looks));
    const far = off.findLastIndex((v) => v > 0);
    if (far < 0) return 0;
    let [low, high] = [looks[far]!, looks[Math.min(far + 1, looks.length - 1)]!];
    for (let round = 0; round < 40 && high > low; round++) {
      const middle = (low + high) / 2;
      if (excess(Float64Array.of(middle))[0]! > 0) low = middle;
      else high = middle;
    }
    return high;
  }
}

/** Follow a loop from all op-amps at zero until it rests. */
export function transient(kernels: Kernels, d: LoopEquations, volts: ArrayLike<number>): Waveform {
  const vRest = restVolts(d, volts);
  let regime = Regime.first(d, vRest);
  let z = zeros(d.n);
  let [now, scale] = [0, 0];
  const [times, knots, events]: [number[], Float64Array[], ClampEvent[]] = [[], [], []];
  for (let round = 0; ; round++) {
    const piece = regime.run(kernels, z, Infinity, scale);
    for (const t of piece.times) times.push(now + t);
    knots.push(piece.knots);
    now = times[times.length - 1]!;
    z = piece.end;
    scale = Math.max(scale, largest(z));
    if (piece.how === ENDLESS)
      throw new Error(`the loop does not settle: it runs away, because its two arrays differ too much; ${COPIES}`);
    if (piece.how !== CROSSED) break;
    if (round > EVENTS_PER_OPAMP * d.n + EVENTS_PER_OPAMP)
      throw new Error(`the loop does not settle: it still swings between its limits after ${round} events; ${COPIES}`);
    events.push(...regime.events(piece.crossed, now));
    regime = regime.after(piece.crossed);
  }
  const states = new Float64Array(knots.reduce((s, k) => s + k.length, 0));
  let at = 0;
  for (const k of knots) (states.set(k, at), (at += k.length));
  return new Waveform(kernels, d, Float64Array.from(times), states, regime, events);
}
