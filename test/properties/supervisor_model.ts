/**
 * OTP's supervisor as a pure function: which children are started and stopped, in which order, and the results of the child API, if each
 * step has had all its effects before the next one. All restarts fall into one period.
 */
import fc from "fast-check";

const IDS = ["c0", "c1", "c2", "c3", "c4"] as const;
export type Id = (typeof IDS)[number];

/** A child: trapping exits, and logging its start and its end. */
export interface Spec {
  readonly restart: "permanent" | "transient" | "temporary";
  readonly significant: boolean;
  /** Which of its starts fail, counted from 1. */
  readonly fails: readonly number[];
}

export interface Program {
  /** Under simple_one_for_one all children have the specification of c0, but for their failures. */
  readonly strategy: "one_for_one" | "one_for_all" | "rest_for_one" | "simple_one_for_one";
  readonly intensity: number;
  readonly auto: "never" | "any_significant" | "all_significant";
  /** How many of the children are there from the start. */
  readonly initial: number;
  readonly specs: Readonly<Record<Id, Spec>>;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly do: "crash"; readonly id: Id; readonly reason: "normal" | "shutdown" | "boom" | "kill" }
  | { readonly do: "terminate" | "restart" | "delete" | "start"; readonly id: Id };

/** The observation after a step: the lines logged since the previous one, the result, the children in start order. */
export interface Sight {
  readonly result: string;
  readonly log: readonly string[];
  /** `id pid` for a child that runs, `id undefined` for one that does not; undefined if the supervisor has ended. */
  readonly children: readonly string[] | undefined;
}

const spec = fc.record({
  restart: fc.constantFrom("permanent" as const, "permanent" as const, "transient" as const, "temporary" as const),
  significant: fc.boolean(),
  fails: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
});
const id = fc.constantFrom(...IDS);

export const programs: fc.Arbitrary<Program> = fc
  .record({
    strategy: fc.constantFrom<Program["strategy"]>("one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"),
    intensity: fc.integer({ min: 0, max: 8 }),
    auto: fc.constantFrom("never" as const, "never" as const, "any_significant" as const, "all_significant" as const),
    initial: fc.integer({ min: 0, max: IDS.length }),
    specs: fc.record({ c0: spec, c1: spec, c2: spec, c3: spec, c4: spec }),
    steps: fc.array(
      fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({
            do: fc.constant("crash" as const),
            id,
            reason: fc.constantFrom("normal" as const, "shutdown" as const, "boom" as const, "kill" as const),
          }),
        },
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constantFrom("terminate" as const, "restart" as const, "delete" as const, "start" as const),
            id,
          }),
        },
      ),
      { maxLength: 15, size: "max" },
    ),
  })
  .map((program) => ({ ...program, specs: valid(program, program.specs) }));

/** A significant child is never permanent, and there is none without automatic shutdown. */
function valid({ auto, strategy }: Pick<Program, "auto" | "strategy">, specs: Record<Id, Spec>): Record<Id, Spec> {
  const changed = Object.entries(specs).map(([of, own]) => {
    const { restart, significant } = strategy === "simple_one_for_one" ? specs.c0 : own;
    return [of, { ...own, restart, significant: significant && auto !== "never" && restart !== "permanent" }];
  });
  return Object.fromEntries(changed) as Record<Id, Spec>;
}

