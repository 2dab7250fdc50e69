#!/usr/bin/env node
/** The command line `otpts-config`. */
import { finish, listen } from "./cli/ending.ts";
import { main } from "./cli/main.ts";

listen();
await finish(await main(process.argv.slice(2)));
