/** Memory of compiled kernels, lent for as long as some work takes. */

export type Pointer = number;

export interface MemoryExports {
  memory: WebAssembly.Memory;
  alloc(bytes: number): Pointer;
  release(p: Pointer): void;
}

type Numbers = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array | BigUint64Array;

/** A module's exports; it asks the system for nothing: no files, no clock. */
export async function instantiated<E extends MemoryExports>(module: BufferSource | WebAssembly.Module): Promise<E> {
  const none = new Proxy({}, { get: () => () => 0 });
  const compiled = module instanceof WebAssembly.Module ? module : await WebAssembly.compile(module);
  const { exports } = await WebAssembly.instantiate(compiled, { wasi_snapshot_preview1: none });
  const made = exports as unknown as E & { _initialize?: () => void };
  made._initialize?.();
  return made;
}

export class Lent {
  private readonly taken: Pointer[] = [];

  constructor(private readonly w: MemoryExports) {}

  take(bytes: number): Pointer {
    const p = this.w.alloc(Math.max(bytes, 1));
    if (!p) throw new Error("not enough memory for the page: take a smaller picture");
    this.taken.push(p);
    return p;
  }

  put(a: Numbers): Pointer {
    const p = this.take(a.byteLength);
    new Uint8Array(this.w.memory.buffer, p, a.byteLength).set(new Uint8Array(a.buffer, a.byteOffset, a.byteLength));
    return p;
  }

  bytes(p: Pointer, count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.w.memory.buffer, p, count).slice() as Uint8Array<ArrayBuffer>;
  }

  floats(p: Pointer, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.w.memory.buffer, p, count).slice() as Float32Array<ArrayBuffer>;
  }

  end(): void {
    for (const p of this.taken) this.w.release(p);
  }
}

/** Run `work` with memory that is given back afterwards. */
export function lending<T>(w: MemoryExports, work: (memory: Lent) => T): T {
  const memory = new Lent(w);
  try {
    return work(memory);
  } finally {
    memory.end();
  }
}
