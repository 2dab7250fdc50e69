#!/usr/bin/env node
/** The command line `otpts-config`. */
import { readFileSync } from "node:fs";
import { finish, listen } from "./cli/ending.ts";
import { main } from "./cli/main.ts";

const version = (): string => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
};

listen();
await finish(await main(process.argv.slice(2), version));
