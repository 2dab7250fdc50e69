/** The dashboard in a real Chromium, on the shop of the examples: one browser and one program for all screens. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testing } from "@otpts/runtime/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startChromium } from "./dashboard/chromium.ts";
import { pale } from "./dashboard/contrast.ts";
import { Program } from "./program.ts";

const started = await startChromium();
const missing = typeof started === "string" ? started : undefined;
if (missing !== undefined && process.env["OTPTS_REQUIRE_CHROMIUM"] === "1") throw new Error(missing);

describe.skipIf(missing !== undefined)(
  `the dashboard in Chromium${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    const browser = started as Browser;
    const troubles: string[] = [];
    let folder: string;
    let port: number;
    let program: Program;
    let config: string;
    let page: Page;

    const run = async () => {
      program = new Program("web/shop.js", {
        DASHBOARD_PORT: String(port),
        OVERRIDES: join(folder, "overrides.json"),
        SHOP_SHOP_CURRENCY: "CHF",
        TMPDIR: folder,
      });
      const [, address] = await program.printed(/Dashboard: (\S+)\n/u);
      const [, file] = await program.printed(/edit (\S+)\n/u);
      config = file as string;
      return address as string;
    };
    const open = (path: string) => page.goto(`http://127.0.0.1:${port}/${path}`);
    const row = (name: string) =>
      page.locator("table.rows tbody tr", { has: page.locator("a.name", { hasText: new RegExp(`^${name}$`, "u") }) });
    const panel = () => page.locator("aside.panel");

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "otpts-dashboard-"));
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      port = (server.address() as AddressInfo).port;
      await new Promise((resolve) => server.close(resolve));
      const address = await run();
      page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(25_000);
      page.on("pageerror", (error) => troubles.push(String(error.stack)));
      page.on("console", (message) => {
        // A restart causes refused connections, and some tests cause refused writes.
        if (message.type() === "error" && !/ERR_|status of 4|Failed to load resource/u.test(message.text()))
          troubles.push(message.text());
      });
      await page.goto(address);
    });

    afterAll(async () => {
      await browser.close();
      await program.kill();
      await rm(folder, { recursive: true, force: true });
    });

    test("shows each screen in every colour scheme and width without an error", async () => {
      for (const [path, title, text] of [
        ["", "Overview", "config_manager"],
        ["processes", "Processes", "customers"],
        ["configuration", "Configuration", "currency"],
        ["changes", "Changes", "Version 1"],
        ["sources", "Sources", "SHOP_"],
        ["events", "Events", "How often"],
      ] as const) {
        await open(path);
        await page.getByRole("heading", { level: 1, name: title }).waitFor();
        await page.locator("main").getByText(text).first().waitFor();
        for (const [colorScheme, width] of [
          ["light", 1280],
          ["dark", 1280],
          ["dark", 400],
        ] as const) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 800 });
          // Nothing exceeds the width of the page.
          expect(
            await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
            `${title} at ${width}`,
          ).toBeLessThanOrEqual(0);
          expect(await page.evaluate(pale), `${title}, ${colorScheme}, at ${width}`).toStrictEqual([]);
        }
      }
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1280, height: 800 });
    });

    test("explains the origin of a value, and hides secrets", async () => {
      await open("configuration");
      await page.getByRole("link", { name: "currency" }).click();
      const layers = panel().locator("ol.stack li");
      await expect.poll(() => layers.count()).toBe(2);
      expect(await layers.nth(0).innerText()).toMatch(/SHOP_SHOP_CURRENCY[^]*counts[^]*"CHF"/u);
      expect(await layers.nth(1).innerText()).toMatch(/shop\.toml:3[^]*hidden[^]*"EUR"/u);
      expect(new URL(page.url()).search).toBe("?path=shop.currency");
      await open("configuration?path=bank");
      await panel().waitFor();
      const text = await page.locator("body").innerText();
      expect(text).toContain("redacted");
      expect(text).not.toMatch(/4711|hunter2/u);
    });

    test("shows a change of a file when it is saved", async () => {
      await open("configuration?path=shop.name");
      await panel().getByText('"Corner shop"').first().waitFor();
      await writeFile(config, (await readFile(config, "utf8")).replace("Corner shop", "Corner shop & sons"));
      await panel().getByText('"Corner shop & sons"').first().waitFor();
    });

    test("changes a setting after a preview, with a reason, and refuses an invalid value", async () => {
      await open("configuration?path=bank.delay");
      await panel().getByRole("button", { name: "Change…" }).click();
      const field = panel().locator("[data-edit]");
      await field.fill("70000");
      await panel().getByRole("button", { name: "Check" }).click();
      await panel().getByText("It would be refused").waitFor();
      await panel().getByText("delay must be from 0 to 10,000 milliseconds").first().waitFor();
      await field.fill("30");
      await panel().getByRole("button", { name: "Check" }).click();
      await panel().getByText("+ 30").waitFor();
      expect(await panel().locator(".difference").innerText()).toMatch(/− 20[^]*\+ 30/u);
      await panel().locator("[data-reason]").fill("the bank is slow today");
      await panel().locator("[data-apply]").click();
      await panel().getByText("✓ committed").waitFor();
      await panel().getByText("Unset, 20").waitFor();
      await open("changes");
      await page.getByText("the bank is slow today").waitFor();
    });

    test("reports a conflicting change made meanwhile", async () => {
      await open("configuration?path=bank.delay");
      await panel().getByRole("button", { name: "Change…" }).click();
      await panel().locator("[data-edit]").fill("40");
      await panel().getByRole("button", { name: "Check" }).click();
      await panel().getByText("+ 40").waitFor();
      await writeFile(config, (await readFile(config, "utf8")).replace("limit = 100", "limit = 200"));
      await page
        .locator(".tools")
        .getByText(/version 4/u)
        .waitFor();
      await panel().locator("[data-apply]").click();
      await panel().getByText("Somebody changed the configuration meanwhile: it is at version 4").waitFor();
    });

    test("rolls back to a version", async () => {
      await open("changes?to=1");
      await panel().locator("[data-rollback]").click();
      await panel().getByText("+ 20").waitFor();
      await panel().locator("[data-apply]").click();
      await panel().getByText("✓ committed").waitFor();
      await open("configuration?path=bank.delay");
      await panel().locator(".current").getByText("20").waitFor();
    });

    test("shows which process is slow, and which ones wait for it", async () => {
      await open("configuration?path=bank.delay");
      await panel().getByRole("button", { name: "Change…" }).click();
      await panel().locator("[data-edit]").fill("10000");
      await panel().getByRole("button", { name: "Check" }).click();
      await panel().locator("[data-apply]").click();
      await panel().getByText("✓ committed").waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("o");
      const card = page.locator("section.card", { hasText: "Waiting calls" });
      await card.getByText("orders").waitFor();
      expect(await card.innerText()).toMatch(/orders → bank/u);
      await page.locator("section.card", { hasText: "Longest queues" }).getByText("orders").waitFor();
      await card.getByRole("link", { name: "bank" }).click();
      await panel().getByText("These wait for it").waitFor();
      expect(await panel().innerText()).toMatch(/running in handle_call/u);
    });

    test("shows a crash and the restarts at once", async () => {
      await open("configuration?path=orders.fail");
      await panel().getByRole("button", { name: "Change…" }).click();
      await panel().locator("[data-edit]").selectOption("true");
      await panel().getByRole("button", { name: "Check" }).click();
      await panel().locator("[data-apply]").click();
      await panel().getByText("✓ committed").waitFor();
      await open("processes?q=bank");
      await row("bank").locator("a.name").click();
      // What it waits for would take long: it is started again.
      await panel().getByRole("button", { name: "Restart…" }).click();
      await panel().locator("[data-confirm]").fill("ban");
      expect(await panel().getByRole("button", { name: "Restart it" }).isDisabled()).toBe(true);
      await panel().locator("[data-confirm]").fill("bank");
      await panel().getByRole("button", { name: "Restart it" }).click();
      await open("processes?q=orders");
      await row("orders")
        .getByText(/↻ [1-9]/u)
        .waitFor();
      await row("orders").locator("a.name").click();
      await panel()
        .getByText(/order \d+ cannot be read/u)
        .first()
        .waitFor();
      await open("events?level=error");
      await page
        .getByText(/order \d+ cannot be read/u)
        .first()
        .waitFor();
      await open("configuration?path=orders.fail");
      await panel().getByRole("button", { name: "Unset…" }).click();
      await panel().locator("[data-apply]").click();
      await panel().getByText("✓ committed").waitFor();
    });

    test("holds back new data while it is paused, and shows it afterwards", async () => {
      await open("processes?view=table&sort=messages&q=customers");
      const handled = () => row("customers").locator("td").nth(4).innerText();
      await row("customers").waitFor();
      await page.keyboard.press("p");
      await page.getByText("❚❚ paused").waitFor();
      const before = await handled();
      // It goes on there, and stands still here.
      const there = async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/processes?q=customers`);
        const { rows } = (await answer.json()) as { rows: { handled: number }[] };
        return rows[0]?.handled ?? 0;
      };
      const first = await there();
      await testing.eventually(async () => (await there()) > first + 20, { timeout: 25_000 });
      expect(await handled()).toBe(before);
      await page.keyboard.press("p");
      await expect.poll(handled, { timeout: 20_000 }).not.toBe(before);
      await page.keyboard.press("/");
      expect(await page.evaluate("document.activeElement.type")).toBe("search");
    });

    test("closes its connection while its tab is hidden, and continues when it is visible", async () => {
      await open("processes?view=table&sort=messages&q=customers");
      await page.getByText("● live").waitFor();
      const hide = (hidden: boolean) =>
        page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
          document.dispatchEvent(new Event("visibilitychange"));`);
      const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("/stream"));
      await hide(true);
      await ended;
      const handled = () => row("customers").locator("td").nth(4).innerText();
      const before = await handled();
      await hide(false);
      await expect.poll(handled, { timeout: 20_000 }).not.toBe(before);
      await page.getByText("● live").waitFor();
    });

    test("stays responsive with ten thousand processes", async () => {
      await open("configuration?path=crowd.size");
      await panel().getByRole("button", { name: "Change…" }).click();
      await panel().locator("[data-edit]").fill("10000");
      await panel().getByRole("button", { name: "Check" }).click();
      await panel().locator("[data-apply]").click();
      await open("processes");
      await row("crowd").getByText("10,000").waitFor();
      expect(await page.locator("table.rows tbody tr").count()).toBeLessThan(100);
      await row("crowd")
        .getByRole("button", { name: /Unfold/u })
        .click();
      await page.getByText(/Show 200 more of 9,900 left/u).click();
      await page.getByText(/Show 200 more of 9,700 left/u).waitFor();
      await row("crowd").getByRole("button", { name: /Fold/u }).click();
      await expect.poll(() => page.locator("table.rows tbody tr").count()).toBeLessThan(100);
    });

    test("shows foreign texts unchanged, and stays within its width", async () => {
      const before = await readFile(config, "utf8");
      const long = "x".repeat(5_000);
      await writeFile(
        config,
        `${before}
["<img src=x onerror=alert(1)>"]
"<script>alert(2)</script>" = "<b>bold</b>"
"safe\\u202Eexe" = "${long}"
constructor = { "__proto_" = 1, "a,b" = { c = 2 } }
${long} = 3
`,
      );
      await open("configuration");
      await page.getByText("<script>alert(2)</script>").waitFor();
      await page.getByText(String.raw`safe\u202eexe`).waitFor();
      expect(await page.locator("main img, main script, main b").count()).toBe(0);
      await page.getByRole("button", { name: String.raw`Fold <img src=x onerror=alert(1)>.constructor.a,b` }).click();
      await page
        .getByRole("button", { name: String.raw`Unfold <img src=x onerror=alert(1)>.constructor.a,b` })
        .waitFor();
      await page.getByRole("link", { name: String.raw`safe\u202eexe` }).click();
      await panel().getByRole("button", { name: "TOML" }).waitFor();
      for (const width of [1280, 400]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await open("sources?pattern=**");
      await page.getByText(/\d+ paths/u).waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      await writeFile(config, before);
      await open("configuration?q=safe");
      await page.getByText("No path or value matches").waitFor();
    });

    test("accepts no request of another site", async () => {
      const other = await browser.newPage();
      // Another site, as far as the browser is concerned: it may reach the port.
      await other.route("http://evil.example/**", (route) =>
        route.fulfill({ contentType: "text/html", body: "<h1>evil</h1>" }),
      );
      await other.goto("http://evil.example/");
      const tried = await other.evaluate(async (address) => {
        const results: string[] = [];
        for (const [path, init] of [
          ["configuration", {}],
          ["configuration/put", { method: "POST", body: '{"path":"shop.name","value":"evil"}' }],
          [
            "configuration/put",
            { method: "POST", headers: { "content-type": "application/json", "x-dashboard-token": "x" }, body: "{}" },
          ],
        ] as [string, object][]) {
          try {
            results.push(`answered ${(await fetch(`${address}/${path}`, init)).status}`);
          } catch {
            results.push("refused");
          }
        }
        return results;
      }, `http://127.0.0.1:${port}`);
      expect(tried).toStrictEqual(["refused", "refused", "refused"]);
      await other.close();
      await open("configuration?path=shop.name");
      await panel().locator(".current").getByText("Corner shop & sons").waitFor();
    });

    test("reports that the program has stopped, finds it again, and reports a new run", async () => {
      await open("processes");
      await row("customers").waitFor();
      await page.getByText("● live").waitFor();
      await program.kill();
      await page.getByText(/connection lost since \d\d:\d\d:\d\d, trying again/u).waitFor();
      await run();
      await page.getByText(/The program was restarted at/u).waitFor();
      // The token of the previous run is invalid in this one.
      await page.getByText("read-only. The program was restarted").waitFor();
      await row("customers").locator("a.name").click();
      await panel().getByText("Supervisor").waitFor();
      expect(await panel().getByRole("button").allInnerTexts()).toStrictEqual([]);
      await page.getByText("● live").waitFor();
      await testing.eventually(async () => (await page.locator("tr", { hasText: "customers" }).count()) > 0, {
        timeout: 25_000,
      });
    });

    test("has no controls if it is read-only, and says so once", async () => {
      const shop = new Program("web/shop.js", { READ_ONLY: "1", TMPDIR: folder });
      const [, address] = await shop.printed(/Dashboard: (\S+) \(read-only\)\n/u);
      for (const path of [
        "processes?q=bank",
        "configuration?path=bank.delay",
        "changes?to=1",
        "sources",
        "events",
        "",
      ]) {
        await page.goto(`${address}${path}`);
        await page.getByText("● live").waitFor();
        if (path.startsWith("processes")) await row("bank").locator("a.name").click();
        if (path.includes("?")) await panel().waitFor();
        const texts = await page.getByRole("button").allInnerTexts();
        expect(texts.filter((text) => !/^(?:Pause p|Keys \?|[▾▸]|path|JSON|TOML|env)$/u.test(text))).toStrictEqual([]);
        expect((await page.locator("body").innerText()).match(/read-only/gu)).toHaveLength(1);
      }
      await shop.kill();
    });

    test("causes no error in the console", () => {
      expect(troubles).toStrictEqual([]);
    });
  },
);
