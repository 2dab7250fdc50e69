/** The specification's block "Atom-Based Message Dispatch": the operations' atoms, and paths as atoms. */
import {
  Config,
  CONFIG_CHANGED,
  config_path_atom,
  GET_CONFIG,
  path_from_atom,
  PUT_CONFIG,
  RELOAD,
  SOURCE_UPDATE,
  STATUS,
  SUBSCRIBE,
  UNSUBSCRIBE,
} from "@otpts/config";
import { type Atom, Atom as AtomClass, atom, gen_server } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import { eachAlone, started } from "./kit.ts";

eachAlone();

// Operation atoms (pre-created for performance), as the block makes them
const block = {
  GET_CONFIG: atom.ensure("get_config"),
  PUT_CONFIG: atom.ensure("put_config"),
  SUBSCRIBE: atom.ensure("subscribe"),
  UNSUBSCRIBE: atom.ensure("unsubscribe"),
  RELOAD: atom.ensure("reload"),
  CONFIG_CHANGED: atom.ensure("config_changed"),

  /** Convert a config path string to an atom for fast lookup. */
  config_path_atom: (path: string) => atom.ensure(`config.${path}`),

  /** Extract config path from atom. */
  path_from_atom(atom_obj: Atom) {
    const { name } = atom_obj;
    if (name.startsWith("config.")) return name.slice(7); // Remove "config." prefix
    return name;
  },
};

describe("Atom-Based Message Dispatch", () => {
  test("the block's atoms are exported", () => {
    expect(GET_CONFIG).toBe(block.GET_CONFIG);
    expect(PUT_CONFIG).toBe(block.PUT_CONFIG);
    expect(SUBSCRIBE).toBe(block.SUBSCRIBE);
    expect(UNSUBSCRIBE).toBe(block.UNSUBSCRIBE);
    expect(RELOAD).toBe(block.RELOAD);
    expect(CONFIG_CHANGED).toBe(block.CONFIG_CHANGED);
    expect(SOURCE_UPDATE).toBe(atom.ensure("source_update"));
    expect(STATUS).toBe(atom.ensure("status"));
  });

  test("an atom is one object with a name, and two of one name are the same", () => {
    expect(GET_CONFIG).toBeInstanceOf(AtomClass);
    expect(GET_CONFIG.name).toBe("get_config");
    expect(atom.ensure("get_config") === GET_CONFIG).toBe(true);
    expect((atom.ensure("put_config") as Atom) === GET_CONFIG).toBe(false);
    expect(atom.existing("get_config")).toBe(GET_CONFIG);
  });

  test("config_path_atom and path_from_atom work as the block's, and are inverse", () => {
    for (const path of ["database.url", "feature_flags.new_ui", "queuemizer.tc_rules.*", "a"]) {
      expect(config_path_atom(path)).toBe(block.config_path_atom(path));
      expect(config_path_atom(path).name).toBe(`config.${path}`);
      expect(path_from_atom(config_path_atom(path))).toBe(path);
    }
    expect(path_from_atom(atom.ensure("no_path"))).toBe("no_path");
    expect(path_from_atom(atom.ensure("no_path"))).toBe(block.path_from_atom(atom.ensure("no_path")));
  });

  test("config_path_atom preserves a path that itself begins with config.", () => {
    expect(path_from_atom(config_path_atom("config.version"))).toBe("config.version");
  });

  test("the manager dispatches on these atoms, and accepts path atoms for paths and patterns", async () => {
    await started();
    const path_atom = config_path_atom("database.url");
    const told: unknown[] = [];
    const callback = (path: string): void => void told.push(path);
    await gen_server.call("config_manager", [block.SUBSCRIBE, block.config_path_atom("database.*"), callback]);
    expect(await gen_server.call("config_manager", [block.PUT_CONFIG, path_atom, "postgres://"])).toBe(true);
    expect(await gen_server.call("config_manager", [block.GET_CONFIG, path_atom])).toBe("postgres://");
    expect(await Config.get("database.url")).toBe("postgres://");
    expect(told).toEqual(["database.url"]);
  });
});
