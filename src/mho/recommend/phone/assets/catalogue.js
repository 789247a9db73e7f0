// The items: their 8-bit rows, their titles, and finding them.
import { Parts, lines } from "./text.js";

/** Fetch and open a packed catalogue. */
export async function load(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error("the catalogue is not there");
  const opened = answer.body.pipeThrough(new DecompressionStream("gzip"));
  return new Catalogue(await new Response(opened).arrayBuffer());
}

export class Catalogue {
  constructor(buffer) {
    const parts = new Parts(buffer);
    const head = JSON.parse(new TextDecoder().decode(parts.bytes(parts.number())));
    Object.assign(this, { steps: head.steps, rule: head.rule, known: head.known, size: head.size });
    this.width = head.steps.length;
    this.titles = lines(parts, head.size);
    const details = lines(parts, head.details);
    const [low, middle, high] = [0, 1, 2].map(() => parts.bytes(head.size));
    this.details = Array.from(low, (byte, i) => details[byte + 256 * middle[i] + 65536 * high[i]]);
    this.levels = parts.bytes(this.width * this.size);
  }

  /** The row of item i. */
  row(i) {
    return Float64Array.from(this.steps, (step, f) => step * this.levels[f * this.size + i]);
  }

  /** weights . row for every item: a column at a time, and none whose weight is zero. */
  scores(weights) {
    const scores = new Float32Array(this.size);
    for (let f = 0; f < this.width; f++) {
      const weight = weights[f] * this.steps[f];
      if (weight === 0) continue;
      const column = this.levels.subarray(f * this.size, (f + 1) * this.size);
      for (let i = 0; i < scores.length; i++) scores[i] += weight * column[i];
    }
    return scores;
  }

  /** The sum of all rows' outer products. */
  gram() {
    this.product ??= outerProducts(this);
    return this.product;
  }

  /** Of each item the words of its title and detail, with a space before each. */
  words() {
    this.simple ??= this.titles.map((title, i) => " " + simplified(title + " " + this.details[i]));
    return this.simple;
  }

  /**
   * At most `most` items that have a word beginning like each word of `query`: first those that are well known, then
   * those whose title begins so.
   */
  find(query, most) {
    const wanted = simplified(query).split(" ").filter(Boolean);
    const words = this.words();
    const fits = (item) => wanted.every((word) => words[item].includes(" " + word));
    const [beginning, others] = [[], []];
    for (let item = 0; item < this.size; item++) {
      if (fits(item)) (words[item].startsWith(" " + wanted.join(" ")) ? beginning : others).push(item);
    }
    return [...new Set([...this.known.filter(fits), ...beginning, ...others])].slice(0, most);
  }
}

/** Small letters without accents; whatever is neither letter nor digit is a space. */
function simplified(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function outerProducts({ levels, steps, size, width }) {
  const product = new Float64Array(width * width);
  for (let f = 0; f < width; f++) {
    for (let g = 0; g <= f; g++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += levels[f * size + i] * levels[g * size + i];
      product[f * width + g] = product[g * width + f] = sum * steps[f] * steps[g];
    }
  }
  return product;
}
