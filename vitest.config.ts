import { defineConfig } from "vitest/config";

// Tests read the packages' sources (the "@otpts/source" export condition); child processes that a test starts
// read what is published, which is bundled here from what `tsc -b` made.
const source = { resolve: { conditions: ["@otpts/source"] }, ssr: { resolve: { conditions: ["@otpts/source"] } } };

export default defineConfig({
  ...source,
  test: {
    globalSetup: ".ci/bundle.js",
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/lib/**"],
    pool: "forks",
    maxWorkers: 2,
    // Of tests that wait side by side in a file.
    maxConcurrency: 8,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    server: { deps: { inline: [/@otpts\//] } },
  },
});
