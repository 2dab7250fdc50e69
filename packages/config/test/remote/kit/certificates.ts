import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { generate } from "selfsigned";

/** PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const common = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;

/** An authority that signs certificates. */
export class Authority {
  /** A folder for files of the test. */
  readonly dir: string;
  private readonly pair: Pair;
  private made = 0;

  private constructor(dir: string, pair: Pair) {
    this.dir = dir;
    this.pair = pair;
  }

  static async make(): Promise<Authority> {
    const { cert, private: key } = await generate([{ name: "commonName", value: "otpts test" }], {
      ...common,
      extensions: [
        { name: "basicConstraints", cA: true, critical: true },
        { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
    const authority = new Authority(await mkdtemp(join(tmpdir(), "otpts-tls-")), { cert, key });
    await writeFile(authority.ca_file, cert);
    return authority;
  }

  get ca_file(): string {
    return join(this.dir, "ca.pem");
  }

  get ca(): string {
    return this.pair.cert;
  }

  /** @param name of the server: an IP address or a DNS name */
  async sign(name = "127.0.0.1"): Promise<Pair> {
    const isAddress = /^[\d.]+$/.test(name);
    const { cert, private: key } = await generate([{ name: "commonName", value: `c${++this.made}` }], {
      ...common,
      ca: this.pair,
      extensions: [
        { name: "subjectAltName", altNames: [isAddress ? { type: 7, ip: name } : { type: 2, value: name }] },
      ],
    });
    return { cert, key };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}
