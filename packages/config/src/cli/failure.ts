/** The command cannot do what it is asked: what is wrong, and what to do. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** 1: it was tried, and the answer is no; 2: it was used wrongly. */
  readonly code: 1 | 2;

  constructor(message: string, code: 1 | 2 = 1) {
    super(message);
    this.code = code;
  }
}
