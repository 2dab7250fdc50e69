import { atoms, DOWN, erlang, gen_server, OtpError, type Pid, SHUTDOWN, supervisor } from "@otpts/runtime";
import type { Source } from "../sources/source.ts";
import { ConfigSpec } from "../spec.ts";
import { start_delivery } from "./delivery.ts";
import { config_manager } from "./manager.ts";
import { isTagged } from "./messages.ts";
import { start_worker } from "./source_worker.ts";

const { ALREADY_STARTED, BRUTAL_KILL, ONE_FOR_ONE, PROCESS, REST_FOR_ONE, SIMPLE_ONE_FOR_ONE, SUPERVISOR, TEMPORARY } =
  atoms;

/**
 * The manager's tree:
 *
 *     ConfigManager.start          rest_for_one
 *     ├── sources                  one_for_one: a process for each source
 *     ├── deliveries               simple_one_for_one: a process for each subscribed callback
 *     └── the manager              registered as "config_manager"
 *
 * Any of them may be killed: it is restarted, and its state is in the `ManagerStore` of the `ConfigSpec`, which
 * outlives the tree. If a supervisor restarts the tree with the same specification, no put and no subscription is lost.
 */

/**
 * The restarts within five seconds that each of the supervisors allows before it gives up and its own supervisor
 * restarts it.
 */
const INTENSITY = { max_restarts: 100, max_seconds: 5 };

async function start(spec: ConfigSpec): Promise<Pid> {
  return launch(spec, erlang.is_process());
}

async function start_link(spec: ConfigSpec): Promise<Pid> {
  return launch(spec, true);
}

/**
 * A configuration manager.
 */
export const ConfigManager = {
  /**
   * Starts a manager for a supervisor (`task: ConfigManager.start, args: [config_spec]`): linked to the calling process, if
   * there is one. Resolves when every source has answered and the configuration is valid.
   *
   * @returns the pid of the manager's tree; the manager itself is registered under the specification's name
   * @throws ConfigSourceError if a required source cannot be loaded, ConfigValidationError if the loaded configuration
   *   is not valid, OtpError `[ALREADY_STARTED, pid]` if the name is taken. Inside a process, each of these is the
   *   reason of an OtpError, as supervisors need it
   */
  start: start as <S extends ConfigSpec<never> | ConfigSpec>(spec: S) => Promise<Pid>,
  /** Like `start`, but must be called inside a process. */
  start_link: start_link as <S extends ConfigSpec<never> | ConfigSpec>(spec: S) => Promise<Pid>,
  /** A child specification that starts a manager: permanent, with the manager's name as id. */
  child_spec(spec: ConfigSpec): supervisor.ChildSpec {
    return supervisor.child_spec({ id: spec.name, task: start, args: [spec], type: SUPERVISOR });
  },
};

async function launch(spec: ConfigSpec, linked: boolean): Promise<Pid> {
  if (!(spec instanceof ConfigSpec)) {
    throw new TypeError(`Cannot start a configuration manager: it needs a ConfigSpec, got ${typeof spec}`);
  }
  await lastManagerGone(spec);
  try {
    const options = supervisor.options({ ...INTENSITY, strategy: REST_FOR_ONE });
    return await (linked ? supervisor.start_link(children(spec), options) : supervisor.start(children(spec), options));
  } catch (error) {
    throw unwrapped(error, spec, linked);
  }
}

/** The three children. Later ones get the pids of earlier ones, and are restarted with them. */
function children(spec: ConfigSpec): readonly supervisor.ChildSpec[] {
  const options = (strategy: typeof ONE_FOR_ONE | typeof SIMPLE_ONE_FOR_ONE) =>
    supervisor.options({ ...INTENSITY, strategy });
  const workers = spec.layer_names.map((id, index) =>
    supervisor.child_spec({ id, task: start_worker, args: [spec, index] }),
  );
  // A hanging callback would not listen. When such a process ends for any reason, the manager starts a new one.
  const delivery: supervisor.ChildSpec = {
    id: "delivery",
    task: start_delivery,
    restart: TEMPORARY,
    shutdown: BRUTAL_KILL,
  };
  let sources: Pid;
  let deliveries: Pid;
  return [
    supervisor.child_spec({
      id: "sources",
      type: SUPERVISOR,
      task: async () => {
        claim(spec);
        return (sources = await supervisor.start_link(workers, options(ONE_FOR_ONE)));
      },
    }),
    supervisor.child_spec({
      id: "deliveries",
      type: SUPERVISOR,
      task: async () => (deliveries = await supervisor.start_link([delivery], options(SIMPLE_ONE_FOR_ONE))),
    }),
    supervisor.child_spec({
      id: "manager",
      task: () => gen_server.start_link(config_manager, { spec, sources, deliveries }, { name: spec.name }),
    }),
  ];
}

/** Waits for the manager of a killed tree, which still has the name for a moment. */
function lastManagerGone(spec: ConfigSpec): Promise<void> {
  const tree = claims.get(spec);
  const manager = erlang.whereis(spec.name);
  if (tree === undefined || manager === undefined || erlang.is_process_alive(tree)) return Promise.resolve();
  return new Promise((resolve) => {
    erlang.spawn(async () => {
      const ref = erlang.monitor(PROCESS, manager);
      await erlang.receive((message) => isTagged(message, DOWN) && message[1] === ref, { after: PATIENCE });
      resolve();
    });
  });
}

/** How long to wait for an orphaned manager, in ms. */
const PATIENCE = 5_000;

/**
 * Claims a specification and its sources for the tree whose top supervisor calls this.
 *
 * @throws OtpError [ALREADY_STARTED, pid] if another tree has it, TypeError if another tree has one of its sources
 */
function claim(spec: ConfigSpec): void {
  const self = erlang.self();
  const isTaken = (tree: Pid | undefined): tree is Pid =>
    tree !== undefined && tree !== self && erlang.is_process_alive(tree);
  const tree = claims.get(spec);
  if (isTaken(tree)) throw new OtpError([ALREADY_STARTED, erlang.whereis(spec.name) ?? tree]);
  for (const source of spec.sources) {
    const other = servedBy.get(source);
    if (other === undefined || other === spec || !isTaken(claims.get(other))) continue;
    throw new TypeError(
      `Cannot start a configuration manager: source "${source.name}" already serves "${other.name}"; a source object serves one manager`,
    );
  }
  for (const source of spec.sources) servedBy.set(source, spec);
  claims.set(spec, self);
}

/** The tree that has a specification: like a registered name, a claim holds while the process is alive. */
const claims = new WeakMap<ConfigSpec, Pid>();
const servedBy = new WeakMap<Source, ConfigSpec>();

/** The manager's own reason, out of `{shutdown, {failed_to_start_child, manager, Reason}}`. */
function unwrapped(error: unknown, { name }: ConfigSpec, inProcess: boolean): unknown {
  if (!(error instanceof OtpError) || !Array.isArray(error.reason) || error.reason[0] !== SHUTDOWN) return error;
  const failed: unknown = (error.reason as unknown[])[1];
  const reason: unknown = Array.isArray(failed) ? failed[2] : undefined;
  if (reason instanceof Error) return inProcess ? new OtpError(reason, reason.message) : reason;
  if (Array.isArray(reason) && reason[0] === ALREADY_STARTED) {
    const runs = `"${name}" is already running as ${String(reason[1])}`;
    return new OtpError(
      reason,
      `Cannot start a configuration manager: ${runs}; a second one needs another ConfigSpec with another name`,
    );
  }
  return reason === undefined ? error : new OtpError(reason);
}
