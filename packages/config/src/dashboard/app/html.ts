/** Markup in template literals: like JSX, but without a build. */
import htm from "htm";
import { type ComponentChildren, h, type VNode } from "preact";
import { visible } from "./visible.ts";

export type Content = ComponentChildren;

// Its types are those of a CommonJS module, which it is not here.
const { bind } = htm as unknown as { bind: (this: unknown, create: Create) => Tag };
type Create = (type: string, props: Props, ...children: Content[]) => VNode;
type Props = Readonly<Record<string, unknown>> | null;
type Tag = (strings: TemplateStringsArray, ...values: unknown[]) => VNode;

const made = bind.call(htm, element);
const flowing = new WeakMap<TemplateStringsArray, TemplateStringsArray>();

/** An element whose texts and titles show invisible and direction-changing characters as escapes. */
function element(type: string, props: Props, ...children: Content[]): VNode {
  const title = props?.["title"];
  const shown = typeof title === "string" ? { ...props, title: visible(title) } : props;
  return h(type, shown, ...children.map((child) => (typeof child === "string" ? visible(child) : child)));
}

/** Markup. A line break in it is a space, as in HTML; htm itself would drop it. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode {
  let texts = flowing.get(strings);
  if (texts === undefined) {
    const last = strings.length - 1;
    const lines = strings.map((text, index) => {
      const first = index === 0 ? text.replace(/^\s*\n\s*/u, "") : text;
      return (index === last ? first.replace(/\s*\n\s*$/u, "") : first).replaceAll(/\s*\n\s*/gu, " ");
    });
    texts = Object.assign(lines, { raw: lines });
    flowing.set(strings, texts);
  }
  return made(texts, ...values);
}
