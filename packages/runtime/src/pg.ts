export * as pg from "./pg/functions.ts";
/**
 * Process groups: `pg.join(group, pid)`, `pg.get_members(group)`, `pg.monitor(group)`. OTP's `pg` on a single node.
 * `docs/pg.md` is the guide.
 */
declare module "./pg/functions.ts" {}
export { JOIN, LEAVE, NOT_JOINED } from "./pg/server.ts";
