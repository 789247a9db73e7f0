/** The transient from zero, exactly, from one clamp event to the next: `mho.circuits.transient`. */

import { diode, restVolts, type LoopEquations } from "./equations";
import { largest, solve, zeros, type Matrix } from "./linear";
import { CROSSED, ENDLESS, type Kernels, type Motion } from "./wasm";

const NOISE = 1e-10;
const TOLERANCE = 1e-9;
const RAIL = 100;
const EVENTS_PER_OPAMP = 50;
const COPIES = "a smaller programming error or fewer columns would help";

const SECOND = "as it does where the second pole is too near the bandwidth for this circuit; a faster one would help";

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
  /** Of the poles z; where there are second poles, of z and the outputs u that follow them. */
  readonly F: Matrix;
  readonly f: Matrix;
  /** From all that moves to the voltage between the inputs (n, width). */
  private readonly path: Matrix;
  private readonly v0: Matrix;
  private readonly width: number;

  constructor(
    private readonly d: LoopEquations,
    private readonly N: Matrix,
    private readonly vRest: Matrix,
    readonly limits: Limits,
  ) {
    const { n } = d;
    const two = d.opamp.second_pole !== null;
    const width = (this.width = two ? 2 * n : n);
    const rate = 2 * Math.PI * d.opamp.bandwidth;
    const [low, high, falling, rising] = limits;
    const top = d.opamp.v_max ?? Infinity;
    const ends = Float64Array.from({ length: n }, (_, j) => (high[j] ? top : low[j] ? lowest(d, j) : 0));
    this.path = zeros(n, width);
    this.v0 = vRest.slice();
    this.F = zeros(width, width);
    this.f = zeros(width);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const [shown, through] = [d.coupling[i * n + j]!, N[i * n + j]!];
        this.path[i * width + j] = high[j] ? 0 : low[j] ? through : two ? 0 : shown;
        if (two) this.path[i * width + n + j] = shown;
        else this.v0[i]! -= shown * ends[j]!;
      }
      const slews = falling[i] || rising[i];
      for (let j = 0; j < width && !slews; j++) this.F[i * width + j] = -rate * this.path[i * width + j]!;
      this.f[i] = slews ? (rising[i] ? 1 : -1) * (d.opamp.slew_rate ?? Infinity) : rate * this.v0[i]!;
      const soft = d.positive[i] && d.opamp.clamp === "rectifying" ? 0 : RAIL;
      const stiff = rate * (soft * low[i]! + RAIL * high[i]!);
      this.F[i * (width + 1)]! -= rate / d.opamp.gain + stiff;
      if (stiff) this.f[i]! += stiff * ends[i]!;
    }
    if (two) this.follow(2 * Math.PI * d.opamp.second_pole!, ends);
  }

  /** The outputs u follow the poles within their limits, and the limits beyond. */
  private follow(second: number, ends: Matrix): void {
    const { width } = this;
    const n = width / 2;
    const [low, high] = this.limits;
    for (let i = 0; i < n; i++) {
      if (!low[i] && !high[i]) this.F[(n + i) * width + i] = second;
      this.F[(n + i) * (width + 1)] = -second;
      this.f[n + i] = second * ends[i]!;
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
    const { d, path, v0, width } = this;
    const { n } = d;
    const kinds = this.kinds();
    const [B, c] = [zeros(kinds.length * n, width), zeros(kinds.length * n)];
    const noise = NOISE * largest(this.vRest);
    const vSlew = (d.opamp.slew_rate ?? 0) / (2 * Math.PI * d.opamp.bandwidth);
    kinds.forEach((kind, row) => {
      for (let i = 0; i < n; i++) {
        const sign = 1 - 2 * this.limits[kind as 0]![i]!;
        const at = (row * n + i) * width;
        if (kind < 2) B[at + i] = sign * (kind ? 1 : -1);
        else for (let j = 0; j < width; j++) B[at + j] = sign * (kind === 2 ? 1 : -1) * path[i * width + j]!;
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
    return solve(this.F, this.f, this.width, 1).map((v) => -v);
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

  /** Numbers that move: the poles' voltages, and with second poles what follows them. */
  private get width(): number {
    return this.d.opamp.second_pole === null ? this.d.n : 2 * this.d.n;
  }

  /** Which op-amps hold the answer. */
  private get shown(): number[] {
    return Array.from({ length: this.d.outputs }, (_, i) => this.d.n - this.d.outputs + i);
  }

  private clipped(v: number, i: number): number {
    const top = this.d.opamp.v_max ?? Infinity;
    return Math.min(Math.max(v, this.d.positive[i] ? 0 : -top), top);
  }

  /** Outputs that hold the answer, one array of samples for each. */
  outputs(at: Float64Array<ArrayBuffer>): Float64Array[] {
    const { width } = this;
    const Z = this.kernels.between(this.times, this.knots, width, at);
    const skip = width - this.d.n;
    return this.shown.map((i) => Float64Array.from(at, (_, t) => this.clipped(Z[t * width + skip + i]!, i)));
  }

  rest(): Float64Array<ArrayBuffer> {
    const z = this.last.rest();
    return Float64Array.from(this.shown, (i) => this.clipped(z[this.width - this.d.n + i]!, i));
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
    const [before, after] = [looks[far]!, looks[Math.min(far + 1, looks.length - 1)]!];
    return root((t) => excess(Float64Array.of(t))[0]!, before, after);
  }
}

const SECONDS = 2e-12;

/** A zero between two places where `f` has different signs, by Brent's method; `b` where it has not. */
function root(f: (x: number) => number, a: number, b: number): number {
  let [xOld, x, xOther] = [a, b, a];
  let [fOld, fx, fOther] = [f(a), f(b), 0];
  let [stepOld, step] = [0, 0];
  if (fx >= 0) return b;
  for (let round = 0; round < 100; round++) {
    if (fOld !== 0 && fx !== 0 && fOld < 0 !== fx < 0) {
      [xOther, fOther] = [xOld, fOld];
      stepOld = step = x - xOld;
    }
    if (Math.abs(fOther) < Math.abs(fx)) {
      [xOld, x, xOther] = [x, xOther, x];
      [fOld, fx, fOther] = [fx, fOther, fx];
    }
    const delta = (SECONDS + 4 * Number.EPSILON * Math.abs(x)) / 2;
    const half = (xOther - x) / 2;
    if (fx === 0 || Math.abs(half) < delta) return x;
    let wanted = Infinity;
    if (Math.abs(stepOld) > delta && Math.abs(fx) < Math.abs(fOld)) {
      const [slope, other] = [(fOld - fx) / (xOld - x), (fOther - fx) / (xOther - x)];
      wanted = xOld === xOther ? (-fx * (x - xOld)) / (fx - fOld) : (-fx * (fOther * other - fOld * slope)) / (other * slope * (fOther - fOld));
    }
    const good = 2 * Math.abs(wanted) < Math.min(Math.abs(stepOld), 3 * Math.abs(half) - delta);
    [stepOld, step] = good ? [step, wanted] : [half, half];
    [xOld, fOld] = [x, fx];
    x += Math.abs(step) > delta ? step : half > 0 ? delta : -delta;
    fx = f(x);
  }
  return x;
}

/** Follow a loop from all op-amps at zero until it rests. */
export function transient(kernels: Kernels, d: LoopEquations, volts: ArrayLike<number>): Waveform {
  const vRest = restVolts(d, volts);
  let regime = Regime.first(d, vRest);
  const why = d.opamp.second_pole === null ? `because its two arrays differ too much; ${COPIES}` : SECOND;
  let z = zeros(regime.f.length);
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
      throw new Error(`the loop does not settle: it runs away or swings for ever, ${why}`);
    if (piece.how !== CROSSED) break;
    if (round > EVENTS_PER_OPAMP * d.n + EVENTS_PER_OPAMP)
      throw new Error(`the loop does not settle: it still swings between its limits after ${round} events, ${why}`);
    events.push(...regime.events(piece.crossed, now));
    regime = regime.after(piece.crossed);
  }
  const states = new Float64Array(knots.reduce((s, k) => s + k.length, 0));
  let at = 0;
  for (const k of knots) (states.set(k, at), (at += k.length));
  return new Waveform(kernels, d, Float64Array.from(times), states, regime, events);
}
