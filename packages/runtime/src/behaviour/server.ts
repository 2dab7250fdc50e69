/**
 * The loop of a gen_server: takes one message after the other, passes it to a callback and carries out the result
 * (`callbacks.ts` has the table). A synchronous callback needs no promise; while an asynchronous one awaits, the loop
 * does not listen, and messages wait.
 */
import type { Atom } from "../term/atom.ts";
import {
  BAD_RETURN_VALUE,
  CONTINUE,
  EXIT,
  GEN_CALL,
  GEN_CAST,
  IGNORE,
  NOREPLY,
  NORMAL,
  REPLY,
  TIMEOUT,
} from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { isThrown } from "../term/kinds.ts";
import type { Pid } from "../term/pid.ts";
import { reasonOf, say } from "../term/reason.ts";
import { isThenable } from "../term/thenable.ts";
import { carrying, handled, within } from "../process/carriers.ts";
import { die } from "../process/death.ts";
import type { Entry, Envelope } from "../process/mailbox.ts";
import { Cast } from "../call/cast.ts";
import { type Ancestry, OWN, Process } from "../process/process.ts";
import { look } from "../process/receive.ts";
import * as registry from "../process/registry.ts";
import { report } from "../process/report.ts";
import { type From, Request } from "../call/request.ts";
import { reduce, SLICE } from "../process/scheduler.ts";
import { currentDispatcher } from "../process/spawn.ts";
import { cancel, wait } from "../process/timer.ts";
import type { AnyModule, Status } from "./callbacks.ts";
import { reportCrash } from "./crash.ts";
import { enrol, withdraw } from "./enrol.ts";
import { Continuation, Idle } from "./extension.ts";
import { callTerminate } from "./lacking.ts";
import { missingCallback, wrongResult } from "./mistake.ts";
import { nameOfModule, remainsOf } from "./module_name.ts";
import { observer } from "./observer.ts";
import { answer } from "./reply.ts";
import {
  type Callback,
  FAILED,
  GOES_ON,
  IGNORED,
  read,
  REPLIES,
  REPLIES_AND_STOPS,
  STARTED,
  STOPS,
  type Verdict,
  WRONG,
} from "./result.ts";
import { finish, isParentExit, isSystem, shownName, startedAs, takeSuspended, whenSettled } from "./served.ts";
import { happened, IN, logged, OUT } from "./debug.ts";
import type { Starter } from "./init_ack.ts";
import { system } from "./system.ts";
import { settleLayout } from "../term/shape.ts";

/** The absence of a term, since `undefined` is a term like any other. */
const NOTHING = Symbol("nothing");

const BORN = OWN;
const SUSPENDED = OWN << 1;
const DEBUGGED = OWN << 2;

export class Server extends Process {
  /** The continuation or time-out that the last result asked for. */
  #asked: Continuation | Idle | undefined = undefined;
  module: AnyModule;
  /** The argument of init until that has run. */
  state: unknown;
  readonly parent: Pid | undefined;
  /** The starter that waits for init. Set before the first turn. */
  starter: Starter | undefined = undefined;
  /**
   * The message that a callback is handling, for the crash report. A plain call or cast sets it only if the callback
   * does not return a plain result at once.
   */
  handling: unknown = NOTHING;

  constructor(module: AnyModule, arg: unknown, parent: Pid | undefined, ancestors: Ancestry) {
    super(currentDispatcher(), ancestors);
    this.prompt = this.dispatcher.prompt;
    this.module = module;
    this.state = arg;
    this.parent = parent;
  }

  get suspended(): boolean {
    return (this.flags & SUSPENDED) !== 0;
  }

  set suspended(on: boolean) {
    this.flags = on ? this.flags | SUSPENDED : this.flags & ~SUSPENDED;
  }

  get debugged(): boolean {
    return (this.flags & DEBUGGED) !== 0;
  }

  set debugged(on: boolean) {
    this.flags = on ? this.flags | DEBUGGED : this.flags & ~DEBUGGED;
  }

  get initialCall(): string {
    return startedAs(this.behaviour, this.module);
  }

  get behaviour(): string {
    return this.module.behaviour ?? "gen_server";
  }

