/**
 * The loop of a gen_statem: takes one event after the other, passes it to the callback of the state, and makes the
 * transition that the result asks for. Events come from the queue of inserted and postponed ones, then from time-outs
 * of zero, then from the mailbox. A synchronous callback needs no promise; while an asynchronous one awaits, the loop
 * does not listen.
 */
import { GEN_CALL, GEN_CAST } from "../term/atoms.ts";
import { type Atom, ensure } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { isErlangError, isExit, isThrown } from "../term/kinds.ts";
import type { Pid } from "../term/pid.ts";
import { reasonOf, same, say, sentenceOf, Stack } from "../term/reason.ts";
import { settleLayout } from "../term/shape.ts";
import { isThenable } from "../term/thenable.ts";
import { carrying, handled } from "../process/carriers.ts";
import { die } from "../process/death.ts";
import { type Entry, type Envelope } from "../process/mailbox.ts";
import { Cast } from "../call/cast.ts";
import { type Ancestry, OWN, Process } from "../process/process.ts";
import { look } from "../process/receive.ts";
import * as registry from "../process/registry.ts";
import { type From, Request } from "../call/request.ts";
import { reduce, SLICE } from "../process/scheduler.ts";
import { currentDispatcher } from "../process/spawn.ts";
import type { Status } from "../behaviour/callbacks.ts";
import { reportCrash } from "../behaviour/crash.ts";
import { answer } from "../behaviour/reply.ts";
import {
  finish,
  isParentExit,
  type Served,
  shownName,
  startedAs,
  takeSuspended,
  whenSettled,
} from "../behaviour/served.ts";
import { enrol, withdraw } from "../behaviour/enrol.ts";
import type { Starter } from "../behaviour/init_ack.ts";
import {
  CONSUME,
  ENTER as ENTERED,
  happened,
  IN,
  logged,
  OUT,
  POSTPONE as POSTPONED,
  START_TIMER,
  TERMINATE as TERMINATED,
} from "../behaviour/debug.ts";
import { callTerminate } from "../behaviour/lacking.ts";
import { nameOfModule, remainsOf } from "../behaviour/module_name.ts";
import { type Observer, observer } from "../behaviour/observer.ts";
import { system } from "../behaviour/system.ts";
import { type Asked, askedFor, isEventType, isFrom, listOf } from "./action.ts";
import {
  BAD_ACTION,
  BAD_ENTER_ACTION,
  BAD_ENTER_RETURN,
  BAD_REPLY_ACTION,
  BAD_RETURN,
  BAD_RETURN_FROM_INIT,
  CALL,
  CAST,
  CHANGE_CALLBACK_MODULE,
  ENTER,
  HIBERNATE,
  IGNORE,
  INFO,
  INTERNAL,
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_EVENT,
  NEXT_STATE,
  NORMAL,
  OK,
  POP_CALLBACK_MODULE,
  POSTPONE,
  PUSH_CALLBACK_MODULE,
  REPLY,
  STOP,
  TIMEOUT,
} from "./atoms.ts";
import {
  type AnyModule,
  functionOf,
  isModule,
  type Mode,
  modeOf,
  nameOfState,
  type StateFunction,
} from "./callbacks.ts";
import { missing, missingState, noStateName, wrong, wrongInit, wrongMode } from "./mistake.ts";
import { ANSWERS, KEEPS, KEEPS_ALL, NEXT, read, REPEATS, REPEATS_ALL, STOPS, type Verdict, WRONG } from "./result.ts";
import { Timeouts, Timer } from "./timeouts.ts";

const BORN = OWN;
const SUSPENDED = OWN << 1;
const DEBUGGED = OWN << 2;
/** The state enter call is due. */
const ENTERING = OWN << 3;
/** The running callback handles an event, not the entry into a state. */
const STATE_CALL = OWN << 4;
const POSTPONING = OWN << 5;

/** An event: `[CALL, from]`, `CAST`, `INFO` … and its content. */
class Event {
  readonly type: unknown;
  readonly content: unknown;
  constructor(type: unknown, content: unknown) {
    this.type = type;
    this.content = content;
  }
}

settleLayout(Event);

