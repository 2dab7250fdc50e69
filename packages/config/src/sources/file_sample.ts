import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";

import { systemCode, systemFault } from "./system_words.ts";

/** What the content of a path looked like at one moment. */
export interface Observation {
  readonly absent: boolean;
  readonly size: number;
  /** Device, inode and its creation time. */
  readonly identity: string;
  /** The number of line ends in the content. */
  readonly lines: number;
  /** Whether the content ends with a line end. */
  readonly ended: boolean;
}

/** The content of a path at one moment. */
export interface Sample extends Observation {
  readonly bytes: Uint8Array;
  /** Digest of the content; `""` if there is no file. */
  readonly digest: string;
  /** Changes whenever the file does, as far as the file system shows. */
  readonly print: string;
  /** When the inode last changed, in ns since the epoch by the file system's clock; 0 if there is no file. */
  readonly changed: bigint;
  /** The number of names of the file. */
  readonly links: number;
}

/** A file that exists and cannot be read. The message has the reason, and never quotes content. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
  readonly code: string;
  /** Whether only a change of the path or of its target can help. */
  readonly lasting: boolean;

  constructor(code: string, message: string, { cause, lasting = true }: { cause?: unknown; lasting?: boolean } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.lasting = lasting;
  }
}

/** Bytes read at a time: between two reads the event loop turns, and the digest has little to do. */
const CHUNK = 256 * 1024;

const absent: Sample = {
  absent: true,
  size: 0,
  identity: "",
  lines: 0,
  ended: true,
  bytes: new Uint8Array(0),
  digest: "",
  print: "absent",
  changed: 0n,
  links: 0,
};

/**
 * Reads a file, whole and unchanged while it was read.
 *
 * @param max_bytes larger files are refused
 * @throws UnreadableFile
 */
export async function sample_file(path: string, max_bytes: number): Promise<Sample> {
  for (let attempt = 0; ; attempt += 1) {
    const sample = await readOnce(path, max_bytes);
    if (sample.print === (await print_file(path)) || attempt === 10) return sample;
  }
}

/** A value that changes whenever the file does, found without reading the file. */
export async function print_file(path: string): Promise<string> {
  try {
    return printOf(await stat(path, { bigint: true }));
  } catch (error) {
    return isMissing(error) ? absent.print : systemCode(error);
  }
}

type BigStat = Awaited<ReturnType<typeof bigStat>>;
const bigStat = (handle: FileHandle) => handle.stat({ bigint: true });

async function readOnce(path: string, max_bytes: number): Promise<Sample> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isMissing(error)) return absent;
    throw unreadable(error);
  }
  try {
    const stats = await bigStat(handle);
    if (stats.isDirectory()) throw new UnreadableFile("not_a_file", "it is a directory, not a file");
    if (!stats.isFile()) throw new UnreadableFile("not_a_file", "it is not a regular file");
    return await readAll(handle, stats, max_bytes);
  } catch (error) {
    throw error instanceof UnreadableFile ? error : unreadable(error);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle, stats: BigStat, max_bytes: number): Promise<Sample> {
  const refuse = () => new UnreadableFile("too_large", `it is larger than max_bytes (${max_bytes})`);
  if (stats.size > max_bytes) throw refuse();
  const hash = createHash("sha256");
  let bytes = Buffer.allocUnsafeSlow(Number(stats.size) + 1);
  let length = 0;
  let lines = 0;
  for (;;) {
    if (length === bytes.length) {
      // It grew since its size was read.
      const larger = Buffer.allocUnsafeSlow(bytes.length * 2);
      bytes.copy(larger);
      bytes = larger;
    }
    const { bytesRead } = await handle.read(bytes, length, Math.min(CHUNK, bytes.length - length), length);
    if (bytesRead === 0) break;
    hash.update(bytes.subarray(length, length + bytesRead));
    for (let at = length; at < length + bytesRead; at += 1) if (bytes[at] === 0x0a) lines += 1;
    length += bytesRead;
    if (length > max_bytes) throw refuse();
  }
  return {
    absent: false,
    size: length,
    // The inode number of a removed file may be used again.
    identity: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`,
    lines,
    ended: length > 0 && bytes[length - 1] === 0x0a,
    bytes: bytes.subarray(0, length),
    digest: hash.digest("base64"),
    print: printOf(stats),
    changed: stats.ctimeNs,
    links: Number(stats.nlink),
  };
}

function printOf(stats: BigStat): string {
  return `${stats.dev}:${stats.ino}:${stats.mode}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** The system's error in words. */
export function unreadable(error: unknown): UnreadableFile {
  const { code = "unreadable", words, lasting } = systemFault(error);
  return new UnreadableFile(code, words, { cause: error, lasting });
}

/** A file in the place of a directory is a mistake; a missing directory may still be created. */
function isMissing(error: unknown): boolean {
  return systemCode(error) === "ENOENT";
}
