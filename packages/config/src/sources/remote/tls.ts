import { readFile } from "node:fs/promises";

import { RemoteFailure } from "./failure.ts";

/** TLS options of a source. Files are read again for new connections, so that they may be renewed. */
export interface TlsOptions {
  /** The authority's certificate, PEM. */
  readonly ca?: string | Uint8Array;
  /** File of it. */
  readonly ca_file?: string;
  /** The client's certificate, PEM. */
  readonly cert?: string | Uint8Array;
  /** File of it. */
  readonly cert_file?: string;
  /** The client's private key, PEM. */
  readonly key?: string | Uint8Array;
  /** File of it. */
  readonly key_file?: string;
  /** Name that the server's certificate must have, if it is not the host's. */
  readonly servername?: string;
  /** `false` accepts any certificate. Default `true`. */
  readonly verify?: boolean;
}

/** PEM texts. */
export interface TlsMaterial {
  readonly ca?: string | Uint8Array;
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
}

/** Certificates and key, read from the named files. @throws RemoteFailure for a file that cannot be read */
export async function tls_material(tls: TlsOptions): Promise<TlsMaterial> {
  const ca = tls.ca ?? (await textOf(tls.ca_file));
  const cert = tls.cert ?? (await textOf(tls.cert_file));
  const key = tls.key ?? (await textOf(tls.key_file));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function textOf(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : await file_text("tls", path);
}

/** The text of a file. @param code of the failure. @throws RemoteFailure with the file and the system's error */
export async function file_text(code: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code: reason } = error as { code?: string };
    throw new RemoteFailure(code, `the file "${path}" cannot be read (${reason ?? "unknown error"})`);
  }
}
