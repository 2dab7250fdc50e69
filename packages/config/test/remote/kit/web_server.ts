import { once } from "node:events";
import http, { type IncomingHttpHeaders, type RequestListener, type ServerResponse } from "node:http";
import https, { type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** A request as the script sees it. */
export interface Asked {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds. */
  readonly at: number;
}

export type Script = (asked: Asked, response: ServerResponse) => void;

/** A web server with responses chosen by the test; it can be stopped and restarted on its port. */
export class WebServer {
  /** May be replaced at any time. */
  script: Script;
  readonly asked: Asked[] = [];
  private server: http.Server;
  private readonly options: ServerOptions | undefined;
  private port = 0;

  private constructor(script: Script, options: ServerOptions | undefined) {
    this.script = script;
    this.options = options;
    this.server = this.made();
  }

  /** @param options for TLS; without them it speaks plain http */
  static async start(script: Script, options?: ServerOptions): Promise<WebServer> {
    const server = new WebServer(script, options);
    await server.listen();
    return server;
  }

  get url(): string {
    return `${this.options === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
  }

  /** Answers the same document until it is replaced, with an ETag that is its own. */
  serve(text: string, type = "application/json"): void {
    const etag = `"${Buffer.from(text).toString("base64url").slice(-30)}"`;
    this.script = ({ headers }, response) => {
      if (headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { "content-type": type, etag }).end(text);
    };
  }

  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  /** Gives it other certificates. */
  renew(options: ServerOptions): void {
    (this.server as https.Server).setSecureContext(options);
  }

  /** Nobody answers on its port any more. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** It is back, on the same port. */
  async back(): Promise<void> {
    this.server = this.made();
    await this.listen();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private made(): http.Server {
    const heard: RequestListener = ({ method = "", url = "/", headers }, response) => {
      const asked = { method, path: url, headers, at: performance.now() };
      this.asked.push(asked);
      response.on("error", () => undefined);
      this.script(asked, response);
    };
    return this.options === undefined ? http.createServer(heard) : https.createServer(this.options, heard);
  }

  private async listen(): Promise<void> {
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
  }
}
