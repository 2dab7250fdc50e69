// nact's map of systems by name; part of nact 7, but not of its types.
declare module "nact/lib/system-map.js" {
  const systemMap: {
    add(system: { readonly name: string; find(reference: unknown): unknown }): void;
    /** The object behind a reference, or nothing; without a reference, the system. */
    find(name: string, reference?: unknown): unknown;
  };
  export default systemMap;
}
