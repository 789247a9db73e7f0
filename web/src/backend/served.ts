/** The backend behind `mho lab`: the same JSON over HTTP, long runs as jobs. */

import type { Circuit, Rows } from "../core/circuit";
import type { Backend, FactorizeAnswer, FactorizeRequest, FactorizeStep } from "./protocol";

export interface Job {
  id: string;
  kind: "factorize" | "spice";
  state: "waiting" | "running" | "done" | "failed" | "cancelled" | "interrupted";
  title: string;
  created: number;
  progress: { iteration: number; error: number; seconds: number } | null;
  total: number | null;
  problem: string | null;
}

export interface SpiceRequest {
  circuit: Circuit;
  volts: number[];
  times: number[];
}

const KEY = "mho-lab-token";

/** The token is in the address that `mho lab` opens, and is kept for this tab alone. */
function tokenHere(): string | null {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.hash);
  }
  return location.protocol.startsWith("http") ? sessionStorage.getItem(KEY) : null;
}

export class ServedBackend implements Backend {
  readonly name = "mho lab";

  private constructor(private readonly token: string) {}

  static here(): ServedBackend | null {
    const token = tokenHere();
    return token ? new ServedBackend(token) : null;
  }

  private async call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`api/${path}`, {
        method,
        headers: { Authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new Error("mho lab does not answer: is it still running? What is on the page stays.");
    }
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new Error(typeof answer?.detail === "string" ? answer.detail : `mho lab answered ${response.status}`);
    return answer as T;
  }

  program: Backend["program"] = (r) => this.call("POST", "program", r);
  settle: Backend["settle"] = (r) => this.call("POST", "settle", r);
  solve: Backend["solve"] = (r) => this.call("POST", "solve", r);
  cost: Backend["cost"] = (r: unknown) => this.call<never>("POST", "cost", r);

  async factorize(r: FactorizeRequest, progress: (step: FactorizeStep) => void, cancel?: AbortSignal): Promise<FactorizeAnswer> {
    return this.finish<FactorizeAnswer>(await this.start("factorize", r), (step) => progress(step as unknown as FactorizeStep), cancel);
  }

  /** Outputs at the times asked for, volts, by ngspice. */
  async spice(r: SpiceRequest): Promise<Rows> {
    const answer = await this.finish<{ outputs: Rows }>(await this.start("spice", r), () => undefined);
    return answer.outputs;
  }

  async start(kind: Job["kind"], request: unknown): Promise<string> {
    return (await this.call<Job>("POST", `jobs/${kind}`, request)).id;
  }

  jobs(): Promise<Job[]> {
    return this.call("GET", "jobs");
  }

  cancel(id: string): Promise<Job> {
    return this.call("POST", `jobs/${id}/cancel`);
  }

  forget(id: string): Promise<unknown> {
    return this.call("DELETE", `jobs/${id}`);
  }

  resume(id: string): Promise<Job> {
    return this.call("POST", `jobs/${id}/resume`);
  }

  result<T>(id: string): Promise<T> {
    return this.call("GET", `jobs/${id}/result`);
  }

  /** Follow a job to its end, event by event. */
  async finish<T>(id: string, progress: (step: Record<string, unknown>) => void, cancel?: AbortSignal): Promise<T> {
    cancel?.addEventListener("abort", () => void this.cancel(id));
    const response = await fetch(`api/jobs/${id}/events`, { headers: { Authorization: `Bearer ${this.token}` } }).catch(() => null);
    if (!response?.ok || !response.body) throw new Error("mho lab does not tell how the run goes: is it still running?");
    let last: Job | null = null;
    for await (const event of events(response.body)) {
      const job = event as unknown as Job & { step?: Record<string, unknown> };
      if (job.step) progress(job.step);
      last = job;
    }
    if (last?.state === "done") return this.result<T>(id);
    throw new Error(last?.problem ?? (last ? `the run was ${last.state}` : "the run's end was not heard: mho lab has stopped"));
  }
}

/** Server-sent events of a response, each one JSON. */
async function* events(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Record<string, unknown>> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (done) return;
    text += value;
    for (let at = text.indexOf("\n\n"); at >= 0; at = text.indexOf("\n\n")) {
      const lines = text.slice(0, at).split("\n");
      text = text.slice(at + 2);
      const data = lines.filter((l) => l.startsWith("data: ")).map((l) => l.slice(6)).join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}
