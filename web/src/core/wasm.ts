/** The compiled kernels: arrays in, arrays out, as `mho.kernels` has them. */

type Pointer = number;

interface Exports {
  memory: WebAssembly.Memory;
  alloc(bytes: number): Pointer;
  release(p: Pointer): void;
  lcp_scratch(k: number): number;
  lcp(M: Pointer, k: number, inverse: Pointer, Q: Pointer, n: number, method: number, x: Pointer, failed: Pointer, s: Pointer): void;
  follow_scratch(n: number, q: number): number;
  follow(
    F: Pointer, f: Pointer, z: Pointer, B: Pointer, c: Pointer, n: number, q: number, longest: number, scale: number,
    tolerance: number, end: Pointer, crossed: Pointer, times: Pointer, knots: Pointer, most: number, scratch: Pointer,
  ): number;
  between(times: Pointer, states: Pointer, count: number, n: number, at: Pointer, samples: number, out: Pointer): void;
  sweep_scratch(k: number): number;
  sweep_rows(
    X: Pointer, n: number, m: number, A: Pointer, G: Pointer, offset: Pointer, k: number, answer: Pointer, sweeps: number,
    fit: Pointer, scratch: Pointer,
  ): void;
  sweep_columns(
    X: Pointer, n: number, m: number, A: Pointer, G: Pointer, offset: Pointer, k: number, answer: Pointer, sweeps: number,
    fit: Pointer, scratch: Pointer,
  ): void;
  draw(generator: Pointer, normal: number, count: number, out: Pointer): void;
}

/** How `lcp` may treat its matrix. */
export const SYMMETRIC = 0;
export const GENERAL = 1;

/** How a motion ends. */
export const CROSSED = 0;
export const ENDLESS = 3;

const MOST_KNOTS = 1 << 13;

export interface Motion {
  how: number;
  times: Float64Array<ArrayBuffer>;
  /** For each time the voltages and their first two derivatives. */
  knots: Float64Array<ArrayBuffer>;
  end: Float64Array<ArrayBuffer>;
  crossed: Uint8Array;
}

export class Kernels {
  private constructor(private readonly w: Exports) {}

  static async load(bytes: BufferSource): Promise<Kernels> {
    const none = new Proxy({}, { get: () => () => 0 }); // no files, no clock
    const { instance } = await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: none });
    const exports = instance.exports as unknown as Exports & { _initialize?: () => void };
    exports._initialize?.();
    return new Kernels(exports);
  }

  /** Run `work` with memory that is given back afterwards. */
  private within<T>(work: (take: (bytes: number) => Pointer, put: (a: ArrayLike<number>) => Pointer) => T): T {
    const taken: Pointer[] = [];
    const take = (bytes: number) => {
      const p = this.w.alloc(bytes);
      if (!p) throw new Error("not enough memory for the page: take a smaller problem");
      taken.push(p);
      return p;
    };
    const put = (a: ArrayLike<number>) => {
      const p = take(a.length * 8);
      new Float64Array(this.w.memory.buffer, p, a.length).set(a);
      return p;
    };
    try {
      return work(take, put);
    } finally {
      for (const p of taken) this.w.release(p);
    }
  }

  private numbers(p: Pointer, count: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.w.memory.buffer, p, count).slice();
  }

  private bytes(p: Pointer, count: number): Uint8Array {
    return new Uint8Array(this.w.memory.buffer, p, count).slice();
  }

  /** x >= 0, w = M x - q >= 0, x'w = 0 for each of the n rows q of Q; x by rows, and which of them failed. */
  lcp(M: Float64Array<ArrayBuffer>, k: number, Q: Float64Array<ArrayBuffer>, n: number, method: number, inverse: Float64Array<ArrayBuffer> | null = null) {
    return this.within((take, put) => {
      const [m, q] = [put(M), put(Q)];
      const guess = inverse ? put(inverse) : 0;
      const [x, failed, scratch] = [put(new Float64Array(n * k)), take(n), take(this.w.lcp_scratch(k) * 8)];
      new Uint8Array(this.w.memory.buffer, failed, n).fill(0);
      this.w.lcp(m, k, guess, q, n, method, x, failed, scratch);
      return { x: this.numbers(x, n * k), failed: this.bytes(failed, n) };
    });
  }

  /** dz/dt = F z + f from z on, until one of the q signals B z + c is above zero. */
  follow(
    F: Float64Array<ArrayBuffer>, f: Float64Array<ArrayBuffer>, z: Float64Array<ArrayBuffer>, B: Float64Array<ArrayBuffer>, c: Float64Array<ArrayBuffer>, longest: number, scale: number,
    tolerance: number,
  ): Motion {
    const [n, q] = [f.length, c.length];
    return this.within((take, put) => {
      const given = [F, f, z, B, c].map(put) as [Pointer, Pointer, Pointer, Pointer, Pointer];
      const [end, crossed] = [take(n * 8), take(q)];
      const [times, knots] = [take(MOST_KNOTS * 8), take(MOST_KNOTS * 3 * n * 8)];
      const scratch = take(this.w.follow_scratch(n, q) * 8);
      const said = this.w.follow(...given, n, q, longest, scale, tolerance, end, crossed, times, knots, MOST_KNOTS, scratch);
      const count = said >> 4;
      if (count === MOST_KNOTS) throw new Error("the loop swings for too long to be shown");
      return {
        how: said & 15,
        times: this.numbers(times, count),
        knots: this.numbers(knots, count * 3 * n),
        end: this.numbers(end, n),
        crossed: this.bytes(crossed, q),
      };
    });
  }

  /** The states (samples, n) that a motion's knots give at ascending times. */
  between(times: Float64Array<ArrayBuffer>, knots: Float64Array<ArrayBuffer>, n: number, at: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    return this.within((take, put) => {
      const out = take(at.length * n * 8);
      this.w.between(put(times), put(knots), times.length, n, put(at), at.length, out);
      return this.numbers(out, at.length * n);
    });
  }

  /** Coordinate descent on |A x - b| from `answer` (k, n) on, for the rows (n, m) or the columns (m, n) of X; A' is (k, m). */
  sweep(
    by: "rows" | "columns", X: Float64Array<ArrayBuffer>, n: number, m: number, At: Float64Array<ArrayBuffer>, G: Float64Array<ArrayBuffer>, answer: Float64Array<ArrayBuffer>,
    sweeps: number,
  ) {
    const k = G.length ** 0.5;
    return this.within((take, put) => {
      const given = [X, At, G, new Float64Array(k), answer].map(put);
      const [x, a, g, offset, out] = given as [number, number, number, number, number];
      const [fit, scratch] = [take(n * 8), take(this.w.sweep_scratch(k) * 8)];
      this.w[`sweep_${by}`](x, n, m, a, g, offset, k, out, sweeps, fit, scratch);
      return { answer: this.numbers(out, k * n), fit: this.numbers(fit, n) };
    });
  }

  /** Random numbers from a generator's state and increment (low and high half each), which moves on in place. */
  draw(generator: BigUint64Array, kind: "normal" | "uniform", count: number): Float64Array<ArrayBuffer> {
    return this.within((take) => {
      const [g, out] = [take(32), take(count * 8)];
      new BigUint64Array(this.w.memory.buffer, g, 4).set(generator);
      this.w.draw(g, kind === "normal" ? 1 : 0, count, out);
      generator.set(new BigUint64Array(this.w.memory.buffer, g, 4));
      return this.numbers(out, count);
    });
  }
}
