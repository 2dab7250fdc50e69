import { andThen } from "./maybe.ts";
import { type Budget, eachInTurn } from "./sliced.ts";

/**
 * Service links: variables that Kubernetes and Docker add to a program's own, one group for each service of the
 * namespace. A service `myapp` has `MYAPP_SERVICE_HOST`, `MYAPP_SERVICE_PORT`, `MYAPP_SERVICE_PORT_HTTP`,
 * `MYAPP_PORT=tcp://10.0.0.1:80`, `MYAPP_PORT_80_TCP`, `MYAPP_PORT_80_TCP_PROTO`, `MYAPP_PORT_80_TCP_PORT` and
 * `MYAPP_PORT_80_TCP_ADDR`.
 *
 * `…_PORT_80_TCP` and the like are links by their names, `…_PORT` by its value. `…_SERVICE_HOST` and `…_SERVICE_PORT`
 * are links only together with one of these, or with each other, as an address and a number.
 *
 * See the Kubernetes documentation, "Accessing the Service", "Environment variables"; Docker's links.
 */
export interface ServiceLinks {
  /** The beginning of the group's names. */
  readonly service: string;
  /** In the order of the entries. */
  readonly variables: readonly string[];
}

const URL = /^(?:tcp|udp|sctp):\/\/[0-9A-Fa-f.:[\]]{2,50}:\d{1,5}$/;
const PORT = /^(.+)_PORT_\d{1,5}_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
const SERVICE = /^(.+?)_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/;
const ADDRESS = /^[0-9A-Fa-f.:[\]]{2,50}$/;

/**
 * The groups of links among variables.
 *
 * @returns a promise if the budget was spent before the end
 */
export function serviceLinks(
  entries: Readonly<Record<string, string | undefined>>,
  budget: Budget,
): readonly ServiceLinks[] | Promise<readonly ServiceLinks[]> {
  const groups = new Map<string, string[]>();
  const add = (service: string, variable: string): void => {
    const group = groups.get(service);
    if (group === undefined) groups.set(service, [variable]);
    else group.push(variable);
  };
  const names = Object.keys(entries).filter((name) => name.length < 500);
  const byName = (name: string): void => {
    const text = entries[name] ?? "";
    const service = PORT.exec(name)?.[1];
    if (service !== undefined) add(service, name);
    else if (name.endsWith("_PORT") && URL.test(text)) add(name.slice(0, -"_PORT".length), name);
  };
  const byOthers = (name: string): void => {
    const service = SERVICE.exec(name)?.[1];
    if (service === undefined) return;
    const host = entries[`${service}_SERVICE_HOST`] ?? "";
    const port = entries[`${service}_SERVICE_PORT`] ?? "";
    if (groups.has(service) || (ADDRESS.test(host) && /^\d{1,5}$/.test(port))) add(service, name);
  };
  return andThen(eachInTurn(names, byName, budget), () =>
    andThen(eachInTurn(names, byOthers, budget), () =>
      [...groups].map(([service, variables]) => ({ service, variables })),
    ),
  );
}
