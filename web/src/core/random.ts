/** NumPy's `default_rng`: SeedSequence here, PCG64 and the normal numbers in the compiled kernels. */

/** Compiled kernels that draw: see `Kernels.draw`. */
export interface Draws {
  draw(generator: BigUint64Array, kind: "normal" | "uniform", count: number): Float64Array<ArrayBuffer>;
}

const POOL = 4;

function hashed(start: number, factor: number) {
  let constant = start;
  return (value: number) => {
    let v = (value ^ constant) >>> 0;
    constant = Math.imul(constant, factor) >>> 0;
    v = Math.imul(v, constant) >>> 0;
    return (v ^ (v >>> 16)) >>> 0;
  };
}

function mixed(x: number, y: number): number {
  const r = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
  return (r ^ (r >>> 16)) >>> 0;
}

function words(value: bigint): number[] {
  const out = [Number(value & 0xffffffffn)];
  for (let rest = value >> 32n; rest > 0n; rest >>= 32n) out.push(Number(rest & 0xffffffffn));
  return out;
}

/** A seed that many independent generators can be grown from. */
export class SeedSequence {
  private spawned = 0;

  constructor(
    private readonly entropy: readonly bigint[],
    private readonly key: readonly number[] = [],
  ) {}

  spawn(): SeedSequence {
    return new SeedSequence(this.entropy, [...this.key, this.spawned++]);
  }

  /** `count` words of 64 bits. */
  state(count: number): BigUint64Array {
    const pool = this.pool();
    const next = hashed(0x8b51f9dd, 0x58f38ded);
    const out = new Uint32Array(2 * count);
    for (let i = 0; i < out.length; i++) out[i] = next(pool[i % POOL]!);
    return new BigUint64Array(out.buffer);
  }

  private pool(): number[] {
    const given = this.entropy.flatMap(words);
    if (this.key.length) while (given.length < POOL) given.push(0);
    given.push(...this.key);
    const next = hashed(0x43b0d7e5, 0x931e8875);
    const pool = Array.from({ length: POOL }, (_, i) => next(given[i] ?? 0));
    for (let from = 0; from < POOL; from++)
      for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mixed(pool[to]!, next(pool[from]!));
    for (let from = POOL; from < given.length; from++)
      for (let to = 0; to < POOL; to++) pool[to] = mixed(pool[to]!, next(given[from]!));
    return pool;
  }
}

const WHOLE = (1n << 128n) - 1n;
const STEP = (2549297995355413924n << 64n) + 4865540595714422341n;

/** Normal and uniform numbers, in NumPy's order. */
export class Generator {
  private readonly state: BigUint64Array;

  constructor(
    private readonly kernels: Draws,
    private readonly seeds: SeedSequence,
  ) {
    const [a, b, c, d] = seeds.state(4) as unknown as [bigint, bigint, bigint, bigint];
    const increment = ((((c << 64n) | d) << 1n) | 1n) & WHOLE;
    const state = ((increment + ((a << 64n) | b)) * STEP + increment) & WHOLE;
    const low = (1n << 64n) - 1n;
    this.state = new BigUint64Array([state & low, state >> 64n, increment & low, increment >> 64n]);
  }

  static of(kernels: Draws, ...seed: (number | bigint)[]): Generator {
    return new Generator(kernels, new SeedSequence(seed.map(BigInt)));
  }

  normal(count: number): Float64Array<ArrayBuffer> {
    return this.kernels.draw(this.state, "normal", count);
  }

  uniform(count: number): Float64Array<ArrayBuffer> {
    return this.kernels.draw(this.state, "uniform", count);
  }

  /** A generator of its own, which none of this one's numbers are taken for. */
  spawn(): Generator {
    return new Generator(this.kernels, this.seeds.spawn());
  }

  /** A whole number of 63 bits, as `integers(1 << 63)` draws it. */
  integer63(): bigint {
    const copy = this.state.slice();
    this.kernels.draw(this.state, "uniform", 1);
    const after = (((((copy[1]! << 64n) | copy[0]!) * STEP) & WHOLE) + ((copy[3]! << 64n) | copy[2]!)) & WHOLE;
    const low = (1n << 64n) - 1n;
    const value = (after >> 64n) ^ (after & low);
    const turn = after >> 122n;
    const out = ((value >> turn) | (value << ((64n - turn) & 63n))) & low;
    return out >> 1n;
  }
}
