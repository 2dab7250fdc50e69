import { DOWN, erlang, gen_server, OtpError, type Pid, SHUTDOWN, supervisor, atoms } from "@otpts/runtime";
import { start_delivery } from "./delivery.ts";
import { config_manager } from "./manager.ts";
import { isTagged } from "./messages.ts";
import type { Source } from "./sources/source.ts";
import { ConfigSpec } from "./spec.ts";
import { start_worker } from "./source_worker.ts";
import { type Receiver, type Vault, vaultOf } from "./vault.ts";

const { ALREADY_STARTED, BRUTAL_KILL, ONE_FOR_ONE, PROCESS, REST_FOR_ONE, SIMPLE_ONE_FOR_ONE, SUPERVISOR, TRANSIENT } =
  atoms;

/**
 * The manager's tree:
 *
 *     ConfigManager.start          rest_for_one
 *     ├── sources                  one_for_one: a process for each source
 *     ├── deliveries               simple_one_for_one: a process for each subscribed callback
 *     └── the manager              registered as "config_manager"
 *
 * Any of them may be killed: it is started again, and what it knew is in the vault of the `ConfigSpec`, which outlives the
 * tree. A supervisor that starts the tree again with the same specification loses no put and no subscription.
 */

/** Restarts within five seconds that each of the supervisors bears before it gives up and its own supervisor starts it. */
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
   * @throws ConfigSourceError when a required source cannot be loaded, ConfigValidationError when what was loaded is not
   *   valid, OtpError `[ALREADY_STARTED, pid]` when the name is taken. Inside a process all of them as the reason of an
   *   OtpError, as supervisors want it
   */
  start: start as <S extends ConfigSpec<never> | ConfigSpec>(spec: S) => Promise<Pid>,
  /** Like `start`; must be called inside a process. */
  start_link: start_link as <S extends ConfigSpec<never> | ConfigSpec>(spec: S) => Promise<Pid>,
  /** A child specification that starts a manager: permanent, with the manager's name as id. */
  child_spec(spec: ConfigSpec): supervisor.ChildSpec {
    return supervisor.child_spec({ id: spec.name, task: start, args: [spec], type: SUPERVISOR });
  },
};

async function launch(spec: ConfigSpec, linked: boolean): Promise<Pid> {
  if (!(spec instanceof ConfigSpec)) {
    throw new TypeError(`Cannot start a configuration manager: it wants a ConfigSpec, got ${typeof spec}`);
  }
  const vault = vaultOf(spec);
  await lastManagerGone(vault);
  try {
    const children = [sources(vault), deliveries(vault), manager(vault)];
    const options = supervisor.options({ ...INTENSITY, strategy: REST_FOR_ONE });
    return await (linked ? supervisor.start_link(children, options) : supervisor.start(children, options));
  } catch (error) {
    throw unwrapped(error, spec, linked);
  }
}

/** A tree that was killed from above leaves its manager a moment to end, which holds the name meanwhile. */
function lastManagerGone({ manager, tree }: Vault): Promise<void> {
  const orphaned = manager !== undefined && tree !== undefined && !erlang.is_process_alive(tree);
  if (!orphaned || !erlang.is_process_alive(manager)) return Promise.resolve();
  return new Promise((resolve) => {
    erlang.spawn(async () => {
      const ref = erlang.monitor(PROCESS, manager);
      await erlang.receive((message) => isTagged(message, DOWN) && message[1] === ref, { after: PATIENCE });
      resolve();
    });
  });
}

/** Milliseconds that an orphaned manager gets. */
const PATIENCE = 5_000;

function sources(vault: Vault): supervisor.ChildSpec {
  const children = vault.slots.map((slot) =>
    supervisor.child_spec({ id: slot.name, task: () => start_worker(vault, slot) }),
  );
  const options = supervisor.options({ ...INTENSITY, strategy: ONE_FOR_ONE });
  return supervisor.child_spec({
    id: "sources",
    type: SUPERVISOR,
    task: () => {
      claim(vault);
      return supervisor.start_link(children, options);
    },
  });
}

/** One tree at a time writes to a vault. @throws OtpError [ALREADY_STARTED, pid] when another one does */
function claim(vault: Vault): void {
  const { tree, manager } = vault;
  const self = erlang.self();
  if (tree !== undefined && tree !== self && erlang.is_process_alive(tree)) {
    throw new OtpError([ALREADY_STARTED, manager ?? tree]);
  }
  for (const { source } of vault.slots) {
    const served = serving.get(source);
    if (served === undefined || served === vault) continue;
    if (served.tree === undefined || !erlang.is_process_alive(served.tree)) continue;
    throw new TypeError(
      `Cannot start a configuration manager: source "${source.name}" serves "${served.spec.name}" already; a source object serves one manager`,
    );
  }
  for (const { source } of vault.slots) serving.set(source, vault);
  vault.tree = self;
}

/** Whose sources are whose. */
const serving = new WeakMap<Source, Vault>();

function deliveries(vault: Vault): supervisor.ChildSpec {
  const child: supervisor.ChildSpec = {
    id: "delivery",
    task: (receiver: Receiver) => start_delivery(vault, receiver),
    restart: TRANSIENT,
    // A callback that hangs would not listen.
    shutdown: BRUTAL_KILL,
  };
  const options = supervisor.options({ ...INTENSITY, strategy: SIMPLE_ONE_FOR_ONE });
  return supervisor.child_spec({
    id: "deliveries",
    type: SUPERVISOR,
    task: async () => {
      const pid = await supervisor.start_link([child], options);
      vault.deliveries = pid;
      return pid;
    },
  });
}

function manager(vault: Vault): supervisor.ChildSpec {
  return supervisor.child_spec({
    id: "manager",
    task: () => gen_server.start_link(config_manager as never, vault as never, { name: vault.spec.name }),
  });
}

/** The manager's own reason, out of `{shutdown, {failed_to_start_child, manager, Reason}}`. */
function unwrapped(error: unknown, { name }: ConfigSpec, inProcess: boolean): unknown {
  if (!(error instanceof OtpError) || !Array.isArray(error.reason) || error.reason[0] !== SHUTDOWN) return error;
  const failed: unknown = (error.reason as unknown[])[1];
  const reason: unknown = Array.isArray(failed) ? failed[2] : undefined;
  if (reason instanceof Error) return inProcess ? new OtpError(reason, reason.message) : reason;
  if (Array.isArray(reason) && reason[0] === ALREADY_STARTED) {
    const runs = `"${name}" runs already as ${String(reason[1])}`;
    return new OtpError(
      reason,
      `Cannot start a configuration manager: ${runs}; a second one needs a ConfigSpec of its own with another name`,
    );
  }
  return reason === undefined ? error : new OtpError(reason);
}
