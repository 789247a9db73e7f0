/** Sliders, choices and buttons with their names, units and values. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface SliderProps {
  label: string;
  value: number;
  least: number;
  most: number;
  step?: number;
  /** Of the value as it is read. */
  show: (value: number) => string;
  /** The slider moves evenly in the logarithm; what is below `least` counts as `zero`. */
  log?: boolean;
  zero?: number;
  hint?: string;
  disabled?: boolean;
  onChange: (value: number) => void;
}

const LOG_STEPS = 200;

export function Slider(p: SliderProps) {
  const id = useId();
  const shift = p.zero === undefined ? 0 : 1; // the first place of a logarithmic slider may stand for zero
  const toPlace = (v: number) => (p.log ? (v < p.least ? 0 : shift + (Math.log(v / p.least) / Math.log(p.most / p.least)) * LOG_STEPS) : v);
  const toValue = (place: number) => {
    if (!p.log) return place;
    if (shift && place < shift) return p.zero!;
    const v = p.least * (p.most / p.least) ** ((place - shift) / LOG_STEPS);
    return Number(v.toPrecision(3));
  };
  return (
    <div class="field">
      <label for={id}>{p.label}</label>
      <output for={id}>{p.show(p.value)}</output>
      <input
        id={id}
        type="range"
        min={p.log ? 0 : p.least}
        max={p.log ? LOG_STEPS + shift : p.most}
        step={p.log ? 1 : (p.step ?? 1)}
        value={toPlace(p.value)}
        disabled={p.disabled}
        aria-valuetext={p.show(p.value)}
        aria-describedby={p.hint ? `${id}-hint` : undefined}
        onInput={(e) => p.onChange(toValue(Number(e.currentTarget.value)))}
      />
      {p.hint && <small id={`${id}-hint`}>{p.hint}</small>}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  of: readonly (readonly [value: string, text: string])[];
  hint?: string;
  onChange: (value: string) => void;
}

export function Choice(p: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{p.label}</label>
      <select id={id} value={p.value} aria-describedby={p.hint ? `${id}-hint` : undefined} onChange={(e) => p.onChange(e.currentTarget.value)}>
        {p.of.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {p.hint && <small id={`${id}-hint`}>{p.hint}</small>}
    </div>
  );
}

export function Problem({ text }: { text: string | null }) {
  return (
    <div role="alert" class={text ? "problem" : "no-problem"}>
      {text}
    </div>
  );
}

export function Group({ title, children, open = true }: { title: string; children: ComponentChildren; open?: boolean }) {
  return (
    <details class="group" open={open}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

export interface ExportItem {
  name: string;
  title: string;
  run: () => void | Promise<void>;
}

export function Exports({ items, onProblem }: { items: readonly ExportItem[]; onProblem: (text: string) => void }) {
  const run = async (item: ExportItem) => {
    try {
      await item.run();
    } catch (error) {
      onProblem(`${item.name}: ${error instanceof Error ? error.message : error}`);
    }
  };
  return (
    <div class="exports" role="group" aria-label="Export">
      <span>Export</span>
      {items.map((item) => (
        <button key={item.name} type="button" title={item.title} onClick={() => run(item)}>
          {item.name}
        </button>
      ))}
    </div>
  );
}

export function Code({ title, text }: { title: string; text: string }) {
  return (
    <div class="code">
      <div class="code-head">
        <span>{title}</span>
        <button type="button" onClick={() => navigator.clipboard?.writeText(text)} aria-label={`Copy ${title}`}>
          Copy
        </button>
      </div>
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </div>
  );
}

/** A figure with its name, in a list of class `facts`. */
export function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