  turn(): void {
    if (!this.alive) return;
    // It is awake: messages that arrive meanwhile need not wake it.
    this.ready = true;
    if (this.waiter !== undefined) look(this);
    else if ((this.flags & BORN) === 0) {
      if (carrying) this.#initCarried();
      else this.#init();
    } else {
      // Not a separate function: each one between the scheduler and a callback is a frame in the stack of every error
      // that the callback makes, and capturing frames is most of the cost of a crash.
      const watched = carrying || observer !== undefined;
      for (let left = SLICE; this.listening; left--) {
        // At least one message: the dispatcher has checked that there is time, and an empty turn could recur.
        if (left === 0 || (!reduce() && left < SLICE)) break;
        if (this.#asked === undefined && !this.suspended) {
          if (this.head === undefined) break;
          const entry = this.take(undefined);
          if (watched) this.#handleCarried(entry);
          else if (entry instanceof Cast) this.#cast(entry.message);
          else if (entry instanceof Request && !entry.handlers.system) this.#call(entry);
          else this.#handle(entry);
        } else if (!this.#step()) break;
      }
    }
    this.ready = false;
    if (!this.alive) return;
    const { waiter } = this;
    if (waiter !== undefined) {
      if (waiter.poll || waiter.looked !== this.tail) this.wake();
    } else if (this.listening && (this.head !== undefined || this.#asked !== undefined) && this.due()) this.wake();
  }

  release(reason: unknown): void {
    if (this.#asked instanceof Idle) cancel(this.#asked.deadline);
    this.#asked = undefined;
    // Code that keeps a reference, a promise or the pid of a dead process retains none of its state.
    this.state = undefined;
    this.module = remainsOf(this.module);
    this.handling = NOTHING;
    const { starter } = this;
    if (starter !== undefined) {
      this.starter = undefined;
      starter.lost(this, reason);
    }
  }

  // Whether the loop has something to do.
  due(): boolean {
    const asked = this.#asked;
    if (asked instanceof Continuation) return true;
    return !this.suspended && (this.head !== undefined || (asked !== undefined && asked.over));
  }

  // Does the next due step. False if there is none.
  #step(): boolean {
    if (this.suspended) return this.#suspendedStep();
    const asked = this.#asked;
    if (asked instanceof Continuation) {
      this.#asked = undefined;
      this.#continue(asked);
    } else if (this.head !== undefined) {
      const entry = this.take(undefined);
      if (!isSystem(entry)) this.#busy();
      if (carrying) this.#handleCarried(entry);
      else this.#handle(entry);
    } else if (asked?.over === true) {
      this.#busy();
      this.#invoke("handle_info", TIMEOUT, undefined);
    } else {
      return false;
    }
    return true;
  }

  // A suspended server handles `sys` requests and its parent's exit, and leaves everything else in the mailbox.
  #suspendedStep(): boolean {
    const entry = takeSuspended(this);
    if (entry !== undefined) this.#handle(entry);
    return entry !== undefined;
  }

  // Restarts the idle time-out from the beginning, since OTP's sys re-enters the server's loop.
  #waitAgain(): void {
    const asked = this.#asked;
    if (!(asked instanceof Idle) || asked.ms === 0 || !this.listening) return;
    cancel(asked.deadline);
    asked.over = false;
    if (!this.suspended) wait(asked.deadline, asked.ms);
  }

  // A message ends the idle time-out.
  #busy(): void {
    if (!(this.#asked instanceof Idle)) return;
    cancel(this.#asked.deadline);
    this.#asked = undefined;
  }

  // Separate functions: a closure in a loop costs an object per iteration even if it is never created.
  #handleCarried(entry: Entry): void {
    handled(entry, () => this.#handle(entry));
  }

  #initCarried(): void {
    handled(this, () => this.#init());
  }

  #continue({ carried, term }: Continuation): void {
    within(carried, () => this.#invoke("handle_continue", term, undefined));
  }

  #handle(entry: Entry): void {
    if (entry instanceof Request) {
      if (entry.handlers.system) {
        system(this, entry);
        this.#waitAgain();
      } else {
        const request: Request = entry;
        if (observer === undefined) this.#call(request);
        else this.#invoke("handle_call", request.payload, request.from);
      }
      return;
    }
    const { message } = entry as Cast | Envelope;
    if (!(entry instanceof Cast)) this.#message(message);
    else if (observer === undefined) this.#cast(message);
    else this.#invoke("handle_cast", message, undefined);
  }

  #message(message: unknown): void {
    // The messages of the public functions may also be sent by hand.
    if (tagOf(message, 2) === GEN_CAST) {
      this.#invoke("handle_cast", (message as readonly unknown[])[1], undefined);
      return;
    }
    const tag = tagOf(message, 3);
    if (tag === GEN_CALL) {
      const [, from, term] = message as readonly unknown[];
      if (isTuple(from) && from.length === 2) {
        this.#invoke("handle_call", term, from as unknown as From);
        return;
      }
    } else if (tag === EXIT && isParentExit(this, message)) {
      this.handling = message;
      this.stop(message[2]);
      return;
    }
    this.#invoke("handle_info", message, undefined);
  }

  // The two paths of nearly all messages, each with a fast path for the plain result; #invoke does the rest.
  #cast(term: unknown): void {
    const { module } = this;
    if (module.handle_cast === undefined || this.debugged) {
      this.#invoke("handle_cast", term, undefined);
      return;
    }
    let result: unknown;
    let plain: boolean;
    try {
      result = module.handle_cast(term, this.state);
      plain = Array.isArray(result) && result.length === 2 && result[0] === NOREPLY;
    } catch (error) {
      this.handling = term;
      this.#threw("handle_cast", undefined, error);
      return;
    }
    if (plain && this.alive) {
      this.state = (result as unknown[])[1];
    } else {
      this.handling = term;
      this.#result("handle_cast", undefined, result);
    }
  }

