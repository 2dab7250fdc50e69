/** Requests of the page to the server. */
import { token } from "./boot.ts";

export interface Problem {
  readonly path: string;
  readonly message: string;
  readonly origin?: string;
}

export interface ChangeLine {
  readonly path: string;
  readonly old_value?: string;
  readonly new_value?: string;
}

export interface Answer {
  readonly ok: boolean;
  readonly error?: string;
  readonly done?: string;
  readonly version?: number;
  readonly problems?: readonly Problem[];
  readonly conflict?: { readonly expected: number; readonly current: number };
  readonly preview?: { readonly version: number; readonly changed: number; readonly changes: readonly ChangeLine[] };
}

/** @param value in JSON, so that large integers keep their digits */
export async function post(action: string, body: object, value?: string): Promise<Answer> {
  const text = JSON.stringify(body);
  try {
    const response = await fetch(`./${action}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-dashboard-token": token() },
      body: value === undefined ? text : `${text.slice(0, -1)},"value":${value}}`,
    });
    return { ...((await response.json()) as object), ok: response.ok };
  } catch (error) {
    return { ok: false, error: `The program cannot be reached (${(error as Error).message})` };
  }
}
