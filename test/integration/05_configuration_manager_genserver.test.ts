/**
 * The specification's block "Configuration Manager GenServer", twice: its messages, sent to the manager; and the block itself, which
 * is a server that the runtime must be able to run.
 */
import {
  type ChangeCallback,
  Config,
  config_path_atom,
  ConfigValidationError,
  EnvironmentSource,
  FileSource,
  GET_CONFIG,
  path_from_atom,
  PUT_CONFIG,
  RELOAD,
  type ReloadReport,
  SOURCE_UPDATE,
  STATUS,
  SUBSCRIBE,
  UNSUBSCRIBE,
} from "@otpts/config";
import { type Atom, atom, erlang, gen_server, NOREPLY, OK, REPLY, atoms } from "@otpts/runtime";
import { beforeEach, describe, expect, test } from "vitest";
import { afterwards, eachAlone, eventually, folder, started } from "./kit.ts";

const { ERROR } = atoms;

eachAlone();

describe("Configuration Manager GenServer: the manager", () => {
  let env: Record<string, string>;

  beforeEach(async () => {
    const file = await folder({ "config.toml": `[database]\nurl = "first"\n` });
    env = {};
    const sources = [
      new FileSource(file("config.toml"), { name: "file" }),
      new EnvironmentSource({ prefix: "MYAPP_", env, name: "env" }),
    ];
    await started({ sources, reload_interval: 0 });
  });

  test("init loads the initial configuration from all sources before the start completes", async () => {
    expect(await gen_server.call("config_manager", [GET_CONFIG, "database.url"])).toBe("first");
  });

  test("[GET_CONFIG, path, default] replies with the value, or with the default if there is none", async () => {
    const path_atom = config_path_atom("database.max_connections");
    expect(await gen_server.call("config_manager", [GET_CONFIG, path_atom, 10])).toBe(10);
    expect(await gen_server.call("config_manager", [GET_CONFIG, path_atom])).toBeUndefined();
    expect(await gen_server.call("config_manager", [GET_CONFIG, config_path_atom("database.url"), 10])).toBe("first");
    expect(await gen_server.call("config_manager", [GET_CONFIG, ["database", "url"]])).toBe("first");
    expect(await gen_server.call("config_manager", [GET_CONFIG, "database"])).toEqual({ url: "first" });
  });

  test("[PUT_CONFIG, path, value] sets the value, notifies the subscribers, then replies true", async () => {
    const told: unknown[][] = [];
    const callback: ChangeCallback = (path, old_value, new_value) => void told.push([path, old_value, new_value]);
    expect(await gen_server.call("config_manager", [SUBSCRIBE, "database.*", callback])).toBe(true);
    expect(await gen_server.call("config_manager", [PUT_CONFIG, config_path_atom("database.url"), "second"])).toBe(
      true,
    );
    expect(told).toEqual([["database.url", "first", "second"]]);
    expect(await gen_server.call("config_manager", [UNSUBSCRIBE, "database.*", callback])).toBe(true);
    expect(await gen_server.call("config_manager", [PUT_CONFIG, "database.url", "third"])).toBe(true);
    expect(told).toHaveLength(1);
  });

  test("[RELOAD] as a cast loads again without a reply, and so does the bare atom", async () => {
    // An environment is not watched: only a reload finds its changes.
    env["MYAPP_FLAG"] = "second";
    expect(gen_server.cast("config_manager", [RELOAD])).toBe(OK);
    await eventually(async () => (await Config.get("flag")) === "second");
    env["MYAPP_FLAG"] = "third";
    expect(gen_server.cast("config_manager", RELOAD as never)).toBe(OK);
    await eventually(async () => (await Config.get("flag")) === "third");
  });

  test("[RELOAD] as a call replies with the report: version, changed paths, each source's outcome", async () => {
    const before = (await Config.status()).version;
    expect(await gen_server.call("config_manager", [RELOAD])).toEqual({
      version: before,
      changed: [],
      sources: [
        { source: "file", outcome: "unchanged" },
        { source: "env", outcome: "unchanged" },
      ],
    } satisfies ReloadReport);
    env["MYAPP_FLAG"] = "second";
    expect(await gen_server.call("config_manager", [RELOAD])).toMatchObject({
      version: before + 1,
      changed: ["flag"],
      sources: [{ outcome: "unchanged" }, { outcome: "data" }],
    });
    expect(await Config.get("flag")).toBe("second");
  });

  test("[SOURCE_UPDATE, source_name, tree] as a cast replaces that source's layer", async () => {
    gen_server.cast("config_manager", [SOURCE_UPDATE, "file", { database: { pool: 5 } }]);
    expect(await Config.get("database.pool")).toBe(5);
    expect(await Config.get("database.url")).toBeUndefined();
  });

  test("[SOURCE_UPDATE, …] of an unknown source, or of a value that is not a table, has no effect", async () => {
    gen_server.cast("config_manager", [SOURCE_UPDATE, "nobody", { database: { url: "x" } }]);
    gen_server.cast("config_manager", [SOURCE_UPDATE, "file", "no table" as never]);
    expect(await Config.get("database.url")).toBe("first");
    expect((await Config.status()).sources[0]).toMatchObject({ state: "error" });
  });

  test("[STATUS] replies with the manager's status", async () => {
    expect(await gen_server.call("config_manager", [STATUS])).toMatchObject({
      id: "myapp_config",
      name: "config_manager",
      keys: 1,
      sources: [
        { name: "file", kind: "file", state: "ok" },
        { name: "env", kind: "env", state: "ok" },
      ],
    });
  });

  test("any other call gets an error reply, and the manager lives on", async () => {
    const manager = erlang.whereis("config_manager");
    const requests: unknown[] = [
      "get_config",
      undefined,
      null,
      42,
      {},
      [],
      ["get_config", "database.url"],
      [atom.ensure("drop_tables")],
      [GET_CONFIG],
      [GET_CONFIG, 42],
      [GET_CONFIG, ""],
      [PUT_CONFIG, "", 1],
      [PUT_CONFIG, "a"],
      [SUBSCRIBE, "a.*", 42],
      [UNSUBSCRIBE],
    ];
    for (const request of requests) {
      const reply = (await gen_server.call("config_manager", request as never)) as [Atom, Error];
      expect([request, reply[0]]).toEqual([request, ERROR]);
      expect(reply[1]).toBeInstanceOf(Error);
    }
    gen_server.cast("config_manager", [atom.ensure("drop_tables")] as never);
    erlang.send("config_manager", "a message out of the blue");
    expect(await Config.get("database.url")).toBe("first");
    expect(erlang.whereis("config_manager")).toBe(manager);
  });

  test("[PUT_CONFIG, …] of a value that is not plain data replies with the ConfigValidationError that Config.put throws", async () => {
    const reply = (await gen_server.call("config_manager", [PUT_CONFIG, "a", () => 1])) as [Atom, Error];
    expect(reply).toEqual([ERROR, expect.any(ConfigValidationError)]);
    await expect(Config.put("a", () => 1)).rejects.toThrow(reply[1].message);
  });
});

