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
    this.neighbours = head.neighbours === null ? null : new Neighbours(parts, head.size, head.neighbours);
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

/** What a like of one item adds to the scores of others. */
class Neighbours {
  constructor(parts, size, largest) {
    const lengths = [parts.number(), parts.number(), parts.number()];
    const [counts, gaps] = [0, 1].map((part) => sevenBits(parts.bytes(lengths[part])));
    this.levels = parts.bytes(lengths[2]);
    this.weights = Float32Array.from({ length: 256 }, (_, level) => largest * (level / 255) ** 2);
    this.begin = new Uint32Array(size + 1);
    this.targets = new Uint32Array(this.levels.length);
    let at = 0;
    for (let item = 0; item < size; item++) {
      const end = at + counts.next().value;
      for (let target = -1; at < end; at++) this.targets[at] = target += gaps.next().value + 1;
      this.begin[item + 1] = at;
    }
  }

  /** Call `take` with each item that a like of `item` speaks for, and with its weight. */
  each(item, take) {
    for (let at = this.begin[item]; at < this.begin[item + 1]; at++) take(this.targets[at], this.weights[this.levels[at]]);
  }
}

/** Numbers of seven bits a byte, low first; the high bit says that more come. */
function* sevenBits(bytes) {
  for (let at = 0; at < bytes.length; ) {
    let [number, shift] = [0, 0];
    do {
      number |= (bytes[at] & 127) << shift;
      shift += 7;
    } while (bytes[at++] & 128);
    yield number;
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
