import type { Atom, supervisor } from "@otpts/runtime";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ConfigSpec } from "../spec.ts";

/** A visitor. */
export interface Visitor {
  /** For the history: changes are made by `dashboard:<user>`. */
  readonly user?: string;
  /** Whether this visitor may write, if the dashboard allows writing. Default: true. */
  readonly write?: boolean;
}

/** Options of a dashboard. */
export interface DashboardOptions {
  /** The configuration managers to show, by specification or name. Default: `"config_manager"`. */
  readonly config?: ConfigSpec | string | Atom | readonly (ConfigSpec | string | Atom)[];
  /** The title of the page. Default: the name of the program's main file. */
  readonly title?: string;
  /** The path it is mounted under, such as `/otp`, if the framework leaves that in the URL. Default: none. */
  readonly base?: string;
  /** `false` allows changes: of the configuration, and of processes. Default: true. */
  readonly read_only?: boolean;
  /** Whether states of processes and requests are shown, as returned by `format_status`. Default: false. */
  readonly show_state?: boolean;
  /**
   * Decides about access, and opens the dashboard to other machines; without it, only this machine has access. Called
   * with each request; false or undefined refuses it, and a `Response` answers it.
   */
  readonly authorize?: (
    request: Request,
  ) => boolean | undefined | Visitor | Response | Promise<boolean | undefined | Visitor | Response>;
  /**
   * A token for writes by programs, in the header `x-dashboard-token`, besides the tokens of pages: for the command
   * line and for scripts. At least 16 characters, from a secret store or the environment. Default: none.
   */
  readonly token?: string;
  /** Host names of the dashboard, besides those of this machine. With `authorize` and without a list: any. */
  readonly hosts?: readonly string[];
  /** Port on which it listens on its own; 0 takes any. Default: 0. */
  readonly port?: number;
  /** Address on which it listens on its own. Default: 127.0.0.1. Others need `authorize`. */
  readonly hostname?: string;
  /** Called with the address when it listens on its own. Default: `console.log`. */
  readonly log?: (line: string) => void;
}

/** A dashboard. */
export interface Dashboard {
  /**
   * Answers a request, in web-standard form. `connection` is the framework's extra argument (Hono's and Deno's
   * environment, Bun's server): it has the address that a request comes from.
   */
  readonly fetch: (request: Request, connection?: unknown) => Promise<Response>;
  /** The same for Node's `http`, Express and Fastify's raw objects. */
  readonly node: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Serves it on its own, as a child of a supervisor, and prints its address. */
  readonly child_spec: supervisor.ChildSpec;
  /** Ends streams, listeners and timers. For programs that drop a dashboard without ending. */
  close(): void;
}

/** Options with their defaults. */
export interface Checked extends DashboardOptions {
  readonly managers: readonly (ConfigSpec | string)[];
  readonly title: string;
  readonly base: string;
  readonly read_only: boolean;
  readonly show_state: boolean;
  readonly port: number;
  readonly hostname: string;
  readonly log: (line: string) => void;
}

const KNOWN = [
  "config",
  "title",
  "base",
  "read_only",
  "show_state",
  "authorize",
  "hosts",
  "token",
  "port",
  "hostname",
  "log",
] as const;

const TYPES: Readonly<Record<string, string>> = {
  title: "string",
  base: "string",
  read_only: "boolean",
  show_state: "boolean",
  authorize: "function",
  token: "string",
  port: "number",
  hostname: "string",
  log: "function",
};

const SHORTEST_TOKEN = 16;

/** Checks the options. @throws TypeError for invalid ones */
export function checkOptions(given: DashboardOptions = {}): Checked {
  const refuse = (why: string) => new TypeError(`Cannot make a dashboard: ${why}`);
  if (typeof given !== "object" || given === null) throw refuse("its options must be an object");
  for (const [key, value] of Object.entries(given)) {
    if (!(KNOWN as readonly string[]).includes(key))
      throw refuse(`unknown option "${key}": the options are ${KNOWN.join(", ")}`);
    const type = TYPES[key];
    if (value !== undefined && type !== undefined && typeof value !== type)
      throw refuse(`${key} must be a ${type}, got ${typeof value}`);
  }
  const { config = "config_manager", base = "", hostname = "127.0.0.1", hosts, authorize } = given;
  const path = base.replace(/\/+$/u, "");
  if (path !== "" && !/^(?:\/[\w.~-]+)+$/u.test(path))
    throw refuse(`base must be a path such as "/otp", got "${base}"`);
  if (hosts !== undefined && (!Array.isArray(hosts) || hosts.some((host) => typeof host !== "string")))
    throw refuse("hosts must be a list of names");
  if (!isLoopback(hostname) && authorize === undefined)
    throw refuse(`hostname "${hostname}" lets other machines in, which needs authorize: it decides about access`);
  if (given.token !== undefined && given.token.length < SHORTEST_TOKEN)
    throw refuse(`token must have at least ${SHORTEST_TOKEN} characters, got ${given.token.length}`);
  const { port = 0 } = given;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw refuse(`port must be from 0 to 65,535, got ${port}`);
  const list = Array.isArray(config) ? (config as readonly (ConfigSpec | string | Atom)[]) : [config as ConfigSpec];
  return {
    ...given,
    managers: list.map((one) => {
      if (one instanceof ConfigSpec || typeof one === "string") return one;
      const name: unknown = (one as Atom | undefined)?.name;
      if (typeof name !== "string") throw refuse("config must be a ConfigSpec, a name, or a list of them");
      return name;
    }),
    title: given.title ?? mainFile(),
    base: path,
    read_only: given.read_only ?? true,
    show_state: given.show_state ?? false,
    port,
    hostname,
    log: given.log ?? ((line) => console.log(line)),
  };
}

function mainFile(): string {
  const parts = (process.argv[1] ?? "program").split(/[\\/]/u).filter((part) => part !== "dist" && part !== "src");
  return parts.slice(-2).join("/") || "program";
}

/** Whether an address or a host's name is this machine's own. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/gu, "");
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/u.test(name);
}
