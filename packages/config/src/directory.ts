/**
 * Configuration from directories, as sources: one file for each value (secrets of Kubernetes and Docker, credentials of
 * systemd), and `conf.d`, whose files are merged. A separate entry:
 *
 *     import { DirectorySource } from "@otpts/config/directory";
 */
export type { ConfDirectoryOptions } from "./sources/conf_directory.ts";
export { type DirectoryOptions, DirectorySource } from "./sources/directory.ts";
