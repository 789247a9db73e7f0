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

/** The values that a visitor can give: five stars up to the highest rating, or a like. */
export function values(rule) {
  if (rule.kind === "choices") return [1];
  return [1, 2, 3, 4, 5].map((star) => Math.max(rule.lowest, (rule.highest * star) / 5));
}

/** Fill a group of buttons up to `value`. */
export function show(group, value) {
  for (const button of group.children) {
    button.setAttribute("aria-pressed", String(Number(button.value) === value));
    button.classList.toggle("full", value !== undefined && Number(button.value) <= value);
  }
}

function buttons(catalogue, item) {
  const liked = catalogue.rule.kind === "choices";
  const made = values(catalogue.rule).map((value, i) => {
    const button = element("button", liked ? "like" : "star", liked ? "♥" : "★");
    button.type = "button";
    button.value = value;
    button.setAttribute("aria-label", liked ? "Like" : i === 0 ? "1 star" : i + 1 + " stars");
    return button;
  });
  const group = element("div", "buttons", made);
  group.dataset.item = item;
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", (liked ? "Like " : "Rate ") + catalogue.titles[item]);
  return group;
}
