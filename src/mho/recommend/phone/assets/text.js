// Titles out of the packed catalogue: text.py says how they got in.

const LINE_BREAK = 10;

/** Takes a buffer apart from its beginning. */
export class Parts {
  constructor(buffer) {
    this.buffer = buffer;
    this.at = 0;
  }

  bytes(length) {
    this.at += length;
    return new Uint8Array(this.buffer, this.at - length, length);
  }

  number() {
    this.at += 4;
    return new DataView(this.buffer).getUint32(this.at - 4, true);
  }
}

/** The next `count` lines. */
export function lines(parts, count) {
  const [length, begin] = [parts.number(), parts.number()];
  const shared = parts.bytes(count);
  const rest = unsorted(movedBack(parts.bytes(length)), begin);
  const text = new Uint8Array(shared.reduce((sum, common) => sum + common, length));
  let [before, at, to] = [0, 0, 0];
  for (const common of shared) {
    const line = to;
    for (let i = 0; i < common; i++) text[to++] = text[before + i];
    do text[to++] = rest[at]; while (rest[at++] !== LINE_BREAK);
    before = line;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(text.subarray(0, -1)).split("\n");
}

/** Each number is how many other bytes came since this one came last. */
function movedBack(places) {
  const recent = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const block = new Uint8Array(places.length);
  for (let i = 0; i < block.length; i++) {
    const byte = recent[places[i]];
    for (let place = places[i]; place > 0; place--) recent[place] = recent[place - 1];
    block[i] = recent[0] = byte;
  }
  return block;
}

/** Undo Burrows and Wheeler's transform: row by row from the end of the text to its beginning. */
function unsorted(block, begin) {
  const row = new Uint32Array(257).fill(1);
  for (const byte of block) row[byte + 1]++;
  for (let byte = 1; byte < 257; byte++) row[byte] += row[byte - 1] - 1;
  const before = new Uint32Array(block.length);
  for (let i = 0; i < block.length; i++) before[i] = row[block[i]]++;
  const text = new Uint8Array(block.length);
  for (let i = block.length - 1, at = 0; i >= 0; i--) {
    const place = at < begin ? at : at - 1;
    text[i] = block[place];
    at = before[place];
  }
  return text;
}