/** What is seen after the start (first), and after each of the steps. */
export function predict({ strategy, intensity, auto, initial, specs, steps }: Program): readonly Sight[] {
  const starts = new Map<Id, number>();
  let log: string[] = [];
  let children: { readonly id: Id; running: boolean }[] = [];
  let restarts = 0;
  let alive = true;

  const simple = strategy === "simple_one_for_one";
  const sights = [seen(begin(simple ? [] : IDS.slice(0, initial)))];
  for (const step of steps) {
    const act = simple ? performSimple : perform;
    sights.push(seen(alive ? act(step) : "noproc"));
  }
  return sights;

  function seen(result: string): Sight {
    const shown = children.map((child) => `${child.id} ${child.running ? "pid" : "undefined"}`);
    // Dynamic children are in no order, and are stopped together.
    const sight = { result, log: simple ? log.toSorted() : log, children: simple ? shown.toSorted() : shown };
    log = [];
    return alive ? sight : { ...sight, children: undefined };
  }

  function begin(ids: readonly Id[]): string {
    children = ids.map((each) => ({ id: each, running: false }));
    for (const child of children) {
      if (launch(child)) continue;
      shutDown();
      return `{error,{shutdown,{failed_to_start_child,${child.id},bad}}}`;
    }
    return "ok";
  }

  function perform(step: Step): string {
    const child = children.find((each) => each.id === step.id);
    switch (step.do) {
      case "crash":
        if (child?.running !== true) return "none";
        crash(child, step.reason);
        return "ok";
      case "terminate":
        if (child === undefined) return "{error,not_found}";
        stop(child);
        if (specs[child.id].restart === "temporary") forget(child);
        return "ok";
      case "restart":
        if (child === undefined) return "{error,not_found}";
        if (child.running) return "{error,running}";
        return launch(child) ? "ok" : "{error,bad}";
      case "delete":
        if (child === undefined) return "{error,not_found}";
        if (child.running) return "{error,running}";
        forget(child);
        return "ok";
      case "start": {
        if (child !== undefined) return child.running ? "{error,already_started}" : "{error,already_present}";
        const added = { id: step.id, running: false };
        if (!launch(added)) return "{error,bad}";
        children.push(added);
        return "ok";
      }
    }
  }

  function performSimple(step: Step): string {
    const child = children.find((each) => each.id === step.id);
    switch (step.do) {
      case "crash":
        if (child === undefined) return "none";
        crash(child, step.reason);
        return "ok";
      case "terminate":
        if (child === undefined) return "none";
        stop(child);
        forget(child);
        return "ok";
      case "restart":
      case "delete":
        return "{error,simple_one_for_one}";
      case "start": {
        if (child !== undefined) return "running";
        const added = { id: step.id, running: false };
        if (!launch(added)) return "{error,bad}";
        children.push(added);
        return "ok";
      }
    }
  }

  function crash(child: { readonly id: Id; running: boolean }, reason: string): void {
    if (reason !== "kill") log.push(`stop ${child.id} ${reason}`);
    child.running = false;
    const { restart, significant } = specs[child.id];
    const orderly = reason === "normal" || reason === "shutdown";
    if (restart === "permanent" || (restart === "transient" && !orderly)) {
      recover(child);
      return;
    }
    if (restart === "temporary" || simple) forget(child);
    if (!significant) return;
    const others = children.some((each) => each.running && specs[each.id].significant);
    if (auto === "any_significant" || (auto === "all_significant" && !others)) shutDown();
  }

  /** Restarts, again and again while a start fails, until the intensity is exceeded. */
  function recover(failed: { readonly id: Id; running: boolean }): void {
    let next: { readonly id: Id; running: boolean } | undefined = failed;
    while (next !== undefined) {
      restarts += 1;
      if (restarts > intensity) {
        shutDown();
        return;
      }
      next = attempt(next);
    }
  }

  /** One restart. Gives the child whose start failed, if one did. */
  function attempt(child: { readonly id: Id; running: boolean }): { readonly id: Id; running: boolean } | undefined {
    if (strategy === "one_for_one" || simple) return launch(child) ? undefined : child;
    const from = strategy === "one_for_all" ? 0 : children.indexOf(child);
    const group = children.slice(from);
    for (const each of group.toReversed()) stop(each);
    // What is temporary is not started again.
    const again = group.filter((each) => specs[each.id].restart !== "temporary");
    children = [...children.slice(0, from), ...again];
    return again.find((each) => !launch(each));
  }

  function launch(child: { readonly id: Id; running: boolean }): boolean {
    const nth = (starts.get(child.id) ?? 0) + 1;
    starts.set(child.id, nth);
    log.push(`start ${child.id}`);
    child.running = !specs[child.id].fails.includes(nth);
    return child.running;
  }

  function stop(child: { readonly id: Id; running: boolean }): void {
    if (child.running) log.push(`stop ${child.id} shutdown`);
    child.running = false;
  }

  function forget(child: { readonly id: Id }): void {
    children = children.filter((each) => each !== child);
  }

  function shutDown(): void {
    for (const child of children.toReversed()) stop(child);
    alive = false;
  }
}
