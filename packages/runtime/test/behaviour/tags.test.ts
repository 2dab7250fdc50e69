import { NOREPLY, OK, erlang, gen_server } from "@otpts/runtime";
import { expect, test } from "vitest";

test("the tag of a forwarded call is an ordinary message, and no second call", async () => {
  const got: unknown[] = [];
  const other = await gen_server.start(
    {
      init: () => [OK, 0] as const,
      handle_call: () => (got.push("a call"), [NOREPLY, 0] as const),
      handle_info: (message: unknown) => (got.push(message), [NOREPLY, 0] as const),
    },
    0,
  );
  let from: gen_server.From | undefined;
  const server = await gen_server.start(
    {
      init: () => [OK, 0] as const,
      handle_call: (_request: unknown, asked: gen_server.From) => {
        from = asked;
        erlang.send(other, asked[1]);
        return [NOREPLY, 0] as const;
      },
    },
    0,
  );
  const reply = gen_server.call(server, "question");
  await expect.poll(() => got).toHaveLength(1);
  expect(got[0]).toBe(from?.[1]);
  gen_server.reply(from as gen_server.From, "answer");
  expect(await reply).toBe("answer");
  await gen_server.stop(server);
  await gen_server.stop(other);
});
