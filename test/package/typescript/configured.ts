/** A module that imports the configuration alone, and exports the specifications of its processes. */
import { ConfigManager, ConfigSpec, FileSource } from "@otpts/config";

export const configuration = ConfigManager.child_spec(new ConfigSpec({ sources: [new FileSource("settings.toml")] }));
