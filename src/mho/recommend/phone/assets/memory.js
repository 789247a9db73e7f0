// What the visitor gave, kept on this device by title, so that it outlives a new catalogue.

const KEY = "mho " + location.pathname.replace(/[^/]*$/, "");

/** A Map from item to what was given. */
export function recall(catalogue) {
  const wanted = stored();
  const given = new Map();
  if (wanted.size === 0) return given;
  for (let item = 0; item < catalogue.size; item++) {
    const value = wanted.get(label(catalogue, item));
    if (value !== undefined) given.set(item, value);
  }
  return given;
}

export function remember(catalogue, given) {
  const entries = [...given].map(([item, value]) => [label(catalogue, item), value]);
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // A private window may refuse to keep anything; the page works for this visit.
  }
}

const label = (catalogue, item) => catalogue.titles[item] + "\n" + catalogue.details[item];

function stored() {
  try {
    const entries = JSON.parse(localStorage.getItem(KEY)) ?? [];
    return new Map(entries.filter(([title, value]) => typeof title === "string" && Number.isFinite(value)));
  } catch {
    return new Map();
  }
}
