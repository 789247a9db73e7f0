import { describe, expect, it } from "vitest";
import { csv, svg, ticks } from "../src/exports";
import { ownPicture, readTable, tableOfRatings } from "../src/readers";
import { choice, fromAddress, list, number, starting, toAddress, viewOf, VIEWS } from "../src/state";
import { axisScale, duration, plain, quantity } from "../src/units";

const fields = { a: number(1, 0, 10), b: choice(["x", "y z"]), c: list(-5, 5) };

describe("addresses", () => {
  it("come back as they went", () => {
    for (const state of [starting(fields), { a: 2.5e-3, b: "y z", c: [1, -2, 5] }, { a: 10, b: "x", c: [] }])
      expect(fromAddress(fields, toAddress("bench", fields, state))).toEqual({ state, problems: [] });
  });
  it("keep what can be kept of a broken one", () => {
    const { state, problems } = fromAddress(fields, "#bench?a=11&b=y%20z&c=1.2.9&d=1&=&a");
    expect(state).toEqual({ a: 1, b: "y z", c: [] });
    expect(problems).toHaveLength(5);
  });
  it("name a view, or the first", () => {
    expect(["#cost?x=1", "", "#nothing"].map((address) => viewOf(address, VIEWS))).toEqual(["cost", "bench", "bench"]);
  });
});

describe("numbers", () => {
  it("have three digits and a prefix", () => {
    expect(quantity(1.2649e-6, "s")).toBe("1.26 µs");
    expect(quantity(0, "V")).toBe("0 V");
    expect(quantity(-0.0999, "V")).toBe("-99.9 mV");
    expect(quantity(1e3 * 0.99996, "Hz")).toBe("1 kHz");
    expect(plain(1234567)).toBe("1.23e+6");
    expect(duration(86400 * 3)).toBe("3 days");
  });
  it("share an axis's scale", () => {
    expect(axisScale(3e-7, "s")).toEqual([1 / 1e-9, "ns"]);
    expect(ticks(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
  });
});

describe("tables", () => {
  it("are read with or without names, and written so that they can be read", () => {
    expect(readTable("1,2\n3,4\n", "f")).toEqual([[1, 2], [3, 4]]);
    expect(readTable("a;b\n1;2\n", "f")).toEqual([[1, 2]]);
    expect(readTable("1 2\n3 4", "f")).toEqual([[1, 2], [3, 4]]);
    expect(csv(["a, b", 'c"'], [[1, null]])).toBe('"a, b","c"""\n1,\n');
  });
  it("refuse what is no number, by line and column", () => {
    expect(() => readTable("1,2\n3,x", "f")).toThrow("f: line 2, column 2: must be a number, got 'x'");
    expect(() => readTable("1,2\n3,", "f")).toThrow("missing");
    expect(() => readTable("1,2\n3", "f")).toThrow("line 2 has 1 entries");
  });
  it("of ratings become users by items", () => {
    const rows = Array.from({ length: 12 }, (_, i) => [i % 4, i % 3, 1 + (i % 5)]);
    expect(tableOfRatings(rows)?.matrix).toHaveLength(4);
    expect(tableOfRatings([[1, 2, 3]])).toBeNull();
  });
  it("of the page's own picture are from 0 to 1", () => {
    const flat = ownPicture(32).flat();
    expect(flat).toHaveLength(1024);
    expect(Math.min(...flat)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...flat)).toBeLessThanOrEqual(1);
  });
});

describe("figures", () => {
  it("are SVG that says what it shows, hostile names and all", () => {
    const text = svg({ title: "<b>&", xLabel: "t, s", yLabel: "V", lines: [{ label: "x0", x: [0, 1], y: [0, 1], colour: "red" }] });
    expect(text).toContain("&lt;b&gt;&amp;");
    expect(text).toContain("t, s");
    expect(text).not.toContain("NaN");
  });
});
