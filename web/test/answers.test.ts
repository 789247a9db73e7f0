import { describe, expect, it } from "vitest";
import data from "../src/data/cost.json";
import { answers, over, type AnswersRequest } from "../src/core/answers";
import { total, type CostData } from "../src/core/cost";

const DATA = data as unknown as CostData;
const ASKED: AnswersRequest = {
  use: "vibration", technology: "40nm", numbers: {}, write: "row", ports: null, cells: "cmo-hfox",
  answers_per_day: 1e5, watt_hours: 15, fleet_per_day: 1e9, pue: 1.3,
};

describe("the bill of a use", () => {
  it("halves the rewrites of an answer, and nothing else, where twice as many are asked for", () => {
    const [once, twice] = [1e5, 2e5].map((n) => answers(DATA, { ...ASKED, answers_per_day: n }));
    for (const [i, part] of once!.parts.entries())
      expect(twice!.parts[i]!.joules[1]).toBeCloseTo((part.writing ? 0.5 : 1) * part.joules[1], 18);
    expect(once!.parts.some((p) => p.writing)).toBe(true);
  });

  it("takes as much of a battery as a day's answers do", () => {
    const found = answers(DATA, ASKED);
    const [chip] = found.batteries;
    expect(chip!.share[1]).toBeCloseTo((1e5 * total(found.parts, "joules")[1]) / 54000, 12);
    expect(chip!.hours[1]).toBeCloseTo(24 / chip!.share[1], 0);
  });

  it("needs chips and power in proportion to the fleet's answers, and PUE once", () => {
    const [one, many] = [1, 2].map((pue) => answers(DATA, { ...ASKED, fleet_per_day: 1e15, pue }).fleets[0]!);
    expect(many!.watts[1]).toBeCloseTo(2 * one!.watts[1], 6);
    expect(one!.machines).toBe(Math.ceil(1e15 / answers(DATA, ASKED).most_per_day));
  });

  it("refuses what cannot be, in a sentence", () => {
    expect(() => answers(DATA, { ...ASKED, answers_per_day: 1e15 })).toThrow("share the answers between more chips");
    expect(() => answers(DATA, { ...ASKED, cells: "none" })).toThrow("cells must be one of");
    expect(() => answers(DATA, { ...ASKED, watt_hours: NaN })).toThrow("watt_hours must be finite");
  });

  it("divides ends crosswise", () => {
    expect(over([1, 2, 3], [1, 2, 4])).toEqual([0.25, 1, 3]);
    expect(over([0, 0, 1], [0, 1, 1])).toEqual([0, 0, Infinity]);
  });
});
