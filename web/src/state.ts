/** A view's state in the address: what can be typed, sent and opened again. */

export const VIEWS = ["bench", "device", "factorize", "cost"] as const;
/** Of the page beside, `pictures.html`. */
export const PICTURE_VIEWS = ["photo", "open", "clean"] as const;
export type View = (typeof VIEWS)[number];
export type PictureView = (typeof PICTURE_VIEWS)[number];

/** A number between two bounds, on the step of its slider. */
export interface NumberField {
  kind: "number";
  start: number;
  least: number;
  most: number;
}

export interface ChoiceField {
  kind: "choice";
  start: string;
  of: readonly string[];
}

/** Whole numbers, joined by dots; empty: drawn from the seed. */
export interface ListField {
  kind: "list";
  start: readonly number[];
  least: number;
  most: number;
}

export type Field = NumberField | ChoiceField | ListField;
export type Fields = { readonly [name: string]: Field };

export type State<F extends Fields> = {
  [K in keyof F]: F[K] extends NumberField ? number : F[K] extends ListField ? readonly number[] : string;
};

export const number = (start: number, least: number, most: number): NumberField => ({ kind: "number", start, least, most });
export const choice = (of: readonly string[], start = of[0]!): ChoiceField => ({ kind: "choice", start, of });
export const list = (least: number, most: number): ListField => ({ kind: "list", start: [], least, most });

export function starting<F extends Fields>(fields: F): State<F> {
  return Object.fromEntries(Object.entries(fields).map(([name, f]) => [name, f.start])) as State<F>;
}

/** What stands behind `#`: the view, and what differs from where it starts. */
export function toAddress<F extends Fields>(view: string, fields: F, state: State<F>): string {
  const parts = Object.entries(fields).flatMap(([name, field]) => {
    const value = state[name as keyof F];
    const text = Array.isArray(value) ? value.join(".") : String(value);
    const start = Array.isArray(field.start) ? field.start.join(".") : String(field.start);
    return text === start ? [] : [`${name}=${encodeURIComponent(text)}`];
  });
  return `#${view}${parts.length ? `?${parts.join("&")}` : ""}`;
}

/** The view that an address names, or the first. */
export function viewOf<V extends string>(address: string, views: readonly V[]): V {
  const name = address.replace(/^#/, "").split("?")[0]!;
  return views.find((v) => v === name) ?? views[0]!;
}

/** The state of an address, and a sentence for each part that cannot be: it keeps the value it starts with. */
export function fromAddress<F extends Fields>(fields: F, address: string): { state: State<F>; problems: string[] } {
  const state = { ...starting(fields) } as Record<string, number | string | readonly number[]>;
  const problems: string[] = [];
  const query = address.includes("?") ? address.slice(address.indexOf("?") + 1) : "";
  for (const pair of query.split("&").filter(Boolean)) {
    const at = pair.indexOf("=");
    const name = at < 0 ? pair : pair.slice(0, at);
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    let text: string | null = null;
    try {
      text = at < 0 ? null : decodeURIComponent(pair.slice(at + 1));
    } catch {
      text = null;
    }
    const value = field && text !== null ? read(field, text) : undefined;
    if (!field) problems.push(`the address holds '${name.slice(0, 40)}', which this view does not know; it is left out`);
    else if (value === undefined) problems.push(`the address has no usable ${name}: it must be ${wanted(field)}; it starts at ${show(field.start)}`);
    else state[name] = value;
  }
  return { state: state as State<F>, problems };
}

function read(field: Field, text: string): number | string | readonly number[] | undefined {
  if (field.kind === "choice") return field.of.includes(text) ? text : undefined;
  const fits = (v: number) => Number.isFinite(v) && v >= field.least && v <= field.most;
  if (field.kind === "number") {
    const value = text.trim() === "" ? NaN : Number(text);
    return fits(value) ? value : undefined;
  }
  const values = text === "" ? [] : text.split(".").map((part) => (/^-?\d+$/.test(part) ? Number(part) : NaN));
  return values.every(fits) ? values : undefined;
}

function wanted(field: Field): string {
  if (field.kind === "choice") return `one of ${field.of.join(", ")}`;
  if (field.kind === "number") return `a number from ${field.least} to ${field.most}`;
  return `whole numbers from ${field.least} to ${field.most} with dots between`;
}

function show(start: Field["start"]): string {
  return Array.isArray(start) ? "those drawn" : String(start);
}
