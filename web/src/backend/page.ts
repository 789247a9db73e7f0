/** The backend that needs no server: a worker beside the page. */

import costs from "../data/cost.json";
import presets from "../data/presets.json";
import LabWorker from "./worker?worker&inline";
import type { Backend, FactorizeRequest, FactorizeStep } from "./protocol";
import type { Data, Message } from "./worker";

interface Waiting {
  done(answer: unknown): void;
  failed(error: Error): void;
  progress?(step: FactorizeStep): void;
}

export class PageBackend implements Backend {
  readonly name = "this page";
  private readonly worker = new LabWorker();
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  constructor() {
    this.worker.onmessage = ({ data }) => {
      const one = this.waiting.get(data.id);
      if (!one) return;
      if (data.progress) return one.progress?.(data.progress);
      this.waiting.delete(data.id);
      if (data.error === undefined) one.done(data.answer);
      else one.failed(new Error(data.error));
    };
    this.worker.onerror = (event) => {
      for (const one of this.waiting.values()) one.failed(new Error(`the page's worker has failed: ${event.message}`));
      this.waiting.clear();
    };
    const data = { presets, costs } as unknown as Data;
    this.worker.postMessage({ id: 0, method: "data", request: data } satisfies Message);
  }

  private ask<T>(method: Message["method"], request: unknown, progress?: (step: FactorizeStep) => void, cancel?: AbortSignal): Promise<T> {
    const id = this.next++;
    return new Promise<T>((done, failed) => {
      this.waiting.set(id, { done: (answer) => done(answer as T), failed, progress });
      cancel?.addEventListener("abort", () => this.worker.postMessage({ id: 0, method: "cancel", request: id }));
      this.worker.postMessage({ id, method, request } satisfies Message);
    });
  }

  program: Backend["program"] = (r) => this.ask("program", r);
  settle: Backend["settle"] = (r) => this.ask("settle", r);
  solve: Backend["solve"] = (r) => this.ask("solve", r);
  cost: Backend["cost"] = (r: unknown) => this.ask<never>("cost", r);
  factorize = (r: FactorizeRequest, progress: (step: FactorizeStep) => void, cancel?: AbortSignal) =>
    this.ask<never>("factorize", r, progress, cancel);
}
