import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

/** A line between a source and an agent that can be cut, and laid to another agent. */
export class Proxy {
  /** `open` passes on; `refuse` closes every connection at once; `silent` takes connections and answers nothing. */
  mode: "open" | "refuse" | "silent" = "open";
  target: number;
  /** Times of the connections that were tried, in milliseconds. */
  readonly tried: number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts all connections there are; new ones fare as `mode` says. */
  cut(mode: Proxy["mode"]): void {
    this.mode = mode;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut("refuse");
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(socket: Socket): void {
    this.tried.push(performance.now());
    this.#keep(socket);
    if (this.mode === "refuse") socket.destroy();
    if (this.mode !== "open") return;
    const far = connect(this.target, "127.0.0.1");
    this.#keep(far);
    socket.pipe(far).pipe(socket);
    socket.on("close", () => far.destroy());
    far.on("close", () => socket.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
