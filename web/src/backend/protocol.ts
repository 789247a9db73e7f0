/** What a backend answers: the same JSON from the page's own worker and from `mho lab`. SI throughout. */

import type { Circuit, Clamp, Rows, Topology } from "../core/circuit";
import type { ClampEvent } from "../core/transient";
import type { Programmed } from "../core/program";
import type { AnswersAnswer, AnswersRequest } from "../core/answers";
import type { CostAnswer, CostRequest } from "../core/cost";

/** Changes to a preset, named as `ChipDesign.with_` names them; null is infinite. */
export interface Changes {
  g_min?: number;
  g_max?: number;
  levels?: number | null;
  sigma?: number;
  gain?: number | null;
  bandwidth?: number;
  offset?: number;
  second_pole?: number | null;
  clamp?: Clamp;
  v_in?: number;
  row_ohms?: number;
  column_ohms?: number;
  driver_ohms?: number;
  sense_ohms?: number;
  temperature_slope?: number;
  temperature_spread?: number;
  stuck_low?: number;
  stuck_high?: number;
  dead?: number;
  age?: number;
  kelvin?: number;
}

export interface ProgramRequest {
  matrix: Rows;
  topology: Topology;
  preset: string;
  changes: Changes;
  seed: number;
}

export interface SettleRequest {
  circuit: Circuit;
  volts: number[];
  /** Times at which the outputs are wanted, seconds; null: evenly, past the settling time. */
  times: number[] | null;
  tolerance: number;
}

export interface SettleAnswer {
  times: number[];
  /** One array of volts for each output. */
  outputs: number[][];
  rest: number[];
  /** null: the circuit is an open loop, of which only the rest is computed. */
  settling_time: number | null;
  events: ClampEvent[];
}

/** Right-hand sides by rows: volts into a circuit, or numbers for exact non-negative least squares on a matrix. */
export type SolveRequest =
  | { circuit: Circuit; volts: Rows }
  | { matrix: Rows; rhs: Rows };

export interface SolveAnswer {
  /** By rows, volts or numbers. */
  answers: Rows;
}

export interface FactorizeRequest {
  matrix: Rows;
  rank: number;
  engine: "digital" | "analog";
  preset: string;
  changes: Changes;
  iterations: number;
  seed: number;
}

export interface FactorizeStep {
  iteration: number;
  /** |X - W H| / |X|. */
  error: number;
  /** Of computing, since the start. */
  seconds: number;
  W: Rows;
  H: Rows;
}

export interface FactorizeAnswer {
  errors: number[];
  seconds: number;
  W: Rows;
  H: Rows;
}

export interface Backend {
  readonly name: string;
  program(request: ProgramRequest): Promise<Programmed>;
  settle(request: SettleRequest): Promise<SettleAnswer>;
  solve(request: SolveRequest): Promise<SolveAnswer>;
  factorize(request: FactorizeRequest, progress: (step: FactorizeStep) => void, cancel?: AbortSignal): Promise<FactorizeAnswer>;
  cost(request: CostRequest): Promise<CostAnswer>;
  /** Of a use, a matrix that is programmed once. */
  cost(request: AnswersRequest): Promise<AnswersAnswer>;
}

export type { Programmed };
