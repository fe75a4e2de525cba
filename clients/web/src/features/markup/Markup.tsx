import { Fragment, memo, useMemo } from "react";
import { laterShown } from "../parts/later.ts";
import type { Block, Inline } from "./ast.ts";
import styles from "./Markup.module.css";
import { parseMarkup } from "./parse.ts";

const Code = laterShown(() => import("../code/Code.tsx"));

interface Props {
  readonly text: string;
  /** The user, whose mentions are highlighted. */
  readonly user: string;
  /** The names of users whose mention is longer than one word. */
  readonly names: readonly string[];
}

/** A text of a message, with its marks, links and mentions. */
export const Markup = memo(function Markup({ text, user, names }: Props) {
  const blocks = useMemo(() => parseMarkup(text, names), [text, names]);
  return (
    <div className={styles.markup} dir="auto" data-emoji={onlyEmoji.test(text)}>
      <Blocks blocks={blocks} user={user} />
    </div>
  );
});

/** Up to three emoji, and nothing else, are shown large. */
const onlyEmoji = /^(?:\s*\p{RGI_Emoji}){1,3}\s*$/v;

function Blocks({ blocks, user }: { readonly blocks: readonly Block[]; readonly user: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
  return blocks.map((block, at) => <BlockView key={at} block={block} user={user} />);
}

function BlockView({ block, user }: { readonly block: Block; readonly user: string }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Parts parts={block.parts} user={user} />
        </p>
      );
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
        <pre tabIndex={0}>
          <code>
            {block.language ? <Code language={block.language}>{block.text}</Code> : block.text}
          </code>
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} user={user} />
        </blockquote>
      );
    case "list":
      return <List block={block} user={user} />;
  }
}

type ListBlock = Extract<Block, { kind: "list" }>;

function List({ block, user }: { readonly block: ListBlock; readonly user: string }) {
  const items = block.items.map((parts, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
    <li key={at}>
      <Parts parts={parts} user={user} />
    </li>
  ));
  return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
}

function Parts({ parts, user }: { readonly parts: readonly Inline[]; readonly user: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never move
  return parts.map((part, at) => <Part key={at} part={part} user={user} />);
}

const elements = { strong: "strong", emphasis: "em", strike: "s" } as const;

function Part({ part, user }: { readonly part: Inline; readonly user: string }) {
  switch (part.kind) {
    case "text":
      return <Fragment>{part.text}</Fragment>;
    case "code":
      return <code>{part.text}</code>;
    case "link":
      return (
        <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">
          {part.text}
        </a>
      );
    case "mention":
      return (
        <span className={styles.mention} data-me={part.name.toLowerCase() === user.toLowerCase()}>
          @{part.name}
        </span>
      );
    default: {
      const Element = elements[part.kind];
      return (
        <Element>
          <Parts parts={part.parts} user={user} />
        </Element>
      );
    }
  }
}
