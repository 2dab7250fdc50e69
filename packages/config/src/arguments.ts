/**
 * Configuration from the command line, as a source: `--database.url x`, `--no-cache`, `--set a.b=1`. A separate entry:
 *
 *     import { ArgumentsSource } from "@otpts/config/arguments";
 */
export { type ArgumentsOptions, ArgumentsSource } from "./sources/arguments.ts";
