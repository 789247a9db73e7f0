// Items on the page. Titles are put in as text, never as markup.

/** A list entry: title, detail, what stands in `notes`, and the buttons to rate it. */
export function entry(catalogue, item, value, notes = []) {
  const text = element("div", "text", [
    element("p", "title", catalogue.titles[item]),
    ...[catalogue.details[item]].filter(Boolean).map((detail) => element("p", "detail", detail)),
    ...notes,
  ]);
  const li = element("li", "item", [text, buttons(catalogue, item)]);
  show(li.lastChild, value);
  return li;
}

/** An element with text, or with elements, in it. */
export function element(name, kind, content) {
  const made = document.createElement(name);
  made.className = kind;
  made.append(...[content].flat());
  return made;
}

/** The most buttons that are whole stars; of more, two share a star. */
const WHOLE = 7;

/** A rating in words: stars where five is the highest, else in the table's own scale. */
export function said(rule, value) {
  if (rule.lowest >= 0 && rule.highest === 5) return value + (value === 1 ? " star" : " stars");
  return value + ofScale(rule);
}

/** A predicted rating as it is shown: with a star where five is the highest, else in the table's own scale. */
export function guess(rule, score) {
  const number = score.toFixed(rule.highest - rule.lowest > 20 ? 0 : 1);
  return number + (rule.lowest >= 0 && rule.highest === 5 ? " ★" : ofScale(rule));
}

const ofScale = ({ lowest, highest }) => (lowest < 0 ? ` (${lowest} to ${highest})` : ` of ${highest}`);

/** Fill a group of buttons up to `value`. */
export function show(group, value) {
  for (const button of group.children) {
    button.setAttribute("aria-pressed", String(Number(button.value) === value));
    button.classList.toggle("full", value !== undefined && Number(button.value) <= value);
  }
}

function buttons(catalogue, item) {
  const { rule } = catalogue;
  const liked = rule.kind === "choices";
  const values = liked ? [1] : rule.values;
  const halves = values.length > WHOLE;
  const made = values.map((value, i) => {
    const button = element("button", liked ? "like" : "star", element("span", "sign", liked ? "♥" : "★"));
    if (halves) button.classList.add("half", i % 2 ? "right" : "left");
    button.type = "button";
    button.value = value;
    button.setAttribute("aria-label", liked ? "Like" : said(rule, value));
    return button;
  });
  const group = element("div", "buttons", made);
  group.dataset.item = item;
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", (liked ? "Like " : "Rate ") + catalogue.titles[item]);
  return group;
}
