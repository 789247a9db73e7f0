import { describe, expect, it } from "vitest";
import { boxOf, gaussian, nearestKnown, smooth } from "../src/core/fill";
import { crc32 } from "../src/core/crc";
import { inflate, unpack } from "../src/core/mho_file";
import { estimateNoise, meansOf, poissonCounts, restored, rint, stabilised } from "../src/core/noise";
import { interleaved, pngOf } from "../src/core/png";
import { mark } from "../src/pictures/paint";

describe("files", () => {
  it("have the checksum of zip and PNG", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });
  it("that are none, or end too early, are a sentence", () => {
    expect(() => unpack(new Uint8Array(3))).toThrow("not a .mho picture");
    const cut = Uint8Array.from([0x8b, 0x4d, 0x48, 0x4f, 2, ...new Array(27).fill(0), 255, 255, 255, 255, 9]);
    const body = new Uint8Array([...cut, 0, 0, 0, 0]);
    new DataView(body.buffer).setUint32(cut.length, crc32(cut), true);
    expect(() => unpack(body)).toThrow("damaged");
  });
  it("inflate to what is asked for and no further", async () => {
    const stream = new Blob([new Uint8Array(1e6)]).stream().pipeThrough(new CompressionStream("deflate"));
    const bomb = new Uint8Array(await new Response(stream).arrayBuffer());
    expect((await inflate(bomb, 100)).length).toBe(100);
    await expect(inflate(bomb, 1e6 + 1)).rejects.toThrow("too short");
    await expect(inflate(Uint8Array.from([1, 2, 3]), 9)).rejects.toThrow("cannot be inflated");
  });
  it("of PNG say their size", async () => {
    const alpha = Uint8Array.from([0, 128]);
    const png = await pngOf({ m: 1, n: 2, planes: 1, pixels: Uint8Array.from([3, 4]), alpha });
    expect([...png.subarray(16, 26)]).toEqual([0, 0, 0, 2, 0, 0, 0, 1, 8, 4]);
    expect([...interleaved({ m: 1, n: 2, planes: 1, pixels: Uint8Array.from([3, 4]), alpha }).samples]).toEqual([3, 0, 4, 128]);
  });
});

/** Normal numbers from uniform ones (Box and Muller 1958), the same at each run. */
function* normals(seed: number) {
  let s = seed;
  const uniform = () => (s = (s * 48271) % 2147483647) / 2147483647;
  for (;;) {
    const [size, turn] = [Math.sqrt(-2 * Math.log(uniform())), 2 * Math.PI * uniform()];
    yield size * Math.cos(turn);
    yield size * Math.sin(turn);
  }
}

describe("noise", () => {
  it("is rounded to even", () => {
    expect([0.5, 1.5, 2.5, -1.5, 2.4999].map(rint)).toEqual([0, 2, 2, -2, 2]);
  });
  it("of photons has the quantiles of a Poisson distribution", () => {
    const mean = 3;
    let [k, sum, p] = [0, Math.exp(-mean), Math.exp(-mean)];
    const expected = Array.from({ length: 64 }, (_, i) => {
      while (sum < (i + 0.5) / 64) sum += p *= mean / ++k;
      return k;
    });
    expect(poissonCounts(mean)).toEqual(expected);
    expect(poissonCounts(1e-9).every((count) => count === 0)).toBe(true);
    const many = poissonCounts(4e5); // as a normal distribution has them
    expect(Math.abs((many[10]! + many[53]!) / 2 - 4e5)).toBeLessThan(3);
  });
  it("leaves no bias where nothing is clipped", () => {
    for (const noise of [{ gain: 0, sigma: 7 }, { gain: 2, sigma: 5 }]) {
      const table = meansOf(noise);
      const [random, level] = [normals(9), 120];
      let sum = 0;
      const count = 40000;
      for (let i = 0; i < count; i++) sum += stabilised(noise, level + Math.sqrt(noise.gain * level + noise.sigma ** 2) * random.next().value!);
      expect(Math.abs(restored(table, sum / count) - level)).toBeLessThan(0.3);
    }
  });
  it("is found in a slope with known noise", () => {
    const [m, n, sigma] = [96, 128, 6];
    const random = normals(4);
    const pixels = Uint8Array.from({ length: m * n }, (_, e) => Math.round(60 + (e % n) + sigma * random.next().value!));
    const found = estimateNoise(pixels, m, n, 1);
    expect(Math.sqrt(found.gain * 120 + found.sigma ** 2)).toBeGreaterThan(0.85 * sigma);
    expect(Math.sqrt(found.gain * 120 + found.sigma ** 2)).toBeLessThan(1.15 * sigma);
    expect(() => estimateNoise(new Uint8Array(9), 3, 3, 1)).toThrow("at least 32 x 32");
    expect(() => estimateNoise(new Uint8Array(4096), 64, 64, 1)).toThrow("neither black nor white");
  });
});

describe("lost pixels", () => {
  const [m, n] = [20, 30];
  const mask = new Uint8Array(m * n);
  mark(mask, m, n, 9, 12, 9);
  it("are a disc where the brush was", () => {
    expect(mask[9 * n + 12]).toBe(1);
    expect(mask[9 * n + 16]! + mask[13 * n + 12]!).toBe(2);
    expect(mask[9 * n + 17]! + mask[13 * n + 16]!).toBe(0);
  });
  it("have the nearest known pixel within half a pixel of the nearest", () => {
    const nearest = nearestKnown(mask, m, n);
    for (let e = 0; e < m * n; e++) {
      const far = (from: number) => Math.hypot(Math.floor(from / n) - Math.floor(e / n), (from % n) - (e % n));
      const best = Math.min(...[...mask.keys()].filter((k) => !mask[k]).map(far));
      expect(mask[nearest[e]!]).toBe(0);
      expect(far(nearest[e]!)).toBeLessThan(best + 0.5);
    }
  });
  it("in a slope become the slope", () => {
    const slope = Float64Array.from({ length: m * n }, (_, e) => 3 * Math.floor(e / n) + 2 * (e % n));
    const found = smooth(slope, mask, m, n);
    for (let e = 0; e < m * n; e++) expect(Math.abs(found[e]! - slope[e]!)).toBeLessThan(mask[e] ? 1.5 : 1e-9);
  });
  it("lie in a box on the groups' grid", () => {
    expect(boxOf(mask, m, n)).toEqual({ top: 0, left: 0, m, n });
    const wide = new Uint8Array(400 * 500);
    mark(wide, 400, 500, 300, 400, 5);
    const box = boxOf(wide, 400, 500);
    expect([box.top % 24, box.left % 24, box.top <= 178, box.top + box.m]).toEqual([0, 0, true, 400]);
    expect(() => boxOf(new Uint8Array(4), 2, 2)).toThrow("paint over");
  });
  it("are spread by a filter that keeps sums", () => {
    const one = new Float64Array(15 * 17);
    one[3 * 17 + 1] = 1;
    expect(gaussian(one, 15, 17, 2).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});
