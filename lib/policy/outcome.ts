/**
 * What an action may decide, as data. Nothing at all means: go on. Actions return these, the engine
 * passes the first one on, and the edge carries it out.
 *
 * @module
 */
import type { Duplex } from "../base/duplex.ts";
import type { HeaderLine } from "../http/edit.ts";

/** An answer of the edge's own, with a number and a page. Texts are plain text. */
export interface PolicyProblem {
  /** The HTTP status. */
  readonly status: number;
  /** The number after `ERR_NGROK_`. */
  readonly ngrokCode: number;
  /** A few words, for the heading. */
  readonly title: string;
  /** One sentence for a person; also the whole answer to programs. */
  readonly message: string;
  /** Whose turn it is to change something. */
  readonly fault: "visitor" | "edge" | "agent" | "service";
  /** What to try, most likely first. */
  readonly advice: readonly string[];
  /** Headers besides those of every answer of the edge: a challenge, `Retry-After`. */
  readonly headers?: readonly HeaderLine[];
}

/** An answer that the policy's author wrote. */
export interface PolicyResponse {
  /** The HTTP status. */
  readonly status: number;
  /** In this order; those about length are made from the body. */
  readonly headers: readonly HeaderLine[];
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array;
}

/** What ends a phase. */
export type Ending =
  | {
    /** The visitor gets an answer of the edge's own. */
    readonly do: "fail";
    /** That answer. */
    readonly problem: PolicyProblem;
  }
  | {
    /** The visitor gets an answer of the policy's own; its response phase still runs. */
    readonly do: "respond";
    /** That answer. */
    readonly response: PolicyResponse;
  }
  | {
    /** The visitor's connection ends without a word. */
    readonly do: "close";
  };

/** What an action decides: `undefined` goes on with the next one. */
export type Outcome = Ending | undefined;

/** Decided at once, unless something has to be waited for. */
export type Ran = Outcome | Promise<Outcome>;

/** Takes over a request that asks for another protocol, and what follows it. */
export interface StreamConverter {
  /** The whole head of the answer that switches protocols. */
  readonly answer: Uint8Array;
  /**
   * The visitor as the service wants it.
   *
   * @param visitor its connection, right behind the request's head
   * @returns what is joined with the stream to the agent
   */
  wrap(visitor: Duplex): Duplex;
}

/** The answer to whatever an action did wrong itself (2300). */
export function actionFailed(type: string): PolicyProblem {
  return {
    status: 500,
    ngrokCode: 2300,
    title: "The traffic policy failed",
    message: `The action ${type} of the traffic policy could not be carried out.`,
    fault: "edge",
    advice: ["Owners: the log of the edge says why."],
  };
}
