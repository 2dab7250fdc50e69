/** Options of the wrong type, as programs without types give them: none is silently ignored. */
import { describe, expect, test } from "vitest";

import { ArgumentsSource } from "../../src/arguments.ts";
import { HttpSource } from "../../src/http.ts";
import { ConsulSource, EnvironmentSource, TemplateSource } from "../../src/index.ts";
import { remote_source } from "../../src/remote.ts";

type Make = (options: never) => unknown;

const remote = (options: object) =>
  remote_source({ name: "n", load: async () => ({ absent: true }) as const, ...options });

describe("an option", () => {
  test.each<[source: string, make: Make, options: readonly string[]]>([
    ["EnvironmentSource", (options) => new EnvironmentSource(options), ["mapping", "env"]],
    ["ArgumentsSource", (options) => new ArgumentsSource(options), ["mapping"]],
    ["TemplateSource", (options) => new TemplateSource("a.toml.template", options), ["substitutions", "env"]],
    ["ConsulSource", (options) => new ConsulSource("app", options), ["tls", "backoff"]],
    ["HttpSource", (options) => new HttpSource("https://host/a.toml", options), ["tls", "backoff"]],
    ["remote_source", remote as Make, ["backoff"]],
  ])("of %s that has names is neither a list nor a Map nor anything else", (_, make, options) => {
    for (const option of options) {
      for (const [value, words] of [
        [null, "got null"],
        [5, "got number"],
        ["x", "got string"],
        [[["A", "b"]], "got an array"],
        [new Map([["A", "b"]]), "got a Map"],
      ] as const) {
        expect(() => make({ [option]: value } as never)).toThrow(new RegExp(`${option}"? must be an object, ${words}`));
      }
    }
  });

  test.each(["address", "host", "socket", "token_file", "datacenter", "namespace", "partition", "cache_file", "name"])(
    "of ConsulSource that is a text is nothing else: %s",
    (option) => {
      for (const value of [null, 5, true, {}, [], Symbol("x")]) {
        expect(() => new ConsulSource("app", { [option]: value })).toThrow(`"${option}" must be a string, got `);
      }
    },
  );

  test.each(["write_through", "required"])("of ConsulSource that is a boolean is no text: %s", (option) => {
    expect(() => new ConsulSource("app", { [option]: "false" })).toThrow(`"${option}" must be a boolean, got string`);
  });

  test("of TemplateSource is an object", () => {
    for (const options of [null, 5, new Map(), []]) {
      expect(() => new TemplateSource("a.toml.template", options as never)).toThrow("options must be an object, got ");
    }
  });
});