const INIT_STATE = ensure("init_state");
const ABS = ensure("abs");
const NONE: readonly unknown[] = [];
const NOTHING = Symbol("nothing");
const nothing: StateFunction = () => undefined;
const NO_MODE: Mode = { functions: false, enter: false };

/** The event of an asynchronous callback: its type and content. */
type About = readonly [ofType: unknown, event: unknown];

export class Machine extends Process implements Served {
  module: AnyModule;
  /** The modules below the current one, the nearest last. */
  #below: AnyModule[] | undefined = undefined;
  #mode: Mode = NO_MODE;
  readonly parent: Pid | undefined;
  starter: Starter | undefined = undefined;
  /** Events to be handled before any message, the next one last. */
  #queue: Event[] = [];
  /** Events postponed until the state changes, oldest first. */
  #postponed: Event[] = [];
  #timeouts: Timeouts | undefined = undefined;
  /** The events that the current transition inserts, in order. */
  #inserted: Event[] | undefined = undefined;
  #asked: Asked[] | undefined = undefined;
  /** The current event. The type is undefined if there is none. */
  #type: unknown = undefined;
  #content: unknown = undefined;
  state: unknown = undefined;
  /** The argument of init until that has run. */
  data: unknown;
  // State and data after the current transition.
  #nextState: unknown = undefined;
  #nextData: unknown = undefined;

  /** The state whose function was called last, and the function. */
  #known: unknown = NOTHING;
  #function: StateFunction = nothing;

  constructor(module: AnyModule, arg: unknown, parent: Pid | undefined, ancestors: Ancestry) {
    super(currentDispatcher(), ancestors);
    this.prompt = this.dispatcher.prompt;
    this.module = module;
    this.data = arg;
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

  get behaviour(): string {
    return "gen_statem";
  }

  get initialCall(): string {
    return startedAs(this.behaviour, this.module);
  }

  get observed(): unknown {
    return [this.state, this.data];
  }

  replace(fun: (observed: unknown) => unknown): void {
    const pair = fun(this.observed);
    if (!isTuple(pair) || pair.length !== 2)
      throw new TypeError(`The state of ${shownName(this)} is an array [state, data]`);
    [this.state, this.data] = pair;
  }

  status(end?: { readonly reason: unknown }): Status {
    const { state, data } = this;
    return {
      state,
      data,
      postponed: this.#postponed.map(pairOf).toReversed(),
      timeouts: this.#timeouts?.list() ?? [],
      log: logged(this),
      ...(end === undefined
        ? {}
        : {
            ...end,
            queue:
              this.#type === undefined ? [] : [[this.#type, this.#content], ...this.#queue.toReversed().map(pairOf)],
          }),
    };
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
      const watched = carrying || observer !== undefined;
      for (let left = SLICE; this.listening; left--) {
        // At least one event: the dispatcher has checked that there is time, and an empty turn could recur.
        if (left === 0 || (!reduce() && left < SLICE)) break;
        if (
          this.head !== undefined &&
          (this.flags & (ENTERING | SUSPENDED)) === 0 &&
          this.#queue.length === 0 &&
          this.#timeouts === undefined
        ) {
          const entry = this.take(undefined);
          if (watched) this.#takeCarried(entry);
          else if (entry instanceof Request && !entry.handlers.system) this.#call(entry);
          else this.#take(entry);
        } else if (!this.#step()) break;
      }
    }
    this.ready = false;
    if (!this.alive) return;
    const { waiter } = this;
    if (waiter !== undefined ? waiter.poll || waiter.looked !== this.tail : this.listening && this.due()) this.wake();
  }

  release(reason: unknown): void {
    this.#timeouts?.clear();
    this.#queue = [];
    this.#postponed = [];
    // Code that keeps a reference, a promise or the pid of a dead process retains none of its state.
    this.state = undefined;
    this.data = undefined;
    this.module = remainsOf(this.module);
    this.#below = undefined;
    this.#function = nothing;
    this.#nextState = undefined;
    this.#nextData = undefined;
    this.#inserted = undefined;
    this.#asked = undefined;
    this.#known = NOTHING;
    this.#hold(undefined, undefined);
    const { starter } = this;
    if (starter !== undefined) {
      this.starter = undefined;
      starter.lost(this, reason);
    }
  }

  due(): boolean {
    if ((this.flags & ENTERING) !== 0 || this.#queue.length > 0 || this.#timeouts?.due === true) return true;
    return !this.suspended && this.head !== undefined;
  }

  // Does the next due step. False if there is none.
  #step(): boolean {
    if ((this.flags & ENTERING) !== 0) {
      this.flags &= ~(ENTERING | STATE_CALL);
      this.#callback(ENTER, this.state, this.#type, this.#content);
      return true;
    }
    // Taking from an empty array would take as long as everything else here.
    const queued = this.#queue.length === 0 ? undefined : this.#queue.pop();
    if (queued !== undefined) {
      this.#turnOf(queued.type, queued.content);
      return true;
    }
    const zero = this.#timeouts?.zero();
    if (zero !== undefined) {
      this.#begin(zero.kind, zero.content);
      return true;
    }
    if (this.suspended) {
      const entry = takeSuspended(this);
      if (entry !== undefined) this.#take(entry);
      return entry !== undefined;
    }
    if (this.head === undefined) return false;
    const entry = this.take(undefined);
    if (carrying) this.#takeCarried(entry);
    else this.#take(entry);
    return true;
  }

  // Separate functions: a closure in a loop costs an object per iteration even if it is never created.
  #takeCarried(entry: Entry): void {
    handled(entry, () => this.#take(entry));
  }

  #initCarried(): void {
    handled(this, () => this.#init());
  }

  #take(entry: Entry): void {
    if (entry instanceof Cast) {
      if (observer === undefined) this.#begin(CAST, entry.message);
      else this.#observed(observer, entry);
    } else if (entry instanceof Request) {
      if (entry.handlers.system) system(this, entry);
      else if (observer === undefined) this.#call(entry);
      else this.#observed(observer, entry);
    } else this.#message((entry as Envelope).message);
  }