/** The block, line for line: a manager as the specification sketches it, on the runtime's gen_server. */
interface State {
  spec: () => Promise<Map<Atom, unknown>>;
  config: Map<Atom, unknown>; // Maps path atoms to values
  subscribers: Map<Atom, ChangeCallback[]>; // Maps path pattern atoms to callback functions
  last_reload: number;
}

async function _reload_config(state: State): Promise<void> {
  state.config = await state.spec();
  state.last_reload++;
}

async function _merge_source_config(state: State, _source_name: string, new_config: Map<Atom, unknown>): Promise<void> {
  for (const [path_atom, value] of new_config) state.config.set(path_atom, value);
}

async function _notify_subscribers(state: State, path_atom: Atom, old_value: unknown, value: unknown): Promise<void> {
  for (const callback of state.subscribers.get(path_atom) ?? []) {
    await callback(path_from_atom(path_atom), old_value as never, value as never, undefined as never);
  }
}

const config_callbacks = {
  /** Initialize configuration manager with sources. */
  async init(config_spec: State["spec"]) {
    const state: State = { spec: config_spec, config: new Map(), subscribers: new Map(), last_reload: 0 };

    // Load initial configuration from all sources
    await _reload_config(state);

    return [OK, state] as const;
  },

  /** Handle synchronous configuration requests using atom dispatch. */
  async handle_call(message: readonly [Atom, Atom, unknown], _caller: gen_server.From, state: State) {
    const [msg_type, path_atom, value] = message;
    switch (msg_type) {
      case GET_CONFIG:
        return [REPLY, state.config.get(path_atom) ?? value, state] as const;

      case PUT_CONFIG: {
        const old_value = state.config.get(path_atom);
        state.config.set(path_atom, value);

        // Notify subscribers
        await _notify_subscribers(state, path_atom, old_value, value);

        return [REPLY, true, state] as const;
      }

      case SUBSCRIBE:
        if (!state.subscribers.has(path_atom)) state.subscribers.set(path_atom, []);
        state.subscribers.get(path_atom)?.push(value as ChangeCallback);
        return [REPLY, true, state] as const;

      default:
        return [REPLY, [ERROR, msg_type], state] as const;
    }
  },

  /** Handle asynchronous configuration updates. */
  async handle_cast(message: readonly [Atom, string?, Map<Atom, unknown>?], state: State) {
    const [msg_type, source_name, new_config] = message;
    if (msg_type === RELOAD) await _reload_config(state);
    else if (msg_type === SOURCE_UPDATE && source_name !== undefined && new_config !== undefined)
      await _merge_source_config(state, source_name, new_config);

    return [NOREPLY, state] as const;
  },
};

describe("Configuration Manager GenServer: the block", () => {
  const url = config_path_atom("database.url");
  let loads: number;

  beforeEach(async () => {
    loads = 0;
    const config_spec = () => Promise.resolve(new Map<Atom, unknown>([[url, `load ${++loads}`]]));
    const pid = await gen_server.start(config_callbacks, config_spec, { name: "note_manager" });
    afterwards(() => gen_server.stop(pid));
  });

  test("gen_server runs it: init, get with default, put, subscribe", async () => {
    const told: unknown[] = [];
    const callback = async (path: string, old_value: unknown, new_value: unknown) => {
      told.push([path, old_value, new_value]);
    };
    expect(await gen_server.call("note_manager", [GET_CONFIG, url, undefined])).toBe("load 1");
    expect(await gen_server.call("note_manager", [GET_CONFIG, config_path_atom("absent"), 10])).toBe(10);
    expect(await gen_server.call("note_manager", [SUBSCRIBE, url, callback])).toBe(true);
    expect(await gen_server.call("note_manager", [PUT_CONFIG, url, "put"])).toBe(true);
    expect(told).toEqual([["database.url", "load 1", "put"]]);
  });

  test("gen_server runs its casts in order, before the call that comes after them", async () => {
    gen_server.cast("note_manager", [RELOAD]);
    gen_server.cast("note_manager", [SOURCE_UPDATE, "file", new Map([[url, "from a source"]])]);
    expect(await gen_server.call("note_manager", [GET_CONFIG, url, undefined])).toBe("from a source");
    expect(loads).toBe(2);
  });
});
