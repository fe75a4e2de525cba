/** The words of a text without its marks, on one line. */
import type { Block, Inline } from "./ast.ts";
import { parseMarkup } from "./parse.ts";

export function plainText(text: string): string {
  return ofBlocks(parseMarkup(text)).replace(/\s+/g, " ").trim();
}

function ofBlocks(blocks: readonly Block[]): string {
  return blocks.map(ofBlock).join(" ");
}

function ofBlock(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return ofParts(block.parts);
    case "code":
      return block.text;
    case "quote":
      return ofBlocks(block.blocks);
    case "list":
      return block.items.map(ofParts).join(", ");
  }
}

function ofParts(parts: readonly Inline[]): string {
  return parts
    .map((part) => {
      if ("parts" in part) return ofParts(part.parts);
      return part.kind === "mention" ? `@${part.name}` : part.text;
    })
    .join("");
}
