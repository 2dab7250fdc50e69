/** A failure of the command, with its reason and a remedy. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** The exit code. 1: problems or a failure; 2: wrong usage. */
  readonly code: 1 | 2;

  constructor(message: string, code: 1 | 2 = 1) {
    super(message);
    this.code = code;
  }
}