  #message(message: unknown): void {
    // The messages of the public functions may also be sent by hand.
    if (tagOf(message, 2) === GEN_CAST) {
      this.#begin(CAST, (message as readonly unknown[])[1]);
      return;
    }
    const tag = tagOf(message, 3);
    if (tag === GEN_CALL) {
      const [, from, term] = message as readonly unknown[];
      this.#begin([CALL, from], term);
      return;
    }
    if (tag === TIMEOUT) {
      const timer = (message as readonly unknown[])[1];
      if (timer instanceof Timer) {
        if (this.#timeouts?.over(timer) === true) this.#begin(timer.kind, timer.content);
        return;
      }
    }
    if (isParentExit(this, message)) this.stop(message[2]);
    else this.#begin(INFO, message);
  }

  // The path of most calls, with a fast path for a plain reply; #begin does the rest.
  #call(request: Request): void {
    const { module, state, data } = this;
    const { from, payload } = request;
    const type = [CALL, from];
    if (this.debugged || (this.#mode.functions ? this.#known !== state : module.handle_event === undefined)) {
      this.#begin(type, payload);
      return;
    }
    let result: unknown;
    try {
      result = this.#mode.functions
        ? this.#function.call(module, type, payload, data)
        : module.handle_event?.(type, payload, state, data);
    } catch (error) {
      this.#open();
      this.#threw(type, payload, error);
      return;
    }
    let reply: unknown = NOTHING;
    let next = data;
    try {
      reply = plainReply(result, state, from);
      if (reply !== NOTHING) next = plainData(result as readonly unknown[], data);
    } catch {
      // A proxy that throws.
      reply = NOTHING;
    }
    if (reply !== NOTHING && this.#timeouts === undefined && this.alive) {
      this.data = next;
      if (!this.prompt) this.prompt = this.dispatcher.prompt;
      request.answer(reply);
    } else {
      this.#open();
      this.#result(type, payload, result);
    }
  }

