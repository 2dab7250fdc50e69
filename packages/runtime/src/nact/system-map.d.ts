declare module "nact/lib/system-map.js" {
  import type { Concrete } from "./concrete.ts";

  interface NamedSystem {
    readonly name: string;
    find(reference: unknown): Concrete | undefined;
  }
  const systemMap: {
    add(system: NamedSystem): void;
    find(name: string, reference?: unknown): Concrete | undefined;
  };
  export default systemMap;
}
