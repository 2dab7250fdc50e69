/** A language server, as an editor runs it: that of the repository's TypeScript. */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Some text of a document, as the protocol sends it. */
interface Hover {
  readonly contents: { readonly value: string };
}

// Markdown has the signature in a block of code, and the documentation below it.
const capabilities = { textDocument: { hover: { contentFormat: ["markdown"] } } };

/** What a language server says of one file. */
export interface LanguageServer {
  /** The text that an editor shows when the pointer rests on a place. Lines and characters count from 0. */
  hover(line: number, character: number): Promise<string>;
  /** Ends the server. */
  end(): void;
}

/**
 * Starts a language server on one file.
 *
 * @param compiler path of `tsc`
 * @param folder the project
 * @param file the file that is open
 * @param text its text
 */
export async function languageServer(
  compiler: string,
  folder: string,
  file: string,
  text: string,
): Promise<LanguageServer> {
  const child = spawn(process.execPath, [compiler, "--lsp", "--stdio"], {
    cwd: folder,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let received = Buffer.alloc(0);
  let asked = 0;
  const send = (message: object): void => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  const ask = async <T>(method: string, params: object): Promise<T> => {
    const id = ++asked;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve);
      send({ id, method, params });
    });
    if (answer.error !== undefined) throw new Error(`The language server refused ${method}: ${answer.error.message}`);
    return answer.result as T;
  };
  child.stdout.on("data", (data: Buffer) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const head = received.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/iu.exec(received.subarray(0, head).toString())?.[1]);
      if (head < 0 || received.length < head + 4 + length) return;
      const answer = JSON.parse(received.subarray(head + 4, head + 4 + length).toString()) as Answer;
      received = received.subarray(head + 4 + length);
      // The server asks for settings of the editor, of which there are none.
      if (answer.method !== undefined && answer.id !== undefined) send({ id: answer.id, result: null });
      else if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
    }
  });
  const uri = pathToFileURL(file).href;
  await ask("initialize", { processId: process.pid, rootUri: pathToFileURL(folder).href, capabilities });
  send({ method: "initialized", params: {} });
  send({
    method: "textDocument/didOpen",
    params: { textDocument: { uri, languageId: "typescript", version: 1, text } },
  });
  return {
    async hover(line, character) {
      const hover = await ask<Hover | null>("textDocument/hover", {
        textDocument: { uri },
        position: { line, character },
      });
      return hover?.contents.value ?? "";
    },
    end() {
      child.stdin.end();
      child.kill();
    },
  };
}