  // Handles a new event.
  #begin(type: unknown, content: unknown): void {
    if (this.debugged) happened(this, [IN, [type, content], this.state]);
    this.#turnOf(type, content);
  }

  // Handles an event from the queue.
  #turnOf(type: unknown, content: unknown): void {
    this.#open();
    this.#callback(type, content, type, content);
  }

  // Begins a transition.
  #open(): void {
    this.#nextState = this.state;
    this.#nextData = this.data;
    this.flags |= STATE_CALL;
  }

  // From here to the transition, the current event is passed as the arguments `ofType` and `event`: most events are
  // finished at once, and writing a young object into an old one costs more than it is worth.
  #callback(type: unknown, content: unknown, ofType: unknown, event: unknown): void {
    const { module } = this;
    let result: unknown;
    try {
      if (this.#mode.functions) {
        const callback = this.#known === this.#nextState ? this.#function : this.#lookUp(module, this.#nextState);
        result = callback.call(module, type, content, this.#nextData);
      } else {
        if (typeof module.handle_event !== "function") throw missing(module, "handle_event");
        result = module.handle_event(type, content, this.#nextState, this.#nextData);
      }
    } catch (error) {
      this.#threw(ofType, event, error);
      return;
    }
    this.#result(ofType, event, result);
  }

  // A call or cast whose callback is observed, as that of a server is.
  #observed(by: Observer, entry: Cast | Request): void {
    const { module } = this;
    const called = entry instanceof Request;
    const type = called ? [CALL, entry.from] : CAST;
    const content = called ? entry.payload : entry.message;
    if (this.debugged) happened(this, [IN, [type, content], this.state]);
    this.#open();
    const go = (): unknown => {
      if (this.#mode.functions)
        return this.#lookUp(module, this.#nextState).call(module, type, content, this.#nextData);
      if (typeof module.handle_event !== "function") throw missing(module, "handle_event");
      return module.handle_event(type, content, this.#nextState, this.#nextData);
    };
    let result: unknown;
    try {
      result = by.handle(this, called ? "handle_call" : "handle_cast", content, go);
    } catch (error) {
      this.#threw(type, content, error);
      return;
    }
    this.#result(type, content, result);
  }

  #result(ofType: unknown, event: unknown, result: unknown): void {
    try {
      if (!Array.isArray(result) && isThenable(result))
        whenSettled(this, this.#nameOfCallback(), [ofType, event] satisfies About, result);
      else this.#apply(ofType, event, result);
    } catch (error) {
      this.#threw(ofType, event, error);
    }
  }

  settled(_callback: string, about: unknown, result: unknown): void {
    if (about === undefined) this.#initialised(result);
    else this.#apply(...(about as About), result);
  }

  failed(_callback: string, about: unknown, error: unknown): void {
    if (about === undefined) this.#initFailed(error);
    else this.#threw(...(about as About), error);
  }

  // Keeps the current event for later.
  #hold(ofType: unknown, event: unknown): void {
    this.#type = ofType;
    this.#content = event;
  }

  // The function of a state. Most events find the state unchanged.
  #lookUp(module: AnyModule, state: unknown): StateFunction {
    const name = nameOfState(state);
    if (name === undefined) throw noStateName(module, state);
    const found = functionOf(module, name);
    if (found === undefined) throw missingState(module, name);
    this.#known = state;
    this.#function = found;
    return found;
  }

  #threw(ofType: unknown, event: unknown, error: unknown): void {
    if (!this.alive) return;
    if (isThrown(error)) {
      this.#apply(ofType, event, error.value);
      return;
    }
    this.#hold(ofType, event);
    this.#failed(error);
  }

  // Carries out a result.
  #apply(ofType: unknown, event: unknown, result: unknown): void {
    if (!this.alive) return;
    let verdict: Verdict = WRONG;
    try {
      verdict = read(result);
    } catch {
      // A proxy that throws is not a result.
    }
    const tuple = result as readonly unknown[];
    switch (verdict) {
      case KEEPS_ALL:
        this.#go(ofType, event, false, tuple.length === 2 ? listOf(tuple[1]) : NONE);
        return;
      case KEEPS:
        this.#nextData = tuple[1];
        this.#go(ofType, event, false, tuple.length === 3 ? listOf(tuple[2]) : NONE);
        return;
      case NEXT: {
        const changes = !this.#sameState(tuple[1], this.#nextState);
        if (changes && (this.flags & STATE_CALL) === 0) {
          this.#hold(ofType, event);
          this.#wrong(BAD_ENTER_RETURN, result);
          return;
        }
        if (changes) this.#nextState = tuple[1];
        this.#nextData = tuple[2];
        this.#go(ofType, event, changes, tuple.length === 4 ? listOf(tuple[3]) : NONE);
        return;
      }
      case REPEATS:
        this.#nextData = tuple[1];
        this.#go(ofType, event, true, tuple.length === 3 ? listOf(tuple[2]) : NONE);
        return;
      case REPEATS_ALL:
        this.#go(ofType, event, true, tuple.length === 2 ? listOf(tuple[1]) : NONE);
        return;
      case STOPS:
        this.#hold(ofType, event);
        if (isTuple(result) && result.length === 3) this.#nextData = result[2];
        this.#adopt();
        this.stop(isTuple(result) ? result[1] : NORMAL);
        return;
      case ANSWERS:
        this.#hold(ofType, event);
        if (tuple.length === 4) this.#nextData = tuple[3];
        this.#adopt();
        for (const reply of listOf(tuple[2])) {
          if (!isReply(reply)) {
            this.#wrong(BAD_REPLY_ACTION, reply);
            return;
          }
          if (this.debugged) happened(this, [OUT, reply[2], reply[1]]);
          answer(reply[1], reply[2]);
        }
        this.stop(tuple[1]);
        return;
      default:
        this.#hold(ofType, event);
        this.#wrong(BAD_RETURN, result);
    }
  }

  // Carries out the actions of a result, and then enters the state or makes the transition.
  #go(ofType: unknown, event: unknown, enters: boolean, list: readonly unknown[]): void {
    // By index, without an iterator: most results have a single reply.
    for (let index = 0; index < list.length; index++) {
      const action = list[index];
      const problem = this.#act(action);
      if (problem !== undefined) {
        this.#hold(ofType, event);
        if (problem instanceof Failure) {
          this.#adopt();
          this.#failed(problem.error);
        } else this.#wrong(problem, action);
        return;
      }
    }
    if (enters && this.#mode.enter) {
      this.#hold(ofType, event);
      this.flags |= ENTERING;
    } else this.#transition(ofType, event);
  }

  // Carries out one action, or returns the problem with it.
  #act(action: unknown): Atom | Failure | undefined {
    if (isTuple(action) && action[0] === REPLY && action.length === 3) {
      const from = action[1];
      if (!isFrom(from)) return BAD_ACTION;
      if (!this.prompt) this.prompt = this.dispatcher.prompt;
      if (this.debugged) happened(this, [OUT, action[2], from]);
      answer(from, action[2]);
      return undefined;
    }
    return this.#actOtherwise(action);
  }

  #actOtherwise(action: unknown): Atom | Failure | undefined {
    const stateCall = (this.flags & STATE_CALL) !== 0;
    if (action === POSTPONE || (isTuple(action) && action[0] === POSTPONE)) {
      const on = isTuple(action) ? action[1] : true;
      if (typeof on !== "boolean" || (isTuple(action) && action.length !== 2)) return BAD_ACTION;
      if (on && !stateCall) return isTuple(action) ? BAD_ACTION : BAD_ENTER_ACTION;
      this.flags = on ? this.flags | POSTPONING : this.flags & ~POSTPONING;
      return undefined;
    }
    if (action === HIBERNATE) return undefined;
    if (action === POP_CALLBACK_MODULE) {
      const below = this.#below?.at(-1);
      if (below === undefined) return BAD_ACTION;
      if (!stateCall) return BAD_ENTER_ACTION;
      const problem = this.#useModule(below);
      if (problem === undefined) this.#below?.pop();
      return problem;
    }
    if (isTuple(action)) {
      const [tag, first, second] = action;
      const { length } = action;
      if (tag === NEXT_EVENT && length === 3) {
        if (!stateCall) return BAD_ENTER_ACTION;
        if (!isEventType(first)) return BAD_ACTION;
        if (this.debugged) happened(this, [IN, [first, second], this.state]);
        (this.#inserted ??= []).push(new Event(first, second));
        return undefined;
      }
      if (tag === HIBERNATE && length === 2 && typeof first === "boolean") return undefined;
      if ((tag === CHANGE_CALLBACK_MODULE || tag === PUSH_CALLBACK_MODULE) && length === 2 && isModule(first)) {
        if (!stateCall) return BAD_ENTER_ACTION;
        const { module } = this;
        const problem = this.#useModule(first);
        if (problem === undefined && tag === PUSH_CALLBACK_MODULE) (this.#below ??= []).push(module);
        return problem;
      }
    }
    const asked = askedFor(action);
    if (asked === undefined) return BAD_ACTION;
    (this.#asked ??= []).push(asked);
    return undefined;
  }

  #transition(ofType: unknown, event: unknown): void {
    if (this.debugged) this.#traced(ofType, event);
    if ((this.flags & POSTPONING) !== 0) {
      this.flags &= ~POSTPONING;
      this.#postponed.push(new Event(ofType, event));
    }
    if (this.#type !== undefined) this.#hold(undefined, undefined);
    const timeouts = this.#timeouts;
    timeouts?.busy();
    if (this.#nextState !== this.state && !this.#sameState(this.#nextState, this.state)) {
      timeouts?.changed();
      if (this.#postponed.length > 0) {
        // The oldest is the next one.
        for (const one of this.#postponed.toReversed()) this.#queue.push(one);
        this.#postponed = [];
      }
    }
    this.#adopt();
    if (this.#asked !== undefined) {
      (this.#timeouts ??= new Timeouts(this)).start(this.#asked);
      this.#asked = undefined;
    }
    if (this.#inserted !== undefined) {
      for (const one of this.#inserted.toReversed()) this.#queue.push(one);
      this.#inserted = undefined;
    }
  }

  // Reports to `sys` the outcome of the current event and the requested time-outs.
  #traced(ofType: unknown, event: unknown): void {
    const { state } = this;
    const what = (this.flags & POSTPONING) === 0 ? CONSUME : POSTPONED;
    happened(this, [what, [ofType, event], state, this.#nextState]);
    for (const { kind, time, content, absolute } of this.#asked ?? []) {
      if (time === undefined || time === 0 || time === Infinity) continue;
      happened(this, [START_TIMER, [kind, time, content, absolute ? [[ABS, true]] : []], this.#nextState]);
    }
  }

  // Makes the transition's state and data the current ones.
  #adopt(): void {
    this.state = this.#nextState;
    this.data = this.#nextData;
  }

  // In mode state_functions a state is its name, given as a string or as an atom.
  #sameState(a: unknown, b: unknown): boolean {
    if (a === b) return true;
    if (!this.#mode.functions) return same(a, b);
    const name = nameOfState(a);
    return name === undefined ? same(a, b) : name === nameOfState(b);
  }

  // Switches to a callback module, or returns the problem with it.
  #useModule(module: AnyModule): Failure | undefined {
    let result: unknown;
    try {
      if (typeof module.callback_mode !== "function") throw missing(module, "callback_mode");
      result = module.callback_mode();
    } catch (error) {
      if (!isThrown(error)) return new Failure(error);
      result = error.value;
    }
    const mode = modeOf(result);
    if (mode === undefined) return new Failure(wrongMode(module, result));
    this.module = module;
    this.#mode = mode;
    this.#known = NOTHING;
    return undefined;
  }

  #init(): void {
    this.flags |= BORN;
    reduce();
    if (!enrol(this)) return;
    const arg = this.data;
    this.data = undefined;
    const { module } = this;
    try {
      if (typeof module.init !== "function") throw missing(module, "init");
      const result: unknown = module.init(arg);
      if (!Array.isArray(result) && isThenable(result)) whenSettled(this, "init", undefined, result);
      else this.#initialised(result);
    } catch (error) {
      this.#initFailed(error);
    }
  }

  #initFailed(error: unknown): void {
    if (isThrown(error)) this.#initialised(error.value);
    else this.#failInit(plainOf(error), reasonOf(error), true);
  }

  #initialised(result: unknown): void {
    if (!this.alive) return;
    if (isTuple(result) && result[0] === OK && (result.length === 3 || result.length === 4)) {
      const [, state, data, actions] = result;
      this.#nextState = state;
      this.#nextData = data;
      this.#adopt();
      this.listening = true;
      this.#started(this.pid);
      this.flags |= STATE_CALL;
      this.#hold(INTERNAL, INIT_STATE);
      if (this.debugged) happened(this, [ENTERED, nameOfModule(this.module), state]);
      const failure = this.#useModule(this.module);
      // There is no event yet that could be postponed.
      if (failure !== undefined) this.#failed(failure.error);
      else this.#go(INTERNAL, INIT_STATE, true, [...(result.length === 4 ? listOf(actions) : []), [POSTPONE, false]]);
    } else if (result === IGNORE) {
      registry.release(this);
      withdraw(this);
      this.listening = false;
      this.#started(IGNORE);
      die(this, NORMAL);
    } else if (isTuple(result) && result[0] === STOP && result.length === 2) {
      this.#failInit(result[1], result[1], false);
    } else {
      const reason = say([BAD_RETURN_FROM_INIT, result], wrongInit(this.module, result));
      this.#failInit(reason, reason, true);
    }
  }

  #started(value: unknown): void {
    const { starter } = this;
    this.starter = undefined;
    starter?.ack(value);
  }

  // As in OTP, the starter gets the reason of an error without its stack.
  #failInit(given: unknown, reason: unknown, crashed: boolean): void {
    if (!this.alive) return;
    this.listening = false;
    if (crashed) reportCrash(this, reason, "during init", given);
    registry.release(this);
    withdraw(this);
    const { starter } = this;
    this.starter = undefined;
    starter?.nack(this.behaviour, given, sentenceOf(reason));
    die(this, reason);
  }

  // Ends the machine because of an error: terminate gets the error alone; the exit reason also has its stack.
  #failed(error: unknown): void {
    this.stop(plainOf(error), reasonOf(error));
  }

  #wrong(kind: Atom, term: unknown): void {
    this.#adopt();
    const reason = [kind, term];
    const sentence = wrong(kind, this.module, this.#nameOfCallback(), term);
    this.stop(reason, say([reason, new Stack(undefined)], sentence));
  }

  #nameOfCallback(): string {
    return this.#mode.functions ? describe(nameOfState(this.#nextState)) : "handle_event";
  }

  /** Ends it: terminate(reason, state, data), then death. A failure of terminate becomes the reason. */
  stop(reason: unknown, exit: unknown = reason): void {
    if (!this.alive) return;
    if (this.debugged) happened(this, [TERMINATED, reason, this.state]);
    const { module } = this;
    finish(
      this,
      exit,
      module.terminate === undefined ? undefined : () => callTerminate(module, reason, this.state, this.data),
      (why) => {
        if (!this.alive) return;
        reportCrash(this, why, "between two events", why === exit ? reason : why);
        die(this, why);
      },
    );
  }
}

