/** Markup in template literals: what JSX would be, without a build. */
import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";

export type Content = ComponentChildren;

// Its types are those of a CommonJS module, and it is none here.
const { bind } = htm as unknown as { bind: (this: unknown, create: typeof h) => typeof html };

export const html: (strings: TemplateStringsArray, ...values: unknown[]) => VNode = bind.call(htm, h);
