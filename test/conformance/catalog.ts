/** The scenarios: what real Erlang printed, and the functions that do the same steps here. */
import { existsSync, readFileSync } from "node:fs";
import type { Scenario } from "./harness/run.ts";
import { perform } from "./harness/smscript.ts";
import * as genEvent from "./scenarios/gen_event.ts";
import * as genServerCall from "./scenarios/gen_server_call.ts";
import * as genServerInit from "./scenarios/gen_server_init.ts";
import * as genServerMessages from "./scenarios/gen_server_messages.ts";
import * as genServerTerminate from "./scenarios/gen_server_terminate.ts";
import * as genStatemEvents from "./scenarios/gen_statem_events.ts";
import * as genStatemLife from "./scenarios/gen_statem_life.ts";
import * as processGroups from "./scenarios/process_groups.ts";
import * as processLife from "./scenarios/process_life.ts";
import * as processNames from "./scenarios/process_names.ts";
import * as registryNames from "./scenarios/registry_names.ts";
import * as supervisorRestart from "./scenarios/supervisor_restart.ts";
import * as supervisorShutdown from "./scenarios/supervisor_shutdown.ts";
import * as supervisorStart from "./scenarios/supervisor_start.ts";
import * as additional from "./additional/index.ts";

/** A scenario as recorded. */
export interface Recording {
  readonly id: string;
  readonly title: string;
  readonly trace: readonly string[];
  readonly steps: readonly string[];
}

export interface Entry extends Recording {
  readonly run: Scenario;
  /** Whether there are steps for it here. */
  readonly written: boolean;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...genServerInit,
  ...genServerCall,
  ...genServerMessages,
  ...genServerTerminate,
  ...genEvent,
  ...genStatemEvents,
  ...genStatemLife,
  ...processGroups,
  ...processLife,
  ...processNames,
  ...registryNames,
  ...supervisorStart,
  ...supervisorRestart,
  ...supervisorShutdown,
};

/** The 113 scenarios of the specification, in its order. */
export function scenarios(): readonly Entry[] {
  return entries("scenarios.json", SCENARIOS);
}

/** The scenarios recorded beside them, for the inventory. */
export function additionalScenarios(): readonly Entry[] {
  return entries("recorded/additional.json", additional);
}

function entries(file: string, functions: Readonly<Record<string, Scenario>>): readonly Entry[] {
  const recordings = JSON.parse(readFileSync(located(file), "utf8")) as Recording[];
  const recorded = new Set(recordings.map(({ id }) => id));
  const stray = Object.keys(functions).filter((id) => !recorded.has(id));
  if (stray.length > 0) throw new Error(`Scenarios without a recording in ${file}: ${stray.join(", ")}`);
  return recordings.map((recording) => {
    // Scenarios that are scripts: their steps are terms.
    const scripted = recording.id.startsWith("smx_") ? () => perform(recording.steps) : undefined;
    const run = functions[recording.id] ?? scripted;
    return { ...recording, run: run ?? missing(recording.id), written: run !== undefined };
  });
}

function missing(id: string): Scenario {
  return () => Promise.reject(new Error(`Scenario "${id}" is not written`));
}

/** The file beside this source, also from the build. */
function located(file: string): URL {
  const here = new URL(file, import.meta.url);
  return existsSync(here) ? here : new URL(`../../conformance/${file}`, import.meta.url);
}