/** A failure of a callback other than a state's. */
class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

// The reason passed to terminate for an error: the error alone.
function plainOf(error: unknown): unknown {
  return isExit(error) || isErlangError(error) ? error.reason : error;
}

function isReply(action: unknown): action is readonly [unknown, From, unknown] {
  return isTuple(action) && action.length === 3 && action[0] === REPLY && isFrom(action[1]);
}

// The reply in a result that asks for nothing else: [KEEP_STATE_AND_DATA, answer], [KEEP_STATE, data, answer] or
// [NEXT_STATE, state, data, answer] with its current state. NOTHING for any other result.
function plainReply(result: unknown, state: unknown, from: From): unknown {
  if (!Array.isArray(result)) return NOTHING;
  const tag: unknown = result[0];
  const length = tag === KEEP_STATE_AND_DATA ? 2 : tag === KEEP_STATE ? 3 : 4;
  if (result.length !== length || (length === 4 && (tag !== NEXT_STATE || result[1] !== state))) return NOTHING;
  const last: unknown = result[length - 1];
  const action: unknown = Array.isArray(last) && last.length === 1 ? last[0] : last;
  if (!Array.isArray(action) || action.length !== 3 || action[0] !== REPLY || action[1] !== from) return NOTHING;
  return action[2];
}

// The data in such a result.
function plainData(result: readonly unknown[], data: unknown): unknown {
  return result.length === 2 ? data : result[result.length - 2];
}

function pairOf({ type, content }: Event): readonly [unknown, unknown] {
  return [type, content];
}

settleLayout(Machine, {}, undefined, undefined, []);