  #call(request: Request): void {
    const { module } = this;
    const { from } = request;
    if (module.handle_call === undefined || this.debugged) {
      this.#invoke("handle_call", request.payload, from);
      return;
    }
    let result: unknown;
    let plain: boolean;
    try {
      result = module.handle_call(request.payload, from, this.state);
      plain = Array.isArray(result) && result.length === 3 && result[0] === REPLY;
    } catch (error) {
      this.handling = request.payload;
      this.#threw("handle_call", from, error);
      return;
    }
    if (plain && this.alive) {
      this.state = (result as unknown[])[2];
      if (!this.prompt) this.prompt = this.dispatcher.prompt;
      request.answer((result as unknown[])[1]);
    } else {
      this.handling = request.payload;
      this.#result("handle_call", from, result);
    }
  }

  #invoke(callback: Callback, term: unknown, from: From | undefined): void {
    this.handling = term;
    if (this.debugged) this.#received(callback, term, from);
    let result: unknown;
    try {
      const { module } = this;
      if (callback === "handle_call") {
        if (module.handle_call === undefined) throw missingCallback(module, callback, term);
        result =
          observer === undefined
            ? module.handle_call(term, from as From, this.state)
            : observer.handle(this, callback, term, module.handle_call.bind(module, term, from as From, this.state));
      } else if (callback === "handle_info" && module.handle_info === undefined) {
        report(
          "warning",
          "unhandled_message",
          () => ({ pid: this.pid, name: registry.nameOf(this), message: term }),
          () =>
            `${this.behaviour} ${shownName(this)} received an unexpected message: ${describe(term)} (${nameOfModule(module)} has no handle_info)`,
        );
        this.handling = NOTHING;
        return;
      } else {
        const method = module[callback as "handle_cast"];
        if (method === undefined) throw missingCallback(module, callback, term);
        result =
          observer === undefined
            ? method.call(module, term, this.state)
            : observer.handle(this, callback, term, method.bind(module, term, this.state));
      }
    } catch (error) {
      this.#threw(callback, from, error);
      return;
    }
    this.#result(callback, from, result);
  }

  // Reports an incoming message to `sys`, as OTP's tuple.
  #received(callback: Callback, term: unknown, from: From | undefined): void {
    if (callback === "handle_continue") {
      happened(this, [CONTINUE, term]);
      return;
    }
    const { module } = this;
    if (module.incoming !== undefined) happened(this, [IN, module.incoming(callback, term, from)]);
    else if (callback === "handle_call") happened(this, [IN, [GEN_CALL, from, term]]);
    else happened(this, [IN, callback === "handle_cast" ? [GEN_CAST, term] : term]);
  }

  // Reports the result of a callback to `sys`.
  #traced(what: Atom, ...details: readonly unknown[]): void {
    if (this.module.incoming === undefined) happened(this, [what, ...details, this.observed]);
  }

  #result(callback: Callback, from: From | undefined, result: unknown): void {
    let awaited: boolean;
    try {
      awaited = !Array.isArray(result) && isThenable(result);
      if (awaited) whenSettled(this, callback, from, result as PromiseLike<unknown>);
    } catch (error) {
      // A thenable that throws.
      this.#threw(callback, from, error);
      return;
    }
    if (!awaited) this.#apply(callback, from, result);
  }

  settled(callback: string, from: unknown, result: unknown): void {
    this.#apply(callback as Callback, from as From | undefined, result);
  }

  failed(callback: string, from: unknown, error: unknown): void {
    this.#threw(callback as Callback, from as From | undefined, error);
  }

  #threw(callback: Callback, from: From | undefined, error: unknown): void {
    if (!this.alive) return;
    if (isThrown(error)) {
      this.#apply(callback, from, error.value);
      return;
    }
    const there: unknown = this.module[callback];
    const reason = reasonOf(
      there === undefined || typeof there === "function"
        ? error
        : missingCallback(this.module, callback, this.handling),
    );
    if (callback === "init") this.#failInit(reason);
    else this.stop(reason);
  }

  // Carries out a result.
  #apply(callback: Callback, from: From | undefined, result: unknown): void {
    if (!this.alive) return;
    let verdict: Verdict = WRONG;
    try {
      verdict = read(callback, result);
    } catch {
      // A proxy that throws is not a result.
    }
    const tuple = result as readonly unknown[];
    switch (verdict) {
      case GOES_ON:
        this.state = tuple[1];
        if (this.debugged) this.#traced(NOREPLY);
        this.handling = NOTHING;
        this.#extend(tuple[2]);
        return;
      case REPLIES:
        this.state = tuple[2];
        if (this.debugged) this.#traced(OUT, tuple[1], from);
        answer(from as From, tuple[1]);
        this.handling = NOTHING;
        this.#extend(tuple[3]);
        return;
      case STOPS:
        this.state = tuple[2];
        this.stop(tuple[1]);
        return;
      case REPLIES_AND_STOPS:
        this.state = tuple[3];
        if (this.debugged) this.#traced(OUT, tuple[2], from);
        this.stop(tuple[1], () => answer(from as From, tuple[2]));
        return;
      case STARTED:
        this.state = tuple[1];
        this.listening = true;
        this.#extend(tuple[2]);
        this.#started(this.pid);
        return;
      case IGNORED:
        registry.release(this);
        withdraw(this);
        this.listening = false;
        this.#started(IGNORE);
        die(this, NORMAL);
        return;
      case FAILED:
        this.#failInit(tuple[1], false);
        return;
      default: {
        const reason = say([BAD_RETURN_VALUE, result], wrongResult(this.module, callback, result));
        if (callback === "init") this.#failInit(reason);
        else this.stop(reason);
      }
    }
  }

  #extend(ext: unknown): void {
    if (Array.isArray(ext)) this.#asked = new Continuation(ext[1]);
    else if (typeof ext === "number" && ext !== Infinity) {
      const idle = new Idle(this, ext);
      this.#asked = idle;
      if (ext > 0) wait(idle.deadline, ext);
    }
  }

  #init(): void {
    this.flags |= BORN;
    reduce();
    if (!enrol(this)) return;
    const arg = this.state;
    this.state = undefined;
    const { module } = this;
    let result: unknown;
    try {
      if (module.init === undefined) throw missingCallback(module, "init", arg);
      result = module.init(arg);
    } catch (error) {
      this.#threw("init", undefined, error);
      return;
    }
    this.#result("init", undefined, result);
  }

  #started(value: unknown): void {
    const { starter } = this;
    this.starter = undefined;
    starter?.ack(value);
  }

  #failInit(reason: unknown, crashed = true): void {
    if (!this.alive) return;
    this.listening = false;
    if (crashed) reportCrash(this, reason, "during init");
    withdraw(this);
    const { starter } = this;
    this.starter = undefined;
    starter?.nack(this.behaviour, reason);
    die(this, reason);
  }

  /** Ends the server: terminate(reason, state), then `last`, then death. A failure of terminate becomes the reason. */
  stop(reason: unknown, last?: () => void): void {
    if (!this.alive) return;
    const { module } = this;
    finish(
      this,
      reason,
      module.terminate === undefined ? undefined : () => callTerminate(module, reason, this.state),
      (why) => this.#end(why, last),
    );
  }

  #end(reason: unknown, last: (() => void) | undefined): void {
    if (!this.alive) return;
    reportCrash(this, reason);
    last?.();
    die(this, reason);
  }

  /** The argument of the callback that failed, if it had one. */
  get lastMessage(): { readonly message: unknown } | undefined {
    return this.handling === NOTHING ? undefined : { message: this.handling };
  }

  get observed(): unknown {
    const { module, state } = this;
    return module.observe === undefined ? state : module.observe(state);
  }

  replace(fun: (observed: unknown) => unknown): void {
    const { module, state } = this;
    this.state = module.replace === undefined ? fun(state) : module.replace(state, fun);
  }

  status(end?: { readonly reason: unknown }): Status {
    const last = this.lastMessage;
    return { state: this.state, log: logged(this), ...end, ...(end === undefined ? {} : last) };
  }
}

settleLayout(Server, {}, undefined, undefined, []);
