/** A line plot: uPlot in the page's own colours, with words for those who do not see it. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { decades, short, type Figure } from "../exports";

interface Props {
  figure: Figure;
  description: string;
  height?: number;
  /** The colour scheme in use: the canvas is drawn anew when it turns. */
  scheme: string;
}

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** One x axis for lines that share it; others are joined on it. */
function data(figure: Figure): uPlot.AlignedData {
  const [first, ...others] = figure.lines;
  if (others.every((l) => l.x === first!.x)) return [first!.x, ...figure.lines.map((l) => l.y)] as unknown as uPlot.AlignedData;
  return uPlot.join(figure.lines.map((l) => [l.x, l.y] as unknown as uPlot.AlignedData));
}

function options(shown: { current: Figure }, width: number, height: number): uPlot.Options {
  const figure = shown.current;
  const ink = css("--ink-soft");
  const axis = (label: string, log?: boolean): uPlot.Axis => ({
    label,
    ...(log
      ? {
          splits: (_: uPlot, __: number, low: number, high: number) => decades(low, high),
          values: (_: uPlot, at: (number | null)[]) => at.map((v) => (v === null ? null : short(v))),
        }
      : {}),
    stroke: ink,
    grid: { stroke: css("--line"), width: 1 },
    ticks: { stroke: css("--line"), width: 1 },
    font: "12px system-ui",
    labelFont: "12px system-ui",
    labelSize: 20,
  });
  const y: uPlot.Scale = figure.logY ? { distr: 3 } : { range: (_, low, high) => [Math.min(0, low), high + (high - Math.min(0, low) || 1) * 0.06] };
  return {
    width,
    height,
    scales: { x: { time: false, ...(figure.logX ? { distr: 3 } : {}) }, y },
    axes: [{ ...axis(figure.xLabel, figure.logX), size: 34 }, { ...axis(figure.yLabel, figure.logY), size: 56 }],
    cursor: { drag: { x: true, y: false } },
    legend: { show: false },
    series: [
      {},
      ...figure.lines.map((l) => ({
        label: l.label,
        stroke: l.colour,
        width: l.dots ? 0 : l.dashed ? 1.2 : 2,
        dash: l.dashed ? [6, 5] : undefined,
        spanGaps: true,
        paths: l.dots ? () => null : undefined,
        points: l.dots ? { show: true, size: 6, stroke: l.colour, width: 1.2 } : { show: false },
      })),
    ],
    hooks: { draw: [(u) => marks(u, shown.current)] },
  };
}

function marks(u: uPlot, figure: Figure): void {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = css("--ink-soft");
  ctx.font = `${11 * ratio}px system-ui`;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  for (const mark of figure.marks ?? []) {
    const x = u.valToPos(mark.x, "x", true);
    if (!(x >= u.bbox.left && x <= u.bbox.left + u.bbox.width)) continue;
    ctx.beginPath();
    ctx.moveTo(x, u.bbox.top);
    ctx.lineTo(x, u.bbox.top + u.bbox.height);
    ctx.stroke();
    const fits = x + ctx.measureText(mark.label).width + 8 * ratio < u.bbox.left + u.bbox.width;
    ctx.textAlign = fits ? "left" : "right";
    ctx.fillText(mark.label, x + (fits ? 4 : -4) * ratio, u.bbox.top + u.bbox.height - 8 * ratio);
  }
  ctx.restore();
}

export function Plot({ figure, description, height = 320, scheme }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shape = useRef("");
  const shown = useRef(figure);
  shown.current = figure;
  // before the browser paints, so that a moved slider is drawn in the same frame
  useLayoutEffect(() => {
    const at = box.current!;
    const wanted = JSON.stringify([scheme, figure.xLabel, figure.yLabel, figure.logX, figure.logY, figure.lines.map((l) => [l.label, l.colour, l.dashed, l.dots])]);
    if (plot.current && shape.current === wanted) {
      plot.current.setData(data(figure));
      return;
    }
    plot.current?.destroy();
    shape.current = wanted;
    plot.current = figure.lines.length ? new uPlot(options(shown, at.clientWidth, height), data(figure), at) : null;
  }, [figure, scheme, height]);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => plot.current?.setSize({ width: Math.floor(entry!.contentRect.width), height }));
    watch.observe(box.current!);
    return () => {
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [height]);
  return (
    <figure class="plot">
      <figcaption>{figure.title}</figcaption>
      <div class="key" aria-hidden="true">
        {figure.lines.flatMap((l) =>
          l.label ? [<span key={l.label}><i class={l.dots ? "ring" : l.dashed ? "dash" : "line"} style={{ color: l.colour }} />{l.label}</span>] : [],
        )}
      </div>
      <div ref={box} role="img" aria-label={description} style={{ minHeight: `${height}px` }} />
    </figure>
  );
}

/** One colour for each output, that both schemes bear. */
export function palette(dark: boolean): string[] {
  return dark
    ? ["#6cb2ee", "#f0a15e", "#62c796", "#c79bec", "#f08f8f", "#d8c45b", "#67cdd6", "#b7bec5"]
    : ["#1f6fb2", "#b8570b", "#187a54", "#8a4fb0", "#b5333c", "#7d6b00", "#0c7480", "#56606a"];
}

