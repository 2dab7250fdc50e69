import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs certificates, made with openssl. */
export class Authority {
  readonly dir: string;
  private made = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async make(): Promise<Authority> {
    const authority = new Authority(await mkdtemp(join(tmpdir(), "otpts-tls-")));
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key"];
    await authority.openssl("req", "-x509", ...key, "-out", "ca.pem", "-days", "2", "-subj", "/CN=otpts test");
    return authority;
  }

  get ca_file(): string {
    return join(this.dir, "ca.pem");
  }

  async ca(): Promise<string> {
    return readFile(this.ca_file, "utf8");
  }

  /** @param names of the server, as `IP:127.0.0.1` or `DNS:name` */
  async sign(names = "IP:127.0.0.1"): Promise<Pair> {
    const name = `c${++this.made}`;
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
    await this.openssl("req", ...key, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    await writeFile(join(this.dir, `${name}.ext`), `subjectAltName=${names}\n`);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
    await this.openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.pem`, ...by);
    const [cert, secret] = await Promise.all(
      [`${name}.pem`, `${name}.key`].map((file) => readFile(join(this.dir, file), "utf8")),
    );
    return { cert: cert!, key: secret! };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  private async openssl(...args: string[]): Promise<void> {
    await promisify(execFile)("openssl", args, { cwd: this.dir });
  }
}
