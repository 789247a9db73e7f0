// The page: three lists, a search, and what happens at a tap.
import { load } from "./catalogue.js";
import { element, entry, guess, show } from "./items.js";
import { recall, remember } from "./memory.js";
import { because, foldIn, recommend } from "./visitor.js";

const SHOWN = 20;
const FOUND = 60;
const at = (id) => document.getElementById(id);

let catalogue;
let given;

function drawFound() {
  const query = at("search").value.trim();
  const items = query ? catalogue.find(query, FOUND) : catalogue.known.slice(0, FOUND);
  at("found").replaceChildren(...items.map((item) => entry(catalogue, item, given.get(item))));
  at("rate-title").textContent = query ? "Found" : "Do you know these?";
  at("nothing").hidden = items.length > 0;
}

function drawBest() {
  const empty = given.size === 0;
  at("best-hint").hidden = !empty;
  at("best").hidden = empty;
  const visitor = foldIn(catalogue, given);
  const best = empty ? [] : recommend(visitor, SHOWN);
  at("best").replaceChildren(...best.map((found) => recommended(visitor, found)));
}

function recommended(visitor, { item, score }) {
  const reasons = because(visitor, item).slice(0, 2).map((reason) => reason.item);
  const notes = reasons.length ? [element("p", "why", ["Because of ", ...named(reasons)])] : [];
  if (catalogue.rule.kind === "ratings") {
    const stars = element("p", "guess", guess(catalogue.rule, score));
    stars.setAttribute("aria-label", "We guess " + stars.textContent.replace("★", "of 5"));
    stars.setAttribute("role", "img");
    notes.unshift(stars);
  }
  return entry(catalogue, item, undefined, notes);
}

function named(items) {
  const names = items.map((item) => element("b", "name", catalogue.titles[item]));
  return names.flatMap((name, i) => (i === 0 ? [name] : [" and ", name]));
}

function drawYours() {
  const items = [...given.keys()].reverse();
  at("yours").replaceChildren(...items.map((item) => entry(catalogue, item, given.get(item))));
  at("yours-hint").hidden = items.length > 0;
  at("clear").hidden = items.length === 0;
  at("count").textContent = items.length || "";
}

/** Take a tap on a button of an item; the same button again takes it back. */
function give(group, value) {
  const item = Number(group.dataset.item);
  const back = given.get(item) === value;
  given.delete(item);
  if (!back) given.set(item, value);
  changed(group.closest("section"));
  at("said").textContent = catalogue.titles[item] + (back ? ": taken back." : ": noted.");
}

function changed(section) {
  remember(catalogue, given);
  for (const group of at("found").querySelectorAll(".buttons")) show(group, given.get(Number(group.dataset.item)));
  drawBest();
  drawYours();
  if (section && !section.contains(document.activeElement)) section.querySelector("h2").focus();
}

function look(view) {
  document.body.dataset.view = view;
  for (const tab of at("tabs").children) {
    if (tab.value === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  window.scrollTo(0, 0);
}

function listen() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest(".buttons button");
    if (button) give(button.parentElement, Number(button.value));
  });
  at("search").addEventListener("input", () => {
    drawFound();
    window.scrollTo(0, 0); // the field sticks to the top while the list is scrolled
  });
  at("search").addEventListener("focus", () => catalogue.words(), { once: true }); // before the first letter
  at("clear").addEventListener("click", () => {
    if (!confirm("Forget everything you told this page?")) return;
    given.clear();
    changed(at("yours").closest("section"));
  });
  at("tabs").addEventListener("click", ({ target }) => {
    const tab = target.closest("button");
    if (tab) look(tab.value);
  });
}

async function keep() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("./worker.js");
  await navigator.serviceWorker.ready;
  at("kept").textContent = "Works without a network. ";
}

async function start() {
  catalogue = await load("./catalogue.bin");
  given = recall(catalogue);
  document.body.dataset.rule = catalogue.rule.kind;
  document.body.dataset.scale = catalogue.rule.highest === 5 ? "stars" : "own";
  if (catalogue.rule.kind === "choices") {
    for (const sign of document.querySelectorAll(".hint .sign")) sign.textContent = "a heart";
  }
  at("size").textContent = catalogue.size.toLocaleString() + " titles.";
  listen();
  drawFound();
  drawBest();
  drawYours();
  if (given.size > 0) look("best");
  at("opening").remove();
  document.body.dataset.ready = "yes";
}

start().catch((error) => { at("opening").textContent = "This page could not start: " + error.message; });
keep().catch(() => { at("kept").textContent = "This browser keeps nothing for later. "; });
